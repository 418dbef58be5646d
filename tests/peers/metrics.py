#!/usr/bin/env python3
"""/metrics of `smsim serve` as Python's prometheus_client reads it, strictly by OpenMetrics 1.0, after traffic of every kind."""
import os, sys, urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from support import (
    ALICE_UID, ANSWER_S_MAX, RESP, ROK, SUBMIT_SM, Checks, Link, bounded, make_world, rest, steps, submit,
)


def families(port):
    """The families by name; an error when the page is not OpenMetrics."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"http://127.0.0.1:{port}/metrics", timeout=ANSWER_S_MAX) as page:
        kind, text = page.headers["Content-Type"], page.read().decode()
    return kind, {family.name: family for family in text_string_to_metric_families(text)}


def value(family, **labels):
    """The sum of the samples that have those labels."""
    return sum(sample.value for sample in family.samples if labels.items() <= sample.labels.items())


def main():
    bounded()
    checks = Checks()
    smpp, http = int(os.environ["SMPP_PORT"]), int(os.environ["HTTP_PORT"])
    kind, before = families(http)
    checks.equal("its kind", kind, "application/openmetrics-text; version=1.0.0; charset=utf-8")
    with Link(smpp).bound() as link:
        answer = link.send(submit(7, b"Hello", registered_delivery=1)).answer()
        checks.equal("submit_sm_resp", answer, (RESP | SUBMIT_SM, ROK, 7))
        link.send(submit(8, b"a" * 255)).answer()
        steps(http, 'alice > "quiz play"')
        rest(http, "users.getLoggedInUser")
        rest(http, "sms.send", uid=ALICE_UID, message="Hi")
        make_world(http, "second", "carrier rogers\nuser carol +14165550103 on rogers\n")
        steps(http, 'carol > "Hello?", to 55555', world="second")
        _, after = families(http)
        checks.equal("all families are there from the first moment", sorted(before), sorted(after))
        checks.equal("a bound session", value(after["smsim_sessions_bound"], system_id="gateway"), 1)
    kinds = {name: family.type for name, family in after.items()}
    for name, expected in {
        "smsim_build": "info", "smsim_pdus": "counter", "smsim_messages_waiting": "gauge",
        "smsim_submit_response_seconds": "histogram", "smsim_http_request_seconds": "histogram",
    }.items():
        checks.equal(f"{name}'s type", kinds.get(name), expected)
    checks.equal("submit_sm counted", value(after["smsim_pdus"], link="esme", type="submit_sm"), 2)
    checks.equal("and the answer with an error", value(after["smsim_pdus"], link="esme", status="ESME_RINVMSGLEN"), 1)
    checks.check("the platform's own link is told apart", value(after["smsim_pdus"], link="platform") > 0)
    checks.equal("each world has its series", {sample.labels["world"] for sample in after["smsim_delivery_seconds"].samples},
                 {"default", "second"})
    checks.equal("and its own queues", [sample.labels for sample in after["smsim_messages_waiting"].samples
                                        if sample.labels["world"] == "second"], [{"world": "second", "carrier": "rogers"}])
    checks.equal("API calls by method", value(after["smsim_api_calls"], method="sms.send"), 1)
    checks.equal("every family says what it is", [name for name, family in after.items() if not family.documentation], [])
    checks.check("a path of the server is told apart",
                 value(after["smsim_http_request_seconds"], path="/restserver.php", status="200") > 0)
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
