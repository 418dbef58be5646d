#!/usr/bin/env python3
"""The installation scenario runs against a real app process: receiver.py, the twelve lines of the README."""
import contextlib, os, socket, subprocess, sys, tempfile, time

from support import API_KEY, HERE, ROOT, SECRET, SMSIM, START_S_MAX, Checks, bounded, free_port

SCENARIO = HERE / "install_real_app.sms"
RECEIVER = HERE / "receiver.py"
RUN_S_MAX = 60


@contextlib.contextmanager
def receiver(rest_port, secret):
    """The app, listening; gives its URL."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"], "PORT": str(port), "REST_URL": f"http://127.0.0.1:{rest_port}/restserver.php",
        "API_KEY": API_KEY, "SECRET": secret,
    }
    process = subprocess.Popen(
        [sys.executable, str(RECEIVER)], env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + START_S_MAX
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"receiver.py does not listen: {process.stderr.read()}") from None
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.communicate()


def run(url, rest_port, scenario=SCENARIO):
    """Runs a scenario; gives the exit code and everything that was printed."""
    done = subprocess.run(
        [SMSIM, "run", str(scenario), "--app", f"quiz={url}", "--http-port", str(rest_port), "--hold", "3"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=RUN_S_MAX)
    return done.returncode, done.stdout


def main():
    bounded()
    checks = Checks()

    rest_port = free_port()
    with receiver(rest_port, SECRET) as url:
        code, printed = run(url, rest_port)
        checks.check("the scenario passes against receiver.py", code == 0, f"exit code {code}\n{printed}")
        code, printed = run(url, rest_port)
        checks.check("and once more against the same process", code == 0, f"exit code {code}\n{printed}")

        with tempfile.NamedTemporaryFile("w", suffix=".sms") as other:
            other.write(SCENARIO.read_text().replace("Who directed Jaws?", "Who directed Alien?"))
            other.flush()
            code, printed = run(url, rest_port, other.name)
        checks.check("another text than expected fails the test: 1", code == 1, f"exit code {code}\n{printed}")

    with receiver(rest_port, SECRET[::-1]) as url:
        code, printed = run(url, rest_port)
        checks.check("an app with a wrong secret refuses the callback, and holds the clock too long: 3",
                     code == 3 and "403" in printed, f"exit code {code}\n{printed}")

    code, printed = run(f"http://127.0.0.1:{free_port()}/", rest_port)
    checks.check("an app that is not there is the environment's fault: 3", code == 3, f"exit code {code}\n{printed}")

    lines = RECEIVER.read_text()
    readme = ROOT / "README.md"
    checks.equal("the receiver has twelve lines", len(lines.splitlines()), 12)
    checks.check("the README quotes them", readme.exists() and lines in readme.read_text(),
                 "README.md does not hold tests/peers/receiver.py verbatim")
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
