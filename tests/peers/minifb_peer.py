#!/usr/bin/env python3
"""minifb 1.3, a client library of 2010, as an app: it takes callbacks and answers within their session, and is refused as the
documents say. The library is unchanged; it was written for Python 2, so what Python 3 lacks stands here."""
import builtins, hashlib, http.server, json, os, queue, sys, threading, types, urllib.parse, urllib.request, warnings

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import ALICE_UID, ANSWER_S_MAX, API_KEY, SECRET, SESSION_KEY, Checks, bounded, steps

BOB_UID, CAROL_UID = "609143785", "609143786"
HTTP_PORT = int(os.environ["HTTP_PORT"])


class Md5:
    """The md5 of Python 2, which took text too."""

    def __init__(self):
        self.md5 = hashlib.md5()

    def update(self, value):
        self.md5.update(value.encode() if isinstance(value, str) else value)

    def hexdigest(self):
        return self.md5.hexdigest()


def library():
    """minifb with the shim, pointed at the server."""
    builtins.basestring = str
    sys.modules.setdefault("cgi", types.ModuleType("cgi"))
    import minifb
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    minifb.md5 = Md5
    minifb.urlopen = lambda url, form: direct.open(url, form.encode(), timeout=ANSWER_S_MAX)
    minifb._fbUrl = f"http://127.0.0.1:{HTTP_PORT}/restserver.php"
    return minifb


class App(http.server.BaseHTTPRequestHandler):
    """The app's callback URL: keeps what comes."""
    came = queue.Queue()

    def do_POST(self):
        self.came.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def main():
    bounded()
    warnings.simplefilter("ignore")
    minifb = library()
    checks = Checks()
    secret = minifb.FacebookSecret(SECRET)

    def call(method, key=secret, **params):
        """What a call gives: the value, or the number of the error that the library raises."""
        try:
            return minifb.call(method, API_KEY, key, **params)
        except minifb.FacebookError as error:
            return f"error {error.error_code}"

    app = http.server.ThreadingHTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{app.server_port}/quiz"
    properties = json.dumps({"callback_url": url})
    checks.check("the app says where it listens", call("admin.setAppProperties", properties=properties) in (1, True))

    def callback():
        """The next callback as the library reads it."""
        form = App.came.get(timeout=ANSWER_S_MAX)
        return minifb.validate(secret, dict(urllib.parse.parse_qsl(form)))

    steps(HTTP_PORT, 'alice > "quiz play"')
    signed = callback()
    checks.equal("the library takes the callback's signature", signed.get("sms"), "1")
    checks.equal("with the message without the canvas name", signed.get("message"), "play")
    checks.equal("and the user", signed.get("user"), ALICE_UID)
    session = signed.get("sms_sid")
    answer = {"uid": ALICE_UID, "message": "Who directed Jaws?", "session_id": session}
    checks.equal("the answer within the session is sent", call("sms.send", **answer), 0)
    checks.equal("a second one is refused", call("facebook.sms.send", **answer), "error 850")

    question = call("sms.send", uid=ALICE_UID, message="Who directed Alien?", req_session=True)
    checks.check("a question gets a session", isinstance(question, int) and question > 0, question)
    steps(HTTP_PORT, f'alice > "Scott", to 32665{question:02}')
    signed = callback()
    checks.equal("its reply comes in that session", (signed.get("sms_sid"), signed.get("message")), (str(question), "Scott"))
    right = call("sms.send", uid=ALICE_UID, message="Right! \u00a35 for you", session_id=question)
    checks.equal("text beyond ASCII answers it", right, 0)

    forged = minifb.validate(minifb.FacebookSecret(SECRET[::-1]), {"fb_sig_user": "1", "fb_sig": "0" * 32})
    checks.equal("a forged callback is nothing to the library", forged, {})
    checks.equal("sms.canSend", call("sms.canSend", uid=ALICE_UID, session_key=SESSION_KEY), 0)
    checks.equal("who has logged in", call("users.getLoggedInUser", session_key=SESSION_KEY), int(ALICE_UID))
    for fact, expected, params in [
        ("not opted in", 270, {"uid": BOB_UID, "message": "Hi"}),
        ("Mobile Texts off", 856, {"uid": CAROL_UID, "message": "Hi"}),
        ("an empty message", 851, {"uid": ALICE_UID, "message": ""}),
        ("a session that is none", 850, {"uid": ALICE_UID, "message": "Hi", "session_id": 98}),
        ("two users", 100, {"uid": f"{ALICE_UID},{BOB_UID}", "message": "Hi"}),
        ("a wrong secret", 104, {"uid": ALICE_UID, "message": "Hi", "key": minifb.FacebookSecret("0" * 32)}),
    ]:
        checks.equal(f"{fact} raises {expected}", call("sms.send", **params), f"error {expected}")
    checks.equal("no session key raises 102", call("sms.canSend", uid=ALICE_UID), "error 102")
    low = call("users.getLoggedInUser", session_key=SESSION_KEY, call_id=1)
    checks.equal("a call_id that does not grow raises 103", low, "error 103")
    text = minifb.call("sms.send", API_KEY, secret, uid=ALICE_UID, message="As XML", format="XML").decode()
    checks.check("in another format the answer comes as text", ">0</sms_send_response>" in text, text)
    app.shutdown()
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
