#!/usr/bin/env python3
"""The JUnit reports of `smsim run` and `smsim conform` against junit.xsd, by libxml2: with passes, failures, errors of the
environment and texts that would break out of XML."""
import pathlib, subprocess, sys, tempfile

from lxml import etree

from support import HERE, ROOT, SMSIM, Checks, Serve, bounded

WORLD = 'carrier att\n\napp quiz "Quiz"\n\nuser alice +14155550101 on att, apps quiz\n\n'
HOSTILE = r"]]><a href='x'>&amp;</failure>\u0007\ufffe \\ 你好"
SCHEMA = etree.XMLSchema(etree.parse(str(HERE / "junit.xsd")))


def reported(*arguments, cwd=ROOT):
    """The exit code, and the report on stdout."""
    done = subprocess.run([SMSIM, *arguments], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    return done.returncode, done.stdout


def holds(checks, fact, octets):
    """Whether a report follows the schema, and its counts are those of what it holds."""
    try:
        report = etree.fromstring(octets)
    except etree.XMLSyntaxError as error:
        checks.check(f"{fact}: well-formed", False, f"{error}; {octets[:500]!r}")
        return None
    checks.check(f"{fact}: follows the schema", SCHEMA.validate(report), SCHEMA.error_log)
    for element in report.iter("testsuites", "testsuite"):
        said = [int(element.get(name, -1)) for name in ("tests", "failures", "errors")]
        held = [len(list(element.iter(name))) for name in ("testcase", "failure", "error")]
        if said != held:
            checks.equal(f"{fact}: counts of {element.get('name')}", said, held)
    return report


def main():
    bounded()
    checks = Checks()
    code, octets = reported("run", "tests/scenarios", "--format", "junit")
    report = holds(checks, "the scenarios that pass", octets)
    checks.equal("and all pass", (code, report.get("failures"), report.get("errors")), (0, "0", "0"))

    with tempfile.TemporaryDirectory(prefix="smsim-junit-") as folder:
        scenario = f'{WORLD}test "passes {HOSTILE}":\n  alice > "hi"\n  ignore alice\n\n'
        scenario += f'test "fails {HOSTILE}":\n  quiz > alice "{HOSTILE}"\n  alice < "another"\n'
        pathlib.Path(folder, "hostile.sms").write_text(scenario)
        code, _ = reported("run", "hostile.sms", "--report", "junit=report.xml", cwd=folder)
        report = holds(checks, "texts that break out", pathlib.Path(folder, "report.xml").read_bytes())
        checks.equal("one of two fails", (code, report.get("tests"), report.get("failures")), (1, "2", "1"))
        checks.check("and the report tells the text", "你好" in report.find(".//failure").text)

        pathlib.Path(folder, "gone.sms").write_text(f'{WORLD}test "an app that is not there":\n  alice > "quiz go"\n  quiz < alice "go"\n')
        code, octets = reported(
            "run", "gone.sms", "--app", "quiz=http://127.0.0.1:1/", "--http-port", "0", "--format", "junit", cwd=folder)
        report = holds(checks, "an app that cannot be reached", octets)
        checks.equal("it is told", (code != 0, len(report.findall(".//failure") + report.findall(".//error"))), (True, 1))

    with Serve() as serve:
        code, octets = reported("conform", "--target", f"127.0.0.1:{serve.smpp}", "--format", "junit")
        report = holds(checks, "conform, refused at its bind", octets)
        checks.check("and it has failures", code != 0 and int(report.get("failures")) > 0, code)

    right = report_of('tests="1"', '<testcase name="a" classname="a" time="0"/>')
    checks.check("the schema takes a report made by hand", SCHEMA.validate(etree.fromstring(right)), SCHEMA.error_log)
    for fault, wrong in (
        ("a count that is none", report_of('tests="-1"')),
        ("a test without a name", report_of('tests="1"', '<testcase classname="a" time="0"/>')),
        ("an element that nobody knows", report_of('tests="1"', "<case/>")),
    ):
        checks.check(f"the schema refuses {fault}", not SCHEMA.validate(etree.fromstring(wrong)))
    return checks.done()


def report_of(tests, case=""):
    return f'<testsuites {tests} failures="0" errors="0"><testsuite name="a" {tests} failures="0" errors="0" time="0">{case}</testsuite></testsuites>'


if __name__ == "__main__":
    sys.exit(main())
