#!/usr/bin/env python3
"""The pytest plugin of crates/smsim/clients/pytest-smsim, installed, against `smsim serve`: these tests use it as users do, and
those that must fail run in a pytest of their own."""
import datetime, http.client, os, pathlib, queue, re, sys, threading, urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import ANSWER_S_MAX, ROOT, bounded, signature

pytest_plugins = ["pytester"]

APP_SECRET = "000102030405060708090a0b0c0d0e0f"
WORLD = f"""world seed 7, start 2009-03-02 14:00, tz America/Los_Angeles
carrier sprint, latency 1s
app quiz "Movie Quiz", canvas quiz, secret {APP_SECRET}
user carol +14155550103 on sprint
user alice +14155550101 on sprint, apps quiz
esme acme, system_id acme, password secret, code 12345
"""
README = ROOT / "crates/smsim/clients/pytest-smsim/README.md"


@pytest.fixture
def smsim_world():
    return WORLD


@pytest.fixture
def inner(pytester):
    """Runs tests in a pytest of their own and gives what it says."""
    def run(source, *arguments):
        path = pytester.makepyfile("import pytest, re\nfrom pytest_smsim import *\n" + source)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", str(path), *arguments)
    return run


# What worlds do


def test_a_conversation_with_an_app(world):
    carol, quiz = world.user("carol"), world.app("quiz")
    carol.texts("quiz play")
    carol.sees(re.compile(r"^add movie/?.*reply\sy", re.I | re.S), within="5s", after="1s")
    carol.texts("Y")
    session = quiz.sees(carol, "play", new=True)
    sent = quiz.sends(carol, "Who directed \"Jaws\"? {a} b\\c", in_session=session)
    carol.sees("Who directed \"Jaws\"? {a} b\\c", parts=1, encoding="gsm7", from_number="3266502")
    world.sees_receipt(sent, within="1m")
    assert session.id == "2" and world.state()["users"][1]["sessions"][0]["session"] == 2
    world.clock.advance("61s")
    quiz.sends(carol, "Too late", in_session=session, result=850)
    carol.sees_nothing(datetime.timedelta(hours=1))
    quiz.sees_nothing("1s")


def test_an_app_asks_and_gets_its_answer(world):
    alice, quiz = world.user("alice"), world.app("quiz")
    session = quiz.asks(alice, "Jaws? Café 你好 \U0001f600\n/2")
    alice.sees(re.compile("café.*\n/2$", re.S | re.I), encoding="ucs2")
    alice.texts("Spielberg", in_session=session)
    assert quiz.sees("alice", "Spielberg", in_session=session, within="10s") is session
    quiz.calls("users.hasAppPermission", {"uid": world.state()["users"][0]["uid"], "ext_perm": "sms"}, result=1)
    alice.texts("to nobody in particular", to="12345")
    world.wait("1m 1s")


def test_each_test_has_a_world_of_its_own(world, smsim_server):
    assert world.clock.state()["time"] == "2009-03-02 14:00:00"
    assert [w["id"] for w in smsim_server.ask("GET", "/api/v1/worlds")["worlds"]] == ["default", world.id]
    assert not world.state()["users"][1]["apps"], "what another test installed is not here"


@pytest.mark.smsim(seed=99, clock="x20")
def test_a_mark_gives_seed_and_clock(world):
    state = world.state()
    assert (state["seed"], state["clock"]["mode"], state["clock"]["speed"]) == (99, "running", 20)


@pytest.mark.parametrize("world", [WORLD, "carrier att\nuser carol +14155550103 on att\n"], indirect=True, ids=["sprint", "att"])
def test_a_parameter_gives_the_world(world, request):
    assert world.state()["users"][-1]["carrier"] == request.node.callspec.id


def test_the_clock_is_commanded(world):
    assert world.clock.advance(datetime.timedelta(seconds=1.5))["time"] == "2009-03-02 14:00:01"
    assert world.clock.jump("+1d 09:00")["time"] == "2009-03-03 09:00:00"
    assert world.clock.hold("me")["holds"] == [{"kind": "hold", "name": "me"}]
    with pytest.raises(Exception, match="409.*held by me") as refused:
        world.clock.advance("1s")
    assert (type(refused.value).__name__, refused.value.status) == ("SmsimError", 409)
    world.clock.release("me")
    world.user("alice").texts("quiz go")
    before = world.clock.state()
    assert world.clock.step()["now"] == before["next"]["at"]
    assert world.clock.run(20)["speed"] == 20
    world.clock.pause()
    assert world.clock.virtual()["mode"] == "virtual"
    with pytest.raises(ValueError, match="milliseconds"):
        world.clock.advance(datetime.timedelta(microseconds=1))


def test_records_come_in_order_over_many_requests(world, monkeypatch):
    monkeypatch.setattr("pytest_smsim.RECORDS_PER_REQUEST", 3)
    since = world.next_record()
    world.user("alice").texts("seen by a viewer")
    world.wait("5s")
    records = world.records(since)
    assert [record["seq"] for record in records] == list(range(since, world.next_record())) and len(records) > 3
    assert "seen by a viewer" in str(records[0]) and world.records(world.next_record()) == []


def test_lines_answer_and_share_captures(world):
    answer = world.steps('alice > "quiz go"\nquiz < alice "go", as $s\n')
    assert [line["ok"] for line in answer["lines"]] == [True, True] and answer["captures"]["s"]
    world.steps('quiz > alice "Hi", in $s')
    world.wait("3s")
    with pytest.raises(AssertionError, match="nothing|no text"):
        world.steps('alice < "Hi"', timeout="2s", fresh=True)


def test_a_line_that_fails_shows_the_diagnostic(world):
    with pytest.raises(AssertionError) as failed:
        world.steps('wait 1s\ncarol < "nothing like it", within 2s\nwait 1s')
    assert "steps:2:1" in str(failed.value) and "^^^" in str(failed.value)
    assert [line["ok"] for line in failed.value.answer["lines"]] == [True, False, None]
    with pytest.raises(AssertionError, match=r"1 \| carol << "):
        world.steps('carol << "x"')


def test_patterns_that_the_language_has_not_are_refused_here(world):
    for expected in (re.compile(b"x"), re.compile("a # b", re.X), 7):
        with pytest.raises(TypeError):
            world.user("carol").sees(expected)


@pytest.fixture
def callbacks():
    """An HTTP server as an app of one's own: its port, and the forms that it got."""
    forms = queue.Queue()

    class App(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            forms.put(dict(urllib.parse.parse_qsl(body)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], forms
    server.shutdown()
    server.server_close()


def test_an_app_of_ones_own_signs_with_its_key_and_its_declared_secret(world, smsim_server, callbacks):
    port, forms = callbacks
    alice, quiz = world.user("alice"), world.app("quiz")
    world.steps(f"set quiz url http://127.0.0.1:{port}/sms")
    alice.texts("quiz hello")
    quiz.sees(alice, "hello")
    form = forms.get(timeout=ANSWER_S_MAX)
    sig = {name[7:]: value for name, value in form.items() if name.startswith("fb_sig_")}
    assert form["fb_sig"] == signature(sig, APP_SECRET)
    call = {"method": "sms.send", "api_key": quiz.api_key, "v": "1.0", "uid": sig["user"], "message": "signed",
            "session_id": sig["sms_sid"]}
    connection = http.client.HTTPConnection("127.0.0.1", smsim_server.http_port, timeout=ANSWER_S_MAX)
    body = urllib.parse.urlencode({**call, "sig": signature(call, APP_SECRET)})
    connection.request("POST", "/restserver.php", body, {"Content-Type": "application/x-www-form-urlencoded"})
    assert connection.getresponse().status == 200
    connection.close()
    alice.sees("signed")


# What pytest shows


def test_a_failing_test_shows_its_own_line_and_the_caret(inner):
    result = inner(f"@pytest.mark.smsim({WORLD!r})\ndef test_it(world):\n"
                   "    world.user('alice').sees('Hi', within='1s')\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">*world.user('alice').sees('Hi', within='1s')", "E*1 | alice < \"Hi\", within 1s", "E*^^^^^*"])
    assert "connection.request" not in result.stdout.str(), "the plugin's own frames are hidden"


def test_a_world_that_is_none_is_an_error_with_its_place(inner):
    result = inner("@pytest.mark.smsim('carier att\\n')\ndef test_it(world): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["this test's world was not made*", "*world.sms:1:1", "1 | carier att"])


def test_a_test_without_a_world_is_told_how_to_name_one(inner):
    result = inner("def test_it(world): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*@pytest.mark.smsim(*"])


def test_files_give_worlds_by_mark_and_by_configuration(inner, pytester):
    pytester.makefile(".sms", mine="carrier att\nuser bob +14155550102 on att\n", other="carrier sprint\nuser bob +14155550102 on sprint\n")
    pytester.makeini("[pytest]\nsmsim_world = other.sms\n")
    result = inner("def carrier(world): return world.state()['users'][0]['carrier']\n"
                   "@pytest.mark.smsim('mine.sms')\ndef test_mark(world): assert carrier(world) == 'att'\n"
                   "def test_configuration(world): assert carrier(world) == 'sprint'\n", "--strict-markers")
    result.assert_outcomes(passed=2)


def test_the_server_ends_with_the_tests(inner, pytester):
    result = inner("def test_it(smsim_server):\n    print('port', smsim_server.http_port)\n", "-s")
    result.assert_outcomes(passed=1)
    port = int(re.search(r"port (\d+)", result.stdout.str())[1])
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.1", port, timeout=5).request("GET", "/readyz")


def test_a_missing_smsim_and_one_that_ends_are_said(inner, monkeypatch, pytester):
    for binary, said in ((str(pytester.path / "nowhere"), "*nowhere does not start*"), ("/bin/false", "*did not say its ports*")):
        monkeypatch.setenv("SMSIM", binary)
        result = inner("def test_it(smsim_server): pass\n")
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines([said])
    monkeypatch.delenv("SMSIM")
    monkeypatch.setenv("PATH", str(pytester.path))
    inner("def test_it(smsim_server): pass\n").stdout.fnmatch_lines(["*there is no smsim on the PATH*"])


def test_the_readme_says_what_works(inner, pytester):
    example = re.search(r"```python\n(.*?)```", README.read_text(), re.S)[1]
    inner(example).assert_outcomes(passed=1)


class Lines:
    """A line per test, as the other peers print it, and at length what failed."""

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.split("::")[-1].removeprefix("test_").replace("_", " ")
        if report.failed:
            print(f"  FAIL {name}: {report.when}\n{report.longreprtext}", flush=True)
        elif report.when == "call":
            print(f"  ok   {name}", flush=True)


def main():
    bounded()
    quiet = ["-p", "no:terminal", "-p", "no:cacheprovider", "--rootdir", str(pathlib.Path(__file__).parent), "-c", os.devnull]
    return pytest.main([__file__, *quiet], plugins=[Lines()])


if __name__ == "__main__":
    sys.exit(main())
