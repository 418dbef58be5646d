#!/usr/bin/env python3
"""/api/v1/openapi.json of `smsim serve`: it is OpenAPI 3.1, and every answer of every operation is what it says."""
import json, sys, urllib.error, urllib.parse, urllib.request

import jsonschema
from openapi_spec_validator import OpenAPIV31SpecValidator

from support import ANSWER_S_MAX, Checks, Link, Serve, bounded, submit

BASE = "/api/v1/openapi.json"
STEPS = "\n".join([
    'alice > "quiz play"', 'user erin +14155550177 on att, apps quiz', 'wait 5s', 'quiz > erin "Hi", ask $s, as $m',
    'erin < "Hi", from 3266501, within 1m',
])


class Api:
    """A server as its document describes it: each answer is held to the schema of its status."""

    def __init__(self, port, checks):
        self.port, self.checks, self.used = port, checks, set()
        self.direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        status, _, body = self.answer("get", BASE, None, None)
        self.document = json.loads(body)
        checks.equal("the document is there", status, 200)

    def answer(self, method, target, body, kind):
        headers = {"Content-Type": kind} if kind else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{target}", body, headers, method=method.upper())
        try:
            with self.direct.open(request, timeout=ANSWER_S_MAX) as answer:
                return answer.status, answer.headers.get_content_type(), answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers.get_content_type(), answer.read()

    def resolved(self, value):
        while "$ref" in value:
            found = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            value = found
        return value

    def faults(self, schema, value):
        # References are to the document's own components.
        whole = {**schema, "components": self.document["components"]}
        validator = jsonschema.Draft202012Validator(whole)
        return [f"{'/'.join(map(str, fault.absolute_path))}: {fault.message}"[:300] for fault in validator.iter_errors(value)]

    def call(self, method, path, expected, body=None, kind=None, query="", **names):
        """Calls an operation; what it answers, in JSON if that is what it is."""
        operation = self.document["paths"][path][method]
        target = path.format(**{name: urllib.parse.quote(str(value)) for name, value in names.items()}) + query
        fact = f"{method} {target} answers {expected}"
        if isinstance(body, dict):
            kind = kind or "application/json"
            schema = operation["requestBody"]["content"][kind]["schema"]
            if expected < 300:
                self.checks.equal(f"the body of {method} {path} is what it says", self.faults(schema, body), [])
            body = json.dumps(body)
        status, got, octets = self.answer(method, target, body.encode() if body is not None else None, kind)
        if not self.checks.check(fact, status == expected, f"{status} {octets[:300]!r}"):
            return None
        described = self.resolved(operation["responses"][str(status)])
        self.used.add((method, path))
        content = described.get("content", {})
        if got != "application/json":
            bare = {name.split(";")[0] for name in content}
            empty = not octets and not content
            return self.checks.check(f"and as {got}", empty or got in bare or "*/*" in bare, content) and octets
        value = json.loads(octets)
        self.checks.equal("and is what it says", self.faults(content[got]["schema"], value), [])
        return value


def worlds(api):
    world = "/api/v1/worlds/{world}"
    api.call("get", "/api/v1/worlds", 200)
    api.call("get", world, 200, world="default")
    api.call("get", f"{world}/world", 200, world="default")
    api.call("get", world, 404, world="nowhere")
    api.call("post", "/api/v1/worlds", 201, {"source": 'use "demo.sms"\n', "id": "mine", "seed": 9, "clock": "virtual"})
    api.call("post", "/api/v1/worlds", 409, {"source": "carrier att\n", "id": "mine"})
    api.call("post", "/api/v1/worlds", 400, {"source": "carier att\n"})
    api.call("post", "/api/v1/worlds", 201, "carrier att\n", "text/plain", "?id=text&seed=3&clock=x20")
    api.call("delete", world, 204, world="text")
    api.call("delete", world, 409, world="default")
    api.call("post", f"{world}/steps", 200, STEPS, "text/plain", "?timeout=30s&fresh=true", world="mine")
    api.call("post", f"{world}/steps", 200, 'erin > "quiz x"\nerin < "never", within 1s\nwait 1s\n', "text/plain", world="mine")
    api.call("post", f"{world}/steps", 400, 'erin > Hi\ndan > "Hi"\n', "text/plain", world="mine")
    api.call("get", world, 200, world="mine")
    records = api.call("get", f"{world}/records", 200, query="?since=0&limit=10000", world="mine")
    api.checks.check("a user who joined is among the records", any(one["event"] == "joined" for one in records["records"]))
    api.call("get", f"{world}/records", 400, query="?from=0", world="mine")
    branch = api.call("post", f"{world}/branch", 201, {"record": 20, "id": "branch"}, world="mine")
    api.checks.equal("a branch says what of", branch["branch_of"], "mine")
    api.call("post", f"{world}/branch", 409, {"record": 1_000_000}, world="mine")
    api.call("post", f"{world}/branch", 400, {"rekord": 1}, world="mine")


def clock(api):
    path = "/api/v1/worlds/{world}/clock"
    api.call("get", path, 200, world="mine")
    for command in [
        {"command": "hold", "name": "me"}, {"command": "release", "name": "me"}, {"command": "advance", "by": "1m"},
        {"command": "jump", "to": "+1d 09:00"}, {"command": "run", "speed": 20}, {"command": "pause"}, {"command": "virtual"},
    ]:
        api.call("post", path, 200, command, world="mine")
    api.call("post", "/api/v1/worlds/{world}/steps", 200, 'erin > "help"', "text/plain", world="mine")
    api.call("post", path, 200, {"command": "step"}, world="mine")
    api.call("post", path, 400, {"command": "leap"}, world="mine")
    api.call("post", path, 400, {"command": "jump", "to": 0}, world="mine")


def messages(api, smpp):
    path = "/api/v1/worlds/{world}/messages"
    with Link(smpp).bound() as link:
        link.send(submit(2, b"Hello", registered_delivery=1)).answer()
        link.send(submit(3, b"Again", destination="19995550000")).answer()
        found = api.call("get", path, 200, world="default")
        api.call("get", f"{path}/{{id}}", 200, world="default", id=found["messages"][0]["id"])
    more = api.call("get", path, 200, query="?limit=1&state=delivered&text=h&address=1415", world="default")
    api.checks.check("a search says whether there is more", "next" in more)
    api.call("get", path, 400, query="?status=delivered", world="default")
    api.call("get", f"{path}/{{id}}", 404, world="default", id="none")
    api.call("post", "/api/v1/worlds/{world}/branch", 409, {"record": 10_000}, world="default")


def others(api):
    api.call("get", BASE, 200)
    api.call("get", "/page/demos", 200)
    api.call("get", "/page/file", 200)
    api.call("post", "/page/run", 200, 'use "world.sms"\n', "text/plain")
    for method in ["get", "post"]:
        api.call(method, "/restserver.php", 200, query="?method=users.getLoggedInUser&format=XML")
    for path in ["/healthz", "/readyz", "/metrics"]:
        api.call("get", path, 200)


def main():
    bounded()
    checks = Checks()
    with Serve() as serve:
        api = Api(serve.http, checks)
        checks.equal("it is OpenAPI 3.1", [str(fault) for fault in OpenAPIV31SpecValidator(api.document).iter_errors()], [])
        worlds(api)
        clock(api)
        messages(api, serve.smpp)
        others(api)
        described = {(method, path) for path, item in api.document["paths"].items() for method in item if method != "parameters"}
        checks.equal("every operation was called", sorted(described - api.used), [])
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
