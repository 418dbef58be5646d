#!/usr/bin/env python3
"""`smsim run` and `smsim review` in a pseudo-terminal: the bar of a long run, --watch until Ctrl-C, changes taken one by one."""
import pathlib, sys, tempfile

from support import Checks, bounded
from terminal import Terminal

PLAIN = {"CI": "", "NO_COLOR": "1"}
WORLD = "world patience 1s\ncarrier att, latency 100ms\nuser alice +14155550101 on att\nuser bob +14155550102 on att\n"
# Three seconds on the machine's clock at x20, while nothing is computed.
LONG = f'''{WORLD}
test "a short test":
  alice < nothing for 1s

test "a long test":
  alice < nothing for 1m
'''
STALE = f'''{WORLD}
test "what Bob is told":
  alice > "hello", to +14155550102
  bob   < "something else"
  alice > "bye", to +14155550102
  bob   < "and else"
'''


def progress(checks, folder):
    (folder / "long.sms").write_text(LONG)
    with Terminal(["run", "long.sms", "--clock", "x20", "-j", "1"], folder, **PLAIN) as terminal:
        checks.check("results are shown as they come", terminal.sees(r"PASS .* a short test\r?\n"), terminal.shown)
        first = terminal.sees(r'1/2 tests, \d+s, "a long test" at \+(\d+\.\d)s')
        checks.check("a long one shows a bar with what runs and how far its world is", first, terminal.shown)
        further = terminal.sees(r'1/2 tests, \d+s, "a long test" at \+(\d+\.\d)s')
        checks.check("and goes on showing it", further, terminal.shown)
        checks.check("the result stands on a line of its own", terminal.sees(r"\r *        PASS .* a long test\r?\n"), terminal.shown)
        checks.check("the summary is the last that is shown", terminal.sees(r"Summary .* 2 passed, 0 failed\r?\n"), terminal.shown)
        checks.equal("exit code", terminal.exit_code(), 0)
        checks.check("and no bar is left", "tests, " not in terminal.shown, terminal.shown)


def progress_with_a_real_app(checks, folder):
    # It is never called back: it need not be there.
    app = 'app quiz "Movie Quiz", canvas quiz, url "http://127.0.0.1:9/sms"\n'
    (folder / "real.sms").write_text(LONG.replace(WORLD, WORLD + app))
    with Terminal(["run", "real.sms", "--clock", "x20"], folder, **PLAIN) as terminal:
        checks.check("with a real app a bar is shown too", terminal.sees(r'1/2 tests, \d+s, "a long test" at \+(\d+\.\d)s'),
                     terminal.shown)
        checks.check("and goes away", terminal.sees(r"Summary .* 2 passed, 0 failed\r?\n"), terminal.shown)
        checks.equal("exit code", terminal.exit_code(), 0)


def watch(checks, folder):
    (folder / "watched.sms").write_text(f'{WORLD}\ntest "watched":\n  alice < nothing for 1s\n')
    with Terminal(["run", "watched.sms", "--watch"], folder, **PLAIN) as terminal:
        checks.check("it runs, and waits", terminal.sees(r"Watching 1 file, 1 test: 1 passed, 0 failed"), terminal.shown)
        (folder / "watched.sms").write_text(f'{WORLD}\ntest "watched":\n  alice < "Hi"\n')
        checks.check("it runs again what is saved", terminal.sees(r"Changed watched.sms[\s\S]*1 failed \(watched.sms:6\)"),
                     terminal.shown)
        terminal.type("\x03")
        checks.equal("Ctrl-C ends it with the code of the last run", terminal.exit_code(), 1)


def review(checks, folder):
    file = folder / "stale.sms"
    file.write_text(STALE)
    asked = r"q quit: "
    with Terminal(["review", "stale.sms"], folder, **PLAIN) as terminal:
        shown = terminal.sees(asked) or ""
        checks.check("the first change is shown with its place and its test",
                     "stale.sms:8  (1 of 2)  what Bob is told" in shown and '-  bob   < "something else"' in shown
                     and '+  bob   < "hello"' in shown, shown or terminal.shown)
        terminal.type("maybe\r")
        checks.check("a slip is asked again", terminal.sees("is no answer[\\s\\S]*" + asked), terminal.shown)
        terminal.type("n\r")
        checks.check("then the second", '+  bob   < "bye"' in (terminal.sees(asked) or ""), terminal.shown)
        terminal.type("y\r")
        checks.check("what was accepted is counted", terminal.sees("1 of 2 changes accepted"), terminal.shown)
        checks.equal("one is left, exit code", terminal.exit_code(), 1)
    checks.equal("only what was accepted is written", file.read_text(), STALE.replace('"and else"', '"bye"'))
    with Terminal(["review", "stale.sms"], folder, **PLAIN) as terminal:
        terminal.sees(asked)
        terminal.type("\x04")
        checks.equal("Ctrl-D quits, exit code", terminal.exit_code(), 1)
    with Terminal(["review", "stale.sms"], folder, **PLAIN) as terminal:
        terminal.sees(asked)
        terminal.type("a\r")
        checks.check("all is accepted", terminal.sees("1 of 1 change accepted"), terminal.shown)
        checks.equal("nothing is left, exit code", terminal.exit_code(), 0)
    checks.equal("the file is right", file.read_text(),
                 STALE.replace('"and else"', '"bye"').replace('"something else"', '"hello"'))
    with Terminal(["review", "stale.sms"], folder, **{**PLAIN, "CI": "true"}) as terminal:
        checks.check("with CI set it refuses", terminal.sees("CI is set"), terminal.shown)
        checks.equal("exit code", terminal.exit_code(), 2)


def main():
    bounded()
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="smsim-run-") as folder:
        progress(checks, pathlib.Path(folder))
        progress_with_a_real_app(checks, pathlib.Path(folder))
        watch(checks, pathlib.Path(folder))
        review(checks, pathlib.Path(folder))
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
