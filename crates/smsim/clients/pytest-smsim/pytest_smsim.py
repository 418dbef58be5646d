"""Conversations by text in pytest: a running `smsim serve`, and a world in virtual time for each test.

Every verb becomes a line of smsim's scenario language and is sent to the control API; a line that fails raises
`StepsFailed`, an AssertionError whose text is smsim's own message with its carets.
"""
import datetime, http.client, json, os, pathlib, re, shutil, subprocess, tempfile, threading, urllib.parse

import pytest

__version__ = "0.1.0"
__all__ = ["App", "Clock", "Sent", "Server", "Session", "SmsimError", "StepsFailed", "User", "World", "glob"]

START_S_MAX, STOP_S_MAX = 30, 15
# The server itself gives up on lines after 300 s.
ANSWER_S_MAX = 310
RECORDS_PER_REQUEST = 10_000
# A server has a world of its own; this one has nothing that a test's world could be mistaken for.
IDLE_WORLD = "carrier idle\n"


class SmsimError(RuntimeError):
    """smsim could not be started, or did not grant a request; `status` is the HTTP status, if there was one."""

    def __init__(self, message, status=None):
        super().__init__(message)
        self.status = status


class StepsFailed(AssertionError):
    """A line failed or is no line; `diagnostics` are smsim's, as objects, `answer` is all that it answered."""

    def __init__(self, diagnostics, answer):
        super().__init__("\n" + "\n".join(d.get("rendered") or d["message"] for d in diagnostics))
        self.diagnostics, self.answer = diagnostics, answer


class Server:
    """A running `smsim serve`: its ports, and worlds."""

    def __init__(self, http_port, smpp_port):
        self.http_port, self.smpp_port = http_port, smpp_port
        self.url = f"http://127.0.0.1:{http_port}"
        self.rest_url = f"{self.url}/restserver.php"

    def world(self, source, seed=None, clock="virtual"):
        """Makes a world of declarations in the scenario language; `clock` is `virtual`, `real` or `x20`."""
        __tracebackhide__ = True
        wanted = {"source": source, "clock": clock}
        if seed is not None:
            wanted["seed"] = seed
        return World(self, self.ask("POST", "/api/v1/worlds", wanted)["id"])

    def ask(self, method, path, body=None):
        """Makes a request of the control API, with text or JSON, and gives the JSON of its answer."""
        __tracebackhide__ = True
        headers, octets = {}, None
        if isinstance(body, str):
            headers, octets = {"Content-Type": "text/plain; charset=utf-8"}, body.encode()
        elif body is not None:
            headers, octets = {"Content-Type": "application/json"}, json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=ANSWER_S_MAX)
        try:
            connection.request(method, path, octets, headers)
            answer = connection.getresponse()
            status, text = answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise SmsimError(f"{method} {self.url}{path}: {error!r}; is smsim still running?") from error
        finally:
            connection.close()
        try:
            value = json.loads(text) if text else None
        except ValueError:
            value = None
        if status < 400:
            return value
        errors = value.get("errors", []) if isinstance(value, dict) else []
        if any("rendered" in error for error in errors):
            raise StepsFailed(errors, value)
        reasons = "; ".join(error["message"] for error in errors) or text
        raise SmsimError(f"{method} {path} was answered {status}: {reasons}", status)


class World:
    """A world of its own: people, apps, carriers and a clock."""

    def __init__(self, server, id):
        self.server, self.id = server, id
        self.path = f"/api/v1/worlds/{urllib.parse.quote(id)}"
        self.clock = Clock(self)
        self._captures = 0

    def steps(self, lines, timeout=None, fresh=False):
        """Performs lines of the scenario language and gives the answer with an object per line.

        `timeout` is how long a `<` waits that does not say; `fresh` takes what has arrived before as claimed.
        """
        __tracebackhide__ = True
        options = {"fresh": "true"} if fresh else {}
        if timeout is not None:
            options["timeout"] = _duration(timeout)
        query = f"?{urllib.parse.urlencode(options)}" if options else ""
        answer = self.server.ask("POST", f"{self.path}/steps{query}", lines)
        if not answer["ok"]:
            raise StepsFailed([line["diagnostic"] for line in answer["lines"] if "diagnostic" in line], answer)
        return answer

    def user(self, name):
        """The person of that name."""
        return User(self, name)

    def app(self, name):
        """The app of that name."""
        return App(self, name)

    def wait(self, duration):
        """Lets so much time of the world pass."""
        __tracebackhide__ = True
        self.steps(f"wait {_duration(duration)}")

    def sees_receipt(self, sent, state="DELIVRD", within=None):
        """The platform gets a receipt of that text."""
        __tracebackhide__ = True
        self.steps(f"fbook < receipt ${sent.capture} {state}" + _clauses(within=within))

    def state(self):
        """The world as it is: users, apps, carriers, ESMEs, clock."""
        return self.server.ask("GET", self.path)

    def next_record(self):
        """The number that the next record will have."""
        return self.state()["records"]["next"]

    def records(self, since=0):
        """What has happened, in order, from that record on."""
        __tracebackhide__ = True
        records = []
        while True:
            query = f"since={since}&limit={RECORDS_PER_REQUEST}"
            batch = self.server.ask("GET", f"{self.path}/records?{query}")
            if "gap" in batch:
                gap = batch["gap"]
                raise SmsimError(f"records {gap['from']} to {gap['to']} are gone; ask with since={gap['to'] + 1}")
            records += batch["records"]
            since = batch["next"]
            if len(batch["records"]) < RECORDS_PER_REQUEST:
                return records

    def delete(self):
        """Ends the world."""
        self.server.ask("DELETE", self.path)

    def capture(self):
        """A name that no capture of this world has yet."""
        self._captures += 1
        return f"client_{self._captures}"


class User:
    """A person with a phone."""

    def __init__(self, world, name):
        self.world, self.name = world, name

    def __str__(self):
        return self.name

    def texts(self, text, to=None, in_session=None):
        """Texts 32665, another number, or the number of a session."""
        __tracebackhide__ = True
        self.world.steps(f"{self.name} > {_quoted(text)}" + _clauses(to=to, in_session=in_session))

    def sees(self, expected, within=None, after=None, from_number=None, parts=None, encoding=None):
        """The next text on the phone that nothing has claimed is this: a text, a `glob`, or a compiled regular expression."""
        __tracebackhide__ = True
        clauses = _clauses(within=within, after=after, from_number=from_number, parts=parts, encoding=encoding)
        self.world.steps(f"{self.name} < {_pattern(expected)}{clauses}")

    def sees_nothing(self, duration):
        """Nothing arrives so long, and nothing is left unclaimed."""
        __tracebackhide__ = True
        self.world.steps(f"{self.name} < nothing for {_duration(duration)}")


class App:
    """An app on the short code."""

    def __init__(self, world, name):
        self.world, self.name = world, name

    def __str__(self):
        return self.name

    def sends(self, user, text, in_session=None, result=None):
        """Calls sms.send, which must succeed, or answer `result`; gives the text, for its receipt, or None."""
        __tracebackhide__ = True
        line, clauses = f"{self.name} > {user} {_quoted(text)}", _clauses(in_session=in_session)
        if result is not None:
            self.world.steps(f"{line}{clauses} = {result}")
            return None
        sent = Sent(self.world.capture())
        self.world.steps(f"{line}{clauses}, as ${sent.capture}")
        return sent

    def asks(self, user, text):
        """Calls sms.send with a request for an answer; gives the session that the answer belongs to."""
        __tracebackhide__ = True
        capture = self.world.capture()
        return self._session(f"{self.name} > {user} {_quoted(text)}, ask ${capture}", capture)

    def sees(self, user, expected, new=False, in_session=None, within=None, after=None):
        """The next callback is this text of that person; gives its session. `new`: the person is new to the app."""
        __tracebackhide__ = True
        line = f"{self.name} < {user} {_pattern(expected)}" + (", new" if new else "")
        if in_session is not None:
            self.world.steps(line + _clauses(in_session=in_session, within=within, after=after))
            return in_session
        capture = self.world.capture()
        return self._session(f"{line}, as ${capture}" + _clauses(within=within, after=after), capture)

    def sees_nothing(self, duration):
        """No callback comes so long, and none is left unclaimed."""
        __tracebackhide__ = True
        self.world.steps(f"{self.name} < nothing for {_duration(duration)}")

    def calls(self, method, params=None, result=None):
        """Makes any call of the API, signed, which must succeed, or answer `result`."""
        __tracebackhide__ = True
        given = "".join(f" {name}={_quoted(str(value))}" for name, value in (params or {}).items())
        self.world.steps(f"{self.name} > {method}{given}" + (f" = {result}" if result is not None else ""))

    @property
    def api_key(self):
        """The key that the server gave it, for an app of your own; the secret is the one that the world declares."""
        apps = {app["name"]: app for app in self.world.state()["apps"]}
        if self.name not in apps:
            raise SmsimError(f"the world has no app {self.name!r}; it has {', '.join(apps) or 'none'}")
        return apps[self.name]["api_key"]

    def _session(self, line, capture):
        __tracebackhide__ = True
        return Session(capture, self.world.steps(line)["captures"][capture])


class Clock:
    """A world's clock; every command gives what the clock shows then."""

    def __init__(self, world):
        self.world = world

    def state(self):
        """What it shows: `time`, `now` in microseconds since the epoch, `mode`, `next`."""
        return self.world.server.ask("GET", f"{self.world.path}/clock")

    def advance(self, by):
        """Goes on by `61s`, `1h 30m` or a timedelta."""
        return self._command(command="advance", by=_duration(by))

    def jump(self, to):
        """Goes to `23:30`, `+1d 09:00`, `2009-03-03 09:00`, or microseconds since the epoch."""
        return self._command(command="jump", to=to)

    def step(self):
        """Goes to the next event."""
        return self._command(command="step")

    def pause(self):
        """Stands still."""
        return self._command(command="pause")

    def run(self, speed=None):
        """Runs, `speed` times as fast as the machine's clock."""
        return self._command(command="run", **({} if speed is None else {"speed": speed}))

    def virtual(self):
        """Passes only as far as lines wait, at once."""
        return self._command(command="virtual")

    def hold(self, name):
        """Stands still until the hold of that name is released."""
        return self._command(command="hold", name=name)

    def release(self, name):
        """Releases a hold."""
        return self._command(command="release", name=name)

    def _command(self, **command):
        __tracebackhide__ = True
        return self.world.server.ask("POST", f"{self.world.path}/clock", command)


class Session:
    """A conversation of a person with an app: `id` is its number."""

    def __init__(self, capture, id):
        self.capture, self.id = capture, id


class Sent:
    """A text that an app has sent."""

    def __init__(self, capture):
        self.capture = capture


class glob(str):
    """A text in which `*` stands for anything."""


# The scenario language


def _quoted(text):
    """A text with the escapes of JSON, in which braces stand for themselves."""
    return json.dumps(text, ensure_ascii=False).replace("{", "{{")


def _pattern(expected):
    if isinstance(expected, glob):
        return "~" + _quoted(str(expected))
    if isinstance(expected, str):
        return _quoted(expected)
    if not isinstance(expected, re.Pattern) or not isinstance(expected.pattern, str):
        raise TypeError(f"expected a str, a glob or a compiled regular expression of str, not {expected!r}")
    if expected.flags & re.VERBOSE:
        raise TypeError("a regular expression with re.VERBOSE is not understood; write it without blanks and comments")
    inline = "".join(letter for letter, flag in (("m", re.M), ("s", re.S)) if expected.flags & flag)
    written = {"/": r"\/", "\n": r"\n", "\\\n": r"\n"}
    source = re.sub(r"(?s)\\.|/|\n", lambda found: written.get(found[0], found[0]), expected.pattern)
    return "/" + (f"(?{inline})" if inline else "") + f"{source}/" + ("i" if expected.flags & re.I else "")


def _duration(duration):
    """`61s` as it is, a timedelta in milliseconds."""
    if not isinstance(duration, datetime.timedelta):
        return str(duration)
    millis, rest = divmod(duration, datetime.timedelta(milliseconds=1))
    if rest or millis < 0:
        raise ValueError(f"{duration} is no whole number of milliseconds from 0 on")
    return f"{millis}ms"


def _sender(address):
    """A number as it is, letters in quotes."""
    return address if re.fullmatch(r"\+?\d+", address) else _quoted(address)


def _clauses(within=None, after=None, to=None, from_number=None, parts=None, encoding=None, in_session=None):
    said = {
        "in": in_session and f"${in_session.capture}", "to": to, "from": from_number and _sender(from_number), "parts": parts,
        "encoding": encoding,
        "within": within and _duration(within), "after": after and _duration(after),
    }
    return "".join(f", {word} {value}" for word, value in said.items() if value is not None)


# pytest


def pytest_addoption(parser):
    parser.addini("smsim_world", "the .sms file of the worlds of tests that name none, relative to the configuration file")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "smsim(world, seed=None, clock='virtual'): the world of this test, as declarations or as a .sms file"
    )


@pytest.fixture(scope="session")
def smsim_server():
    """A running `smsim serve` on free ports, from $SMSIM or the PATH; it is stopped in order at the end."""
    binary = os.environ.get("SMSIM") or shutil.which("smsim")
    if not binary:
        pytest.fail("there is no smsim on the PATH; install it, or set SMSIM to where it is", pytrace=False)
    with tempfile.TemporaryDirectory(prefix="pytest-smsim-") as folder, open(f"{folder}/log", "w+b") as log:
        world = pathlib.Path(folder, "world.sms")
        world.write_text(IDLE_WORLD)
        # In a session of its own a Ctrl-C ends the tests first, and then the server.
        command = [binary, "serve", str(world), "--port", "0"]
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        except OSError as error:
            pytest.fail(f"{binary} does not start: {error}", pytrace=False)
        try:
            ports = _first_line(process)
            if ports is None:
                log.seek(0)
                said = log.read().decode(errors="replace")
                pytest.fail(f"{' '.join(command)} did not say its ports\n{said}", pytrace=False)
            yield Server(ports["http"], ports["smpp"])
        finally:
            _stop(process)


def _first_line(process):
    """The ports that the server says; None when it ends, or says something else, or nothing in time."""
    said = []
    reader = threading.Thread(target=lambda: said.append(process.stdout.readline()), daemon=True)
    reader.start()
    reader.join(START_S_MAX)
    try:
        ports = json.loads(said[0]) if said else None
    except ValueError:
        return None
    return ports if isinstance(ports, dict) and {"http", "smpp"} <= ports.keys() else None


def _stop(process):
    process.terminate()
    try:
        process.wait(STOP_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


@pytest.fixture
def smsim_world(request):
    """What the test's world is made of: the fixture's parameter, the marker's, or the file that the configuration names.

    A module or a class overrides this fixture to give all its tests one world.
    """
    if hasattr(request, "param"):
        return request.param
    marker = request.node.get_closest_marker("smsim")
    if marker and (marker.args or "world" in marker.kwargs):
        return marker.args[0] if marker.args else marker.kwargs["world"]
    named = request.config.getini("smsim_world")
    if named:
        return (request.config.inipath.parent if request.config.inipath else request.config.rootpath) / named
    pytest.fail('this test names no world: mark it @pytest.mark.smsim("carrier att\\n..."), or @pytest.mark.smsim("world.sms")',
                pytrace=False)


@pytest.fixture
def world(smsim_server, request):
    """A new world for this test, of its own parameter or of `smsim_world`, deleted behind it."""
    given = request.param if hasattr(request, "param") else request.getfixturevalue("smsim_world")
    marker = request.node.get_closest_marker("smsim")
    options = {name: value for name, value in (marker.kwargs if marker else {}).items() if name != "world"}
    try:
        made = smsim_server.world(_source(given, request.path.parent), **options)
    except (StepsFailed, SmsimError, OSError) as error:
        pytest.fail(f"this test's world was not made: {error}", pytrace=False)
    yield made
    try:
        made.delete()
    except SmsimError as error:
        # The test may have deleted it.
        if error.status != 404:
            raise


def _source(given, folder):
    """Declarations as they are, or those of a `.sms` file, named relative to the test's."""
    if isinstance(given, os.PathLike) or (given.endswith(".sms") and "\n" not in given):
        return folder.joinpath(given).read_text(encoding="utf-8")
    return given
