#!/usr/bin/env python3
"""tornado 3.2.2's FacebookMixin as an app: it calls with GET, takes callbacks in a tornado handler, and answers within their
session. The library is unchanged, and calls api.facebook.com; its own resolver leads that name to the server. It was written
for Python 3.3, so what Python has dropped since then stands here."""
import builtins, collections, collections.abc, inspect, json, logging, os, sys, warnings

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import ALICE_UID, API_KEY, SECRET, SESSION_KEY, Checks, bounded, steps

warnings.simplefilter("ignore")
for name in ("Callable", "Iterable", "Mapping", "MutableMapping", "Sequence"):
    setattr(collections, name, getattr(collections.abc, name))
inspect.getargspec = inspect.getfullargspec
builtins.long = int
import tornado.auth, tornado.gen, tornado.httpserver, tornado.ioloop, tornado.netutil, tornado.simple_httpclient, tornado.web

BOB_UID, CAROL_UID = "609143785", "609143786"
HTTP_PORT = int(os.environ["HTTP_PORT"])
CALLS_S_MAX = 60


class Warned(logging.Handler):
    """What the library says of errors: it gives its caller nothing but None."""
    said = []

    def emit(self, record):
        self.said.append(record.getMessage())


class App(tornado.web.RequestHandler, tornado.auth.FacebookMixin):
    """The app's callback URL; it answers as it is asked, in the same request."""
    came, answered = [], []

    def get_auth_http_client(self):
        resolver = tornado.netutil.OverrideResolver(
            resolver=tornado.netutil.BlockingResolver(),
            mapping={("api.facebook.com", 80): ("127.0.0.1", HTTP_PORT)})
        return tornado.simple_httpclient.SimpleAsyncHTTPClient(force_instance=True, resolver=resolver)

    def check_xsrf_cookie(self):
        pass

    @tornado.web.asynchronous
    @tornado.gen.engine
    def post(self):
        fields = {name[7:]: self.get_argument(name) for name in self.request.arguments if name.startswith("fb_sig_")}
        good = self._signature(fields) == self.get_argument("fb_sig")
        self.came.append((good, fields))
        answer = yield tornado.gen.Task(
            self.facebook_request, "sms.send", uid=fields["user"], session_id=fields["sms_sid"],
            message="You said " + fields["message"])
        self.answered.append(answer)
        self.finish()


def handler(application):
    """A handler outside of any request, to make calls with."""
    nobody = type("Nobody", (), {"stream": None, "no_keep_alive": True, "xheaders": False,
                               "set_close_callback": lambda self, callback: None})
    return App(application, tornado.httpserver.HTTPRequest("GET", "/", connection=nobody()))


@tornado.gen.coroutine
def walk(checks):
    settings = {"facebook_api_key": API_KEY, "facebook_secret": SECRET}
    application = tornado.web.Application([("/quiz", App)], **settings)
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    tornado.httpserver.HTTPServer(application).add_sockets(sockets)
    url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/quiz"
    loop = tornado.ioloop.IOLoop.instance()

    @tornado.gen.coroutine
    def call(method, **params):
        """What a call gives: the value, or "error N" as the library has read it."""
        Warned.said.clear()
        value = yield tornado.gen.Task(handler(application).facebook_request, method, **params)
        words = Warned.said[-1].split() if Warned.said else []
        raise tornado.gen.Return(f"error {words[2].rstrip(':')}" if words[:2] == ["Facebook", "error:"] else value)

    @tornado.gen.coroutine
    def until(condition):
        """Lets the loop run until something has happened, at most a bounded number of times."""
        for _ in range(1000):
            if condition():
                break
            yield tornado.gen.Task(loop.add_timeout, loop.time() + 0.01)

    said = yield call("admin.setAppProperties", properties=json.dumps({"callback_url": url}))
    checks.check("the app says where it listens", said in (1, True), said)
    steps(HTTP_PORT, 'alice > "quiz play caf\u00e9"')
    yield until(lambda: App.answered)
    good, fields = (App.came + [(False, {})])[0]
    checks.check("the callback's signature is the library's own", good, fields)
    checks.equal("with the message without the canvas name", fields.get("message"), "play caf\u00e9")
    checks.equal("the answer within the session is sent", App.answered, [0])
    late = yield call("sms.send", uid=ALICE_UID, session_id=fields.get("sms_sid"), message="Once more")
    checks.equal("a second one is refused", late, "error 850")

    question = yield call("facebook.sms.send", uid=ALICE_UID, message="Who directed Jaws?", req_session="true")
    checks.check("a question gets a session", isinstance(question, int) and question > 0, question)
    steps(HTTP_PORT, f'alice > "Spielberg", to 32665{question:02}')
    yield until(lambda: len(App.answered) == 2)
    checks.equal("its reply comes in that session and is answered",
                 (App.came[-1][1].get("sms_sid"), App.answered[-1]), (str(question), 0))

    value = yield call("sms.canSend", uid=ALICE_UID, session_key=SESSION_KEY)
    checks.equal("sms.canSend", value, 0)
    value = yield call("users.getInfo", uids=ALICE_UID, fields="uid,name", session_key=SESSION_KEY)
    checks.equal("users.getInfo gives a list", [str(user.get("uid")) for user in value or []], [ALICE_UID])
    for fact, expected, params in [
        ("not opted in", 270, {"uid": BOB_UID, "message": "Hi"}),
        ("Mobile Texts off", 856, {"uid": CAROL_UID, "message": "Hi"}),
        ("an empty message", 851, {"uid": ALICE_UID, "message": ""}),
        ("a session that is none", 850, {"uid": ALICE_UID, "message": "Hi", "session_id": "98"}),
        ("two users", 100, {"uid": f"{ALICE_UID},{BOB_UID}", "message": "Hi"}),
    ]:
        value = yield call("sms.send", **params)
        checks.equal(f"{fact} is read as error {expected}", value, f"error {expected}")
    value = yield call("sms.canSend", uid=ALICE_UID)
    checks.equal("no session key is read as error 102", value, "error 102")
    application.settings["facebook_secret"] = "0" * 32
    value = yield call("sms.send", uid=ALICE_UID, message="Hi")
    checks.equal("a wrong secret is read as error 104", value, "error 104")


def main():
    bounded()
    logger = logging.getLogger("tornado.general")
    logger.addHandler(Warned())
    logger.propagate = False
    checks = Checks()
    tornado.ioloop.IOLoop.instance().run_sync(lambda: walk(checks), timeout=CALLS_S_MAX)
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
