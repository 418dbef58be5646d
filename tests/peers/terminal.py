"""A program in a pseudo-terminal: what it shows is waited for, never slept for."""
import contextlib, fcntl, os, pty, re, select, struct, subprocess, termios, time

from support import ANSWER_S_MAX, SMSIM, STOP_S_MAX

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x07")


class Terminal:
    """`smsim` with those arguments in a terminal of 50 lines and 200 columns; `with` ends it."""

    def __init__(self, arguments, folder, **environment):
        self.shown = ""
        self.fd, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        env = {**os.environ, "TERM": "xterm", **environment}
        def own_session():
            # Its terminal is this one, so that Ctrl-C typed there becomes a signal.
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.process = subprocess.Popen([SMSIM, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=folder,
                                        preexec_fn=own_session)
        os.close(theirs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            os.close(self.fd)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def type(self, keys):
        os.write(self.fd, keys.encode())
        return self

    def sees(self, pattern, seconds=ANSWER_S_MAX):
        """Waits until what is shown since the last match has the pattern; what was shown up to its end, none in vain."""
        until = time.monotonic() + seconds
        while not (found := re.search(pattern, self.shown)):
            ready, _, _ = select.select([self.fd], [], [], max(0, until - time.monotonic()))
            if not ready:
                return None
            try:
                self.shown = ESCAPES.sub("", self.shown + os.read(self.fd, 4096).decode(errors="replace"))
            except OSError:
                return None
        seen, self.shown = self.shown[:found.end()], self.shown[found.end():]
        return seen

    def exit_code(self):
        # What is still printed must be read, or the program waits for it.
        self.sees("never shown", 0.5)
        return self.process.wait(STOP_S_MAX)
