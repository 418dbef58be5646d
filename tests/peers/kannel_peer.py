#!/usr/bin/env python3
"""Kannel's bearerbox as an ESME of `smsim serve`: texts and receipts through it, persons' texts to it, a server that restarts.

The way is that of a Kannel in service: an app calls smsbox's sendsms, smsbox hands the text to bearerbox, bearerbox submits
it; reports and persons' texts come back as HTTP requests to the app. Standard library only; needs Debian's kannel.
"""
import contextlib, http.server, json, pathlib, signal, subprocess, sys, tempfile, threading, time, urllib.parse

from support import (
    ALICE_MSISDN, ANSWER_S_MAX, CODE, PASSWORD, START_S_MAX, STOP_S_MAX, SYSTEM_ID, Checks, Serve, bounded, free_port, http_get,
    steps,
)

BOB_MSISDN = "14155550102"
UNKNOWN, REFUSED, THROTTLED = "19905550110", "19915550140", "19915550190"  # magic numbers of crates/smsc/README.md
DELIVERED, UNDELIVERED, ACCEPTED, REJECTED = "1", "2", "8", "16"  # Kannel's %d
LONG = "The quick brown fox jumps over the lazy dog. " * 9  # 405 septets: three segments
CYRILLIC = "Кто снял «Челюсти»? Ответьте одним сообщением. " * 3  # 141 UCS-2 units: three segments
KANNEL_S_MAX = 30  # for a report; a throttled bearerbox waits before it tries again

CONFIG = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = secret
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
sms-resend-freq = 1
log-level = 0

group = smsc
smsc = smpp
smsc-id = smsim
host = 127.0.0.1
port = {smpp}
transceiver-mode = true
smsc-username = {system_id}
smsc-password = {password}
system-type = ""
interface-version = 34
address-range = ""
reconnect-delay = 1
enquire-link-interval = 1
throughput = 100
source-addr-ton = 3
source-addr-npi = 0
dest-addr-ton = 1
dest-addr-npi = 1
source-addr-autodetect = false

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-level = 0

group = sendsms-user
username = app
password = secret
max-messages = 10
concatenation = true

group = sms-service
keyword = default
get-url = "{app}/mo?from=%p&to=%P&text=%b&coding=%c"
max-messages = 0
catch-all = true
"""


class App:
    """The app behind Kannel: an HTTP server that keeps the queries of what it was called with, by path."""

    def __init__(self):
        self.calls = []
        calls = self.calls

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                parts = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True, encoding="latin-1"))
                calls.append((parts.path, query))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def of(self, path):
        return [query for called, query in self.calls if called == path]

    def wait(self, path, count=1):
        """The queries of a path, once there are so many or the time is up."""
        wait_until(lambda: len(self.of(path)) >= count, KANNEL_S_MAX)
        return self.of(path)


class Kannel:
    """bearerbox with an smsbox; `with` stops both."""

    def __init__(self, folder, smpp, app):
        self.admin, self.box, self.sendsms = free_port(), free_port(), free_port()
        self.folder, self.smpp, self.processes = folder, smpp, {}
        self.config = folder / "kannel.conf"
        self.config.write_text(CONFIG.format(
            admin=self.admin, box=self.box, sendsms=self.sendsms, smpp=smpp, app=app.url,
            system_id=SYSTEM_ID, password=PASSWORD))

    def __enter__(self):
        try:
            self._start("bearerbox", lambda: http_get(self.admin, "/status.txt")[0] == 200)
            # Without a user it says 403, which is an answer.
            self._start("smsbox", lambda: http_get(self.sendsms, "/cgi-bin/sendsms")[0] > 0)
            return self
        except BaseException:
            self.__exit__()
            raise

    def _start(self, name, ready):
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes[name] = subprocess.Popen(
                [f"/usr/sbin/{name}", str(self.config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        def is_ready():
            if self.processes[name].poll() is not None:
                raise RuntimeError(f"{name} ended with {self.processes[name].returncode}\n{self.log_of(name)}")
            with contextlib.suppress(OSError):
                return ready()
        if not wait_until(is_ready, START_S_MAX):
            raise RuntimeError(f"{name} is not ready\n{self.log_of(name)}")

    def log_of(self, name, characters=3000):
        return (self.folder / f"{name}.log").read_text(errors="replace")[-characters:]

    def status(self):
        """What bearerbox says of its connection to the message centre."""
        lines = http_get(self.admin, "/status.txt?password=secret")[1].splitlines()
        return next((line.strip() for line in lines if "SMPP" in line), "no connection")

    def is_online(self):
        return "(online" in self.status()

    def send(self, to, text, reports_to=None, coding=None):
        """An app's call of sendsms; gives the status and what Kannel says."""
        query = {"username": "app", "password": "secret", "from": CODE, "to": to, "text": text, "charset": "UTF-8"}
        if reports_to:
            query |= {"dlr-mask": "31", "dlr-url": f"{reports_to}?type=%d&answer=%A&to=%p&id=%F"}
        if coding is not None:
            query["coding"] = str(coding)
        return http_get(self.sendsms, "/cgi-bin/sendsms?" + urllib.parse.urlencode(query))

    def stop(self, name):
        """Ends a box in order; gives its exit code."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(timeout=STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def __exit__(self, *_):
        for name in list(self.processes)[::-1]:
            self.stop(name)


def wait_until(condition, seconds=ANSWER_S_MAX):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


def records(serve, event):
    """What has happened of a kind, oldest first."""
    found, since = [], 0
    while True:
        page = json.loads(http_get(serve.http, f"/api/v1/worlds/default/records?since={since}")[1])
        if not page["records"]:
            return found
        found += [record for record in page["records"] if record["event"] == event]
        since = page["next"]


def shown(serve, msisdn, text):
    """Whether a phone shows a text, from the code of this account; the records that say so."""
    def arrived():
        return [(r["from"], r["parts"], r["encoding"]) for r in records(serve, "received")
                if r["handset"] == f"+{msisdn}" and r["text"] == text]
    wait_until(arrived)
    return arrived()


def send_and_check(checks, kannel, serve, app, name, to, text, parts, encoding, coding=None):
    """An app's text reaches a phone as one text, and Kannel reports that it was accepted and that it was delivered.

    Of a long text Kannel asks a receipt for one segment only."""
    path = "/" + name.replace(" ", "-")
    status, said = kannel.send(to, text, app.url + path, coding)
    checks.equal(f"{name}: Kannel takes it", (status, said.split(":")[0]), (202, "0"))
    checks.equal(f"{name}: the phone shows it once, from the code", shown(serve, to, text), [(CODE, parts, encoding)])
    types = [query["type"] for query in app.wait(path, 2)]
    checks.equal(f"{name}: reports of the submit_sm_resp and of the receipt", types, [ACCEPTED, DELIVERED])


def check_outcome(checks, kannel, app, name, to, expected):
    """A text to a magic number: the reports that the app gets of it."""
    path = "/" + name.replace(" ", "-")
    kannel.send(to, "Hi", app.url + path)
    types = [query["type"] for query in app.wait(path, len(expected))]
    checks.equal(name, types, expected)


def check_mo(checks, serve, app, name, text, coding, charset):
    """A person's text reaches the app."""
    before = len(app.of("/mo"))
    steps(serve.http, f'alice > "{text}", to {CODE}')
    calls = app.wait("/mo", before + 1)[before:]
    got = [(q["from"].lstrip("+"), q["to"], q["coding"], q["text"].encode("latin-1").decode(charset, "replace"))
           for q in calls]
    checks.equal(name, got, [(ALICE_MSISDN, CODE, coding, text)])


def check_restart(checks, kannel, app, ports):
    """The server is gone and comes back: Kannel binds again, and what an app sent meanwhile is delivered."""
    checks.check("Kannel sees that the server unbinds", wait_until(lambda: not kannel.is_online()), kannel.status())
    status, _ = kannel.send(BOB_MSISDN, "While you were out", app.url + "/meanwhile")
    checks.equal("Kannel takes a text while the server is away", status, 202)
    with Serve(*ports) as serve:
        online = wait_until(kannel.is_online, START_S_MAX)
        checks.check("Kannel binds again when the server is back", online, kannel.status())
        checks.equal("what was sent meanwhile arrives", shown(serve, BOB_MSISDN, "While you were out"), [(CODE, 1, "gsm7")])
        types = sorted(query["type"] for query in app.wait("/meanwhile", 2))
        checks.equal("and is reported", types, sorted([ACCEPTED, DELIVERED]))


def check_end(checks, kannel, serve):
    """Kannel stops in order: it unbinds, and the server closes nothing in anger."""
    checks.equal("smsbox stops", kannel.stop("smsbox"), 0)
    checks.equal("bearerbox stops", kannel.stop("bearerbox"), 0)
    wait_until(lambda: records(serve, "link_closed"))
    names = [(record["toward"], record["name"]) for record in records(serve, "pdu")]
    checks.check("bearerbox unbinds and is answered",
                 ("smsc", "unbind") in names and ("esme", "unbind_resp") in names, names[-6:])
    checks.check("enquire_link is answered all the time", 0 < names.count(("smsc", "enquire_link"))
                 == names.count(("esme", "enquire_link_resp")), names.count(("smsc", "enquire_link")))
    refused = [record for record in records(serve, "pdu")
               if record["name"] == "generic_nack" or record["name"] == "malformed PDU"]
    checks.equal("neither end calls a PDU of the other malformed", refused, [])


def converse(checks, folder):
    with App() as app:
        ports = free_port(), free_port()
        with Serve(*ports) as serve, Kannel(folder, ports[0], app) as kannel:
            try:
                checks.check("bearerbox is online", wait_until(kannel.is_online), kannel.status())
                send_and_check(checks, kannel, serve, app, "GSM-7 text", ALICE_MSISDN, "Who directed Jaws? [€1] @home", 1, "gsm7")
                send_and_check(checks, kannel, serve, app, "UCS-2 text", BOB_MSISDN, "Кто снял «Челюсти»?", 1, "ucs2", 2)
                send_and_check(checks, kannel, serve, app, "long GSM-7 text", ALICE_MSISDN, LONG.strip(), 3, "gsm7")
                send_and_check(checks, kannel, serve, app, "long UCS-2 text", BOB_MSISDN, CYRILLIC.strip(), 3, "ucs2", 2)
                check_outcome(checks, kannel, app, "a subscriber who does not exist is reported", UNKNOWN,
                              [ACCEPTED, UNDELIVERED])
                check_outcome(checks, kannel, app, "a refused submit_sm is reported", REFUSED, [REJECTED])
                check_outcome(checks, kannel, app, "a submit_sm that is throttled twice is delivered in the end", THROTTLED,
                              [ACCEPTED, DELIVERED])
                check_mo(checks, serve, app, "a person's text reaches the app", "Bonjour à tous [1]", "0", "utf-8")
                check_mo(checks, serve, app, "a person's UCS-2 text reaches the app", "Привет, Kannel", "2", "utf-16-be")
                check_mo(checks, serve, app, "a person's long text reaches the app as one", LONG.strip(), "0", "utf-8")
                serve.signal(signal.SIGTERM)
                checks.equal("the server stops in order", serve.exit_code(), 0)
                check_restart(checks, kannel, app, ports)
                with Serve(*ports) as last:
                    wait_until(kannel.is_online, START_S_MAX)
                    time.sleep(2)
                    check_end(checks, kannel, last)
            finally:
                if checks.failed:
                    print(kannel.log_of("bearerbox"), file=sys.stderr)


def main():
    bounded()
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        converse(checks, pathlib.Path(folder))
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
