"""What the peers share: a running `smsim serve`, a line per check, a signed REST call, raw SMPP.

Standard library only. As a program it runs a peer beside a server, with SMPP_PORT and HTTP_PORT in the environment:

    python3 tests/peers/support.py node tests/peers/node_smpp_peer.js
"""
import hashlib, json, os, pathlib, queue, signal, socket, struct, subprocess, sys, tempfile, threading, time
import urllib.error, urllib.parse, urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORLD = HERE / "world.sms"
SMSIM = os.environ.get("SMSIM", str(ROOT / "target" / "debug" / "smsim"))

# Said in world.sms.
SYSTEM_ID, PASSWORD, CODE = "gateway", "secret", "55555"
API_KEY, SECRET = "0289b21f46b2ee642d5c42145df5489f", "3e4a22bb2f5ed75114b0fc9995ea85f1"
SESSION_KEY = "5f34e11bfb97c762e439e6a5-609143784"
ALICE_UID, ALICE_MSISDN = "609143784", "14155550101"

START_S_MAX, ANSWER_S_MAX, STOP_S_MAX, PEER_S_MAX = 30, 10, 30, 180


def bounded(seconds=PEER_S_MAX):
    """Ends this program after so many seconds, or by a signal, with an exception, so that `with` stops what it started."""
    def out_of_time(_signal, _frame):
        raise TimeoutError(f"the peer did not finish in {seconds} s")
    def terminated(_signal, _frame):
        raise SystemExit(143)
    signal.signal(signal.SIGALRM, out_of_time)
    signal.signal(signal.SIGTERM, terminated)
    signal.signal(signal.SIGINT, terminated)
    signal.alarm(seconds)


class Checks:
    """A line per check; `done` is the exit code."""

    def __init__(self):
        self.failed = 0

    def check(self, fact, ok, detail=""):
        self.failed += not ok
        print(f"  ok   {fact}" if ok else f"  FAIL {fact}: {detail}", flush=True)
        return ok

    def equal(self, fact, got, expected):
        return self.check(fact, got == expected, f"got {got!r}, expected {expected!r}")

    def done(self):
        return 1 if self.failed else 0


class Serve:
    """`smsim serve` of world.sms, ready; `with` stops it. Without ports it picks them itself and says them."""

    def __init__(self, smpp=None, http=None, options=(), world=WORLD):
        self.smpp, self.http, self.smpps = smpp, http, None
        ports = ["--smpp-port", str(smpp), "--http-port", str(http)] if smpp else ["--port", "0"]
        self.log = tempfile.NamedTemporaryFile(prefix="smsim-serve-", suffix=".log")
        self.process = subprocess.Popen(
            [SMSIM, "serve", str(world), *ports, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log)
        self.said = queue.Queue()
        threading.Thread(target=self._read_stdout, daemon=True).start()

    def _read_stdout(self):
        for line in self.process.stdout:
            self.said.put(line)

    def __enter__(self):
        try:
            until = time.monotonic() + START_S_MAX
            while time.monotonic() < until and self.process.poll() is None:
                if self._ready():
                    return self
            raise RuntimeError(f"smsim serve is not ready, exit code {self.process.poll()}\n{self.log_text()}")
        except BaseException:
            self.__exit__()
            raise

    def _ready(self):
        if self.smpp is None:
            try:
                line = self.said.get(timeout=0.1)
            except queue.Empty:
                return False
            if line.startswith(b"{"):
                ports = json.loads(line)
                self.smpp, self.http = ports["smpp"], ports["http"]
                self.smpps = ports.get("smpps")
            return self.smpp is not None
        try:
            return http_get(self.http, "/readyz")[0] == 200
        except OSError:
            time.sleep(0.05)
            return False

    def log_text(self):
        """What it wrote on stderr."""
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def signal(self, number):
        self.process.send_signal(number)

    def exit_code(self):
        """Waits for its end, for a bounded time."""
        return self.process.wait(timeout=STOP_S_MAX)

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.exit_code()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


def free_port():
    """A port that nobody has now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


# HTTP

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def http_get(port, path):
    """Status and body of a GET."""
    try:
        with _direct.open(f"http://127.0.0.1:{port}{path}", timeout=ANSWER_S_MAX) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


def signature(params, secret=SECRET):
    """The MD5 of the sorted `k=v` and the secret."""
    return hashlib.md5(("".join(f"{k}={params[k]}" for k in sorted(params)) + secret).encode()).hexdigest()


def rest(port, method, secret=SECRET, **params):
    """Makes a signed call in JSON; gives the value, a dict with `error_code` for an error."""
    params = {"method": method, "api_key": API_KEY, "v": "1.0", "format": "JSON", **params}
    params["sig"] = signature(params, secret)
    body = urllib.parse.urlencode(params).encode()
    with _direct.open(f"http://127.0.0.1:{port}/restserver.php", body, timeout=ANSWER_S_MAX) as answer:
        return json.loads(answer.read())


def make_world(http_port, name, declarations):
    """Another world beside the server's own."""
    url = f"http://127.0.0.1:{http_port}/api/v1/worlds?id={name}"
    with _direct.open(url, declarations.encode(), timeout=ANSWER_S_MAX) as answer:
        return json.load(answer)


def steps(http_port, lines, world="default"):
    """Performs scenario lines of what people text in a running world."""
    url = f"http://127.0.0.1:{http_port}/api/v1/worlds/{world}/steps"
    with _direct.open(url, lines.encode(), timeout=ANSWER_S_MAX) as answer:
        return json.load(answer)


# SMPP v3.4, by hand: what a peer library would never send

GENERIC_NACK, BIND_TRANSCEIVER, SUBMIT_SM, DELIVER_SM = 0x80000000, 0x09, 0x04, 0x05
BIND_RECEIVER, BIND_TRANSMITTER, QUERY_SM, UNBIND, ENQUIRE_LINK, RESP = 0x01, 0x02, 0x03, 0x06, 0x15, 0x80000000
ROK, RINVMSGLEN, RINVCMDLEN, RINVCMDID, RINVBNDSTS, RINVMSGID, RBINDFAIL = 0x00, 0x01, 0x02, 0x03, 0x04, 0x0C, 0x0D


def pdu(command_id, sequence_number, body=b"", status=0, length=None):
    """One PDU; `length` may lie."""
    length = 16 + len(body) if length is None else length
    return struct.pack(">IIII", length, command_id, status, sequence_number) + body


def bind(sequence_number=1, password=PASSWORD, command_id=BIND_TRANSCEIVER):
    """A bind of the account of world.sms."""
    body = f"{SYSTEM_ID}\0{password}\0\0".encode() + b"\x34\0\0\0"
    return pdu(command_id, sequence_number, body)


def submit(sequence_number, short_message, registered_delivery=0, destination=ALICE_MSISDN):
    """A submit_sm from the short code to Alice."""
    source = b"\0\x03\0" + CODE.encode() + b"\0"
    destination = b"\x01\x01" + destination.encode() + b"\0"
    rest = bytes([0, 0, 0]) + b"\0\0" + bytes([registered_delivery, 0, 0, 0, len(short_message)])
    return pdu(SUBMIT_SM, sequence_number, source + destination + rest + short_message)


class Link:
    """An SMPP connection made of octets. Each deliver_sm is answered and counted; the rest is for the caller."""

    def __init__(self, port):
        self.delivered = 0
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S_MAX)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, octets):
        self.socket.sendall(octets)
        return self

    def receive(self):
        """The next PDU as (command_id, status, sequence_number, body); None when the peer closed."""
        while True:
            header = self._exactly(16)
            if header is None:
                return None
            length, command_id, status, sequence_number = struct.unpack(">IIII", header)
            if not 16 <= length <= 65536:
                raise ValueError(f"the server sent a command_length of {length}")
            body = self._exactly(length - 16)
            if command_id != DELIVER_SM:
                return command_id, status, sequence_number, body
            self.send(pdu(RESP | DELIVER_SM, sequence_number, b"\0"))
            self.delivered += 1

    def answer(self):
        """The next PDU without its body; None when the peer closed."""
        received = self.receive()
        return received and received[:3]

    def end(self):
        """How the connection ends: "closed" in order, "reset", or what comes instead."""
        try:
            return self.receive() or "closed"
        except ConnectionResetError:
            return "reset"
        except TimeoutError:
            return "still open"

    def _exactly(self, count):
        octets = b""
        while len(octets) < count:
            more = self.socket.recv(count - len(octets))
            if not more:
                return None
            octets += more
        return octets

    def bound(self):
        """Binds; an error when it is refused."""
        answer = self.send(bind()).answer()
        if answer != (RESP | BIND_TRANSCEIVER, ROK, 1):
            raise ValueError(f"bind refused: {answer}")
        return self

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def main():
    bounded()
    with Serve() as serve:
        environment = {**os.environ, "SMPP_PORT": str(serve.smpp), "HTTP_PORT": str(serve.http)}
        peer = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, env=environment)
        try:
            return peer.wait()
        finally:
            if peer.poll() is None:
                peer.terminate()
                peer.wait()


if __name__ == "__main__":
    sys.exit(main())
