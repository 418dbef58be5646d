#!/usr/bin/env python3
"""Every check of `smsim conform` against `smsim serve`, those among them that take the patience of a minute."""
import json, subprocess, sys

from support import PASSWORD, SMSIM, SYSTEM_ID, Checks, Serve, bounded

FAILS, ABSENT, UNBINDS = "+19905550110", "+19905550120", "+19925550170"  # magic numbers of crates/smsc/README.md
IDLE_S = 60  # the server's enquire_link comes sooner
MAY_BE_REFUSED = {"schedule-absolute"}  # world.sms has a clock of 2009, for which our times are too far ahead


def main():
    bounded()
    checks = Checks()
    with Serve() as serve:
        done = subprocess.run(
            [SMSIM, "conform", "--target", f"127.0.0.1:{serve.smpp}", "--system-id", SYSTEM_ID, "--password", PASSWORD,
             "--to-fail", FAILS, "--to-absent", ABSENT, "--to-unbind", UNBINDS, "--idle", str(IDLE_S), "--format", "json"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        for line in lines[:-1]:
            refused = line["verdict"] == "not_supported" and line["id"] in MAY_BE_REFUSED
            fine = line["verdict"] == "passed" or refused
            checks.check(f"{line['id']}: {line['fact']}", fine, f"{line['verdict']}: {line['detail']}")
        checks.equal("exit code", done.returncode, 0)
        checks.check("the server is alive", serve.process.poll() is None, serve.log_text())
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
