#!/usr/bin/env python3
"""SIGTERM and SIGINT shut `smsim serve` down in order; a port that is taken is said, with exit code 3."""
import signal, subprocess, sys

from support import (
    ENQUIRE_LINK, RESP, ROK, SMSIM, START_S_MAX, STOP_S_MAX, UNBIND, WORLD, Checks, Link, Serve, bounded, free_port, pdu,
)


def shuts_down(checks, number):
    name = signal.Signals(number).name
    smpp, http = free_port(), free_port()
    with Serve(smpp, http) as serve:
        first, second, idle, silent = Link(smpp).bound(), Link(smpp).bound(), Link(smpp), Link(smpp).bound()
        serve.signal(number)
        for which, link in (("first", first), ("second", second)):
            asked = link.answer()
            checks.equal(f"{name}: the {which} ESME gets unbind", asked and asked[:2], (UNBIND, ROK))
            if asked:
                link.send(pdu(RESP | UNBIND, asked[2]))
                checks.equal(f"{name}: and then its connection is closed", link.end(), "closed")
        checks.equal(f"{name}: a connection that never bound is closed", idle.end(), "closed")
        try:
            code = serve.exit_code()
        except subprocess.TimeoutExpired:
            code = f"still running {STOP_S_MAX} s later"
        checks.equal(f"{name}: exit code, though one ESME never answered", code, 0)
        for link in (first, second, idle, silent):
            link.close()
    with Serve(smpp, http):
        with Link(smpp).bound() as link:
            answer = link.send(pdu(ENQUIRE_LINK, 2)).answer()
            checks.equal(f"{name}: both ports are free for the next start", answer, (RESP | ENQUIRE_LINK, ROK, 2))


def taken_port(checks):
    with Serve() as serve:
        for which, smpp, http in (("SMPP", serve.smpp, free_port()), ("HTTP", free_port(), serve.http)):
            taken = serve.smpp if which == "SMPP" else serve.http
            second = subprocess.run(
                [SMSIM, "serve", str(WORLD), "--smpp-port", str(smpp), "--http-port", str(http)],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=START_S_MAX)
            checks.equal(f"{which} port taken: exit code", second.returncode, 3)
            checks.check(f"{which} port taken: the message names the port", str(taken) in second.stderr, second.stderr)
            checks.check(f"{which} port taken: and what to do",
                         f"--{which.lower()}-port" in second.stderr or "--port" in second.stderr, second.stderr)
        with Link(serve.smpp).bound() as link:
            answer = link.send(pdu(ENQUIRE_LINK, 2)).answer()
            checks.equal("the first goes on serving", answer, (RESP | ENQUIRE_LINK, ROK, 2))
        serve.signal(signal.SIGTERM)
        checks.equal("it stops without anybody bound", serve.exit_code(), 0)


def main():
    bounded()
    checks = Checks()
    for number in (signal.SIGTERM, signal.SIGINT):
        shuts_down(checks, number)
    taken_port(checks)
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
