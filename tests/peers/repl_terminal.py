#!/usr/bin/env python3
"""`smsim repl` in a pseudo-terminal: the prompt, completion, hints, Ctrl-C, history, and a real app that texts meanwhile; and
`smsim run --human`, where a person types what a scenario's user texts."""
import hashlib, http.server, os, re, sys, tempfile, threading, urllib.parse, urllib.request

from support import ANSWER_S_MAX, ROOT, Checks, bounded
from terminal import Terminal


class App(http.server.BaseHTTPRequestHandler):
    """Takes callbacks and remembers them."""
    got = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        App.got.append(dict(urllib.parse.parse_qsl(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def send(url, api_key, secret, **params):
    call = {"method": "sms.send", "api_key": api_key, "v": "1.0", **params}
    base = "".join(f"{name}={call[name]}" for name in sorted(call)) + secret
    call["sig"] = hashlib.md5(base.encode()).hexdigest()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(url, urllib.parse.urlencode(call).encode(), timeout=ANSWER_S_MAX).read().decode()


def typing(checks, state, folder):
    with Terminal(["repl"], folder, XDG_STATE_HOME=str(state)) as terminal:
        checks.check("the prompt shows the world's time, the phone and its carrier",
                     terminal.sees(r"14:00:00 carol@sprint> "), terminal.shown)
        terminal.type("quiz play\r")
        checks.check("a plain line is a text, and its answer is printed with its time",
                     terminal.sees(r"14:00:02   carol < Add Movie Quiz"), terminal.shown)
        checks.check("the clock stands at the answer", terminal.sees(r"14:00:02 carol@sprint> "), terminal.shown)
        terminal.type("/wa")
        checks.check("a hint shows what a command is followed by", terminal.sees(r"it 61s"), terminal.shown)
        terminal.type("\t5s\r")
        checks.check("Tab completes a command", terminal.sees(r"14:00:07 carol@sprint> "), terminal.shown)
        terminal.type("/as al\t\r")
        checks.check("Tab completes a name", terminal.sees(r"14:00:07 alice@att> "), terminal.shown)
        terminal.type("/set alice quiet\t22:00-08:00\r")
        checks.check("Tab completes a setting", terminal.sees(r"quiet-hours \s*22:00-08:00"), terminal.shown)
        terminal.sees(r"alice@att> ")
        terminal.type("Stop\x03")
        checks.check("Ctrl-C clears the line", terminal.sees(r"14:00:07 alice@att> "), terminal.shown)
        terminal.type("/check alice texts on\r")
        checks.check("and nothing was texted", terminal.sees(r"  yes\r?\n"), terminal.shown)
        terminal.sees(r"alice@att> ")
        terminal.type("/clock x60\r")
        checks.check("the clock runs while nothing is typed", terminal.sees(r"the clock runs x60"), terminal.shown)
        terminal.sees(r"alice@att> ")
        terminal.type("/clock pause\r")
        checks.check("and stops", terminal.sees(r"the clock stands while you type"), terminal.shown)
        terminal.sees(r"alice@att> ")
        terminal.type("\x04")
        checks.equal("Ctrl-D leaves, exit code", terminal.exit_code(), 0)
    with Terminal(["repl"], folder, XDG_STATE_HOME=str(state)) as terminal:
        terminal.sees(r"carol@sprint> ")
        terminal.type("\x1b[A\x1b[A\x1b[A\r")
        checks.check("the next session remembers the lines", terminal.sees(r"/check alice texts on[\s\S]*  yes"),
                     terminal.shown)
        terminal.sees(r"carol@sprint> ")
        terminal.type("/quit\r")
        checks.equal("/quit leaves, exit code", terminal.exit_code(), 0)


def real_app(checks, state, folder):
    server = http.server.HTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Terminal(["repl"], folder, XDG_STATE_HOME=str(state)) as terminal:
        terminal.sees(r"carol@sprint> ")
        terminal.type("/as bob\r")
        terminal.sees(r"bob@sprint> ")
        terminal.type(f"/app news url http://127.0.0.1:{server.server_port}/sms\r")
        said = terminal.sees(r"api_key (\w+)  secret (\w+)\r?\n")
        url = re.search(r"http://\S+/restserver.php", said or "")
        keys = re.search(r"api_key (\w+)  secret (\w+)", said or "")
        if not checks.check("a real app is told where to call, and its keys", url and keys, said or terminal.shown):
            return
        terminal.sees(r"bob@sprint> ")
        terminal.type("news scores\r")
        checks.check("the callback is shown", terminal.sees(r"news  < bob \"scores\", as \$s1"), terminal.shown)
        checks.equal("the app got it", [call.get("fb_sig_message") for call in App.got], ["scores"])
        terminal.sees(r"bob@sprint> ")
        terminal.type("half a li")
        terminal.sees(r"half a li")
        answer = send(url.group(), *keys.groups(), uid=App.got[0]["fb_sig_user"], message="Sharks 3",
                      session_id=App.got[0]["fb_sig_sms_sid"])
        checks.check("the app texts while a line is typed", "error_code" not in answer, answer)
        checks.check("what it does is printed", terminal.sees(r"news  > bob \"Sharks 3\""), terminal.shown)
        checks.check("and what follows", terminal.sees(r"bob   < Sharks 3"), terminal.shown)
        checks.check("above the line being typed, which stays", terminal.sees(r"bob@sprint> half a li"), terminal.shown)
        terminal.type("ne\r")
        checks.check("and can be ended", terminal.sees(r"bob   < Sorry"), terminal.shown)
        terminal.sees(r"bob@sprint> ")
        terminal.type("\x04")
        checks.equal("exit code", terminal.exit_code(), 0)
    server.shutdown()


def person(checks, state, folder):
    install = str(ROOT / "tests" / "scenarios" / "demos" / "1_install.sms")
    arguments = ("run", install, "--human", "carol")
    with Terminal(arguments, folder, XDG_STATE_HOME=str(state)) as terminal:
        checks.check("a person is told who they are", terminal.sees(r"You are carol: type each text"), terminal.shown)
        checks.check("sees the note", terminal.sees(r"14:00:00   Carol has never used Movie Quiz. Text it."), terminal.shown)
        checks.check("and what is expected", terminal.sees(r"\(text: quiz play\)\s+14:00:00 carol> "), terminal.shown)
        terminal.type("quiz pla\r")
        checks.check("another text is not sent", terminal.sees(r"quiz pla is another text, and is not sent: .* quiz play\r?\n"), terminal.shown)
        checks.check("and asked for again", terminal.sees(r"14:00:00 carol> "), terminal.shown)
        terminal.type("quiz play\r")
        checks.check("what arrives is shown", terminal.sees(r"14:00:02   carol < Add Movie Quiz"), terminal.shown)
        checks.check("the next text is asked for", terminal.sees(r"\(text: Y\)\s+14:00:02 carol> "), terminal.shown)
        terminal.type("Y\r")
        checks.check("and the test passes", terminal.sees(r"PASS [\s\S]*1 passed, 0 failed"), terminal.shown)
        checks.equal("exit code", terminal.exit_code(), 0)
    with Terminal(arguments, folder, XDG_STATE_HOME=str(state)) as terminal:
        terminal.sees(r"carol> ")
        terminal.type("\x04")
        checks.check("Ctrl-D gives up", terminal.sees(r"error\[E303\]: nobody types carol's texts any more"), terminal.shown)
        checks.equal("exit code of a person who leaves", terminal.exit_code(), 3)


def main():
    bounded()
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="smsim-repl-") as folder:
        typing(checks, os.path.join(folder, "state"), folder)
        real_app(checks, os.path.join(folder, "state"), folder)
        person(checks, os.path.join(folder, "state"), folder)
        unwritable = os.path.join(folder, "a file")
        open(unwritable, "w").close()
        with Terminal(["repl"], folder, XDG_STATE_HOME=unwritable) as terminal:
            terminal.sees(r"carol@sprint> ")
            terminal.type("/quit\r")
            checks.equal("a history that cannot be written is no error, exit code", terminal.exit_code(), 0)
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
