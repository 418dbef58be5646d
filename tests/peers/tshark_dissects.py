#!/usr/bin/env python3
"""Wireshark's dissector reads everything that `smsim serve`, smpplib and node-smpp say to each other, and what
`smsim run --pcap` writes of every scenario.

Captures on the loopback interface, so it needs root or membership of the group that may run dumpcap.
"""
import json, os, pathlib, signal, subprocess, sys, tempfile, time

from support import (
    ALICE_MSISDN, ANSWER_S_MAX, CODE, HERE, ROOT, SMSIM, START_S_MAX, Checks, Link, Serve, bounded,
)

PEERS = (
    [os.environ.get("PEERS_PYTHON", sys.executable), str(HERE / "smpplib_peer.py")],
    [os.environ.get("NODE", "node"), str(HERE / "node_smpp_peer.js")],
)
KINDS = {
    "bind_transceiver": 0x00000009, "submit_sm": 0x00000004, "deliver_sm": 0x00000005,
    "enquire_link": 0x00000015, "unbind": 0x00000006,
}
SEGMENTS = 8  # each peer: one short text, one of three segments


class Capture:
    """tshark writing what passes a TCP port of the loopback interface to a file."""

    def __init__(self, port, file):
        self.port, self.file = port, file
        self.process = subprocess.Popen(
            ["tshark", "-n", "-q", "-i", "lo", "-f", f"tcp port {port}", "-w", str(file)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        """Returns when packets really are written: the file grows when somebody connects."""
        until = time.monotonic() + START_S_MAX
        while time.monotonic() < until and self.process.poll() is None:
            if self.file.exists():
                before = self.file.stat().st_size
                Link(self.port).close()
                if self._wait(lambda: self.file.stat().st_size > max(before, 1000), 1):
                    return self
            time.sleep(0.1)
        self.process.terminate()
        said = self.process.communicate()[1]
        raise RuntimeError(
            f"tshark does not capture on lo; run as root, or: sudo usermod -aG wireshark $USER\n{said}")

    def __exit__(self, *_):
        """Stops when what was captured has been written."""
        size = -1
        until = time.monotonic() + ANSWER_S_MAX
        while self.file.stat().st_size != size and time.monotonic() < until:
            size = self.file.stat().st_size
            time.sleep(1)
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.communicate(timeout=ANSWER_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()

    @staticmethod
    def _wait(condition, seconds):
        until = time.monotonic() + seconds
        while not condition() and time.monotonic() < until:
            time.sleep(0.05)
        return condition()


def dissect(file, port, fields, display_filter):
    """The values of `fields` in the packets that pass the filter: a row a packet, a list a field."""
    command = ["tshark", "-n", "-r", str(file), "-d", f"tcp.port=={port},smpp", "-Y", display_filter,
               "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|", "-E", "separator=/t"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"tshark cannot read the capture: {done.stderr}")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return [[value.split("|") if value else [] for value in row] for row in rows]


def column(file, port, field, display_filter="smpp"):
    """Every value of one field, in order."""
    return [value for row in dissect(file, port, [field], display_filter) for value in row[0]]


def converse(checks, file):
    """Runs both peers against a server while it is captured; gives the server's port."""
    with Serve() as serve:
        environment = {**os.environ, "SMPP_PORT": str(serve.smpp), "HTTP_PORT": str(serve.http)}
        with Capture(serve.smpp, file):
            for command in PEERS:
                done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=60,
                                      capture_output=True, text=True)
                name = os.path.basename(command[-1])
                checks.check(f"{name} passes while captured", done.returncode == 0, done.stdout + done.stderr)
        return serve.smpp


def check_capture(checks, file, port):
    seen = [int(value, 0) for value in column(file, port, "smpp.command_id")]
    for name, command_id in KINDS.items():
        asked, answered = seen.count(command_id), seen.count(0x80000000 | command_id)
        checks.check(f"{name} and {name}_resp are dissected", 0 < asked == answered, f"{asked} and {answered}")
    expected = {command_id | bit for command_id in KINDS.values() for bit in (0, 0x80000000)}
    checks.equal("nothing else was said", sorted(set(seen) - expected), [])

    given = column(file, port, "smpp.message_id", "smpp.command_id == 0x80000004")
    receipted = column(file, port, "smpp.receipted_message_id", "smpp.command_id == 0x00000005")
    checks.equal("a message_id for each segment", len(given), SEGMENTS)
    checks.equal("receipted_message_id is the message_id that was given", sorted(receipted), sorted(given))
    receipts = dissect(file, port, ["smpp.source_addr", "smpp.destination_addr"], "smpp.command_id == 0x00000005")
    directions = {pair for source, destination in receipts for pair in zip(source, destination)}
    checks.equal("receipts go from the handset to the short code", directions, {(ALICE_MSISDN, CODE)})

    fields = ["frame.number", "_ws.malformed", "_ws.expert.message"]
    checks.equal("no packet is malformed", dissect(file, port, fields, "_ws.malformed"), [])
    checks.equal("no expert error", dissect(file, port, fields, '_ws.expert.severity == "Error"'), [])


def run(checks, fact, *arguments):
    """Plays the scenarios; gives the reports of their tests."""
    command = [SMSIM, "run", "tests/scenarios", "--format", "json", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    checks.check(fact, done.returncode == 0, done.stdout[-2000:] + done.stderr)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    return [report for report in reports if report["event"] == "test"]


def check_scenarios(checks, folder):
    """What `smsim run --pcap` writes: everything is dissected, nothing is malformed, times are the worlds'."""
    file = folder / "scenarios.pcapng"
    tests = run(checks, "the scenarios pass while captured", "--pcap", str(file))
    fields = ["frame.interface_name", "frame.time_epoch", "smpp.command_id"]
    rows = dissect(file, 2775, fields, "smpp")
    checks.equal("every test is an interface of its own", len({row[0][0] for row in rows}), len(tests))
    years = {time.gmtime(float(row[1][0])).tm_year for row in rows}
    checks.check("times are the worlds'", years <= {2008, 2009, 2010}, years)
    seen = [int(value, 0) for row in rows for value in row[2]]
    for name in ("bind_transceiver", "submit_sm", "deliver_sm"):
        asked = seen.count(KINDS[name])
        checks.check(f"{name} is dissected in the scenarios", asked >= len(tests) // 2, asked)
    checks.equal("every packet is SMPP", dissect(file, 2775, ["frame.number"], "not smpp"), [])
    # Wireshark's dissector takes one octet of broadcast_rep_num, which has two (SMPP v5.0 §4.8.4), and loses its place.
    fair = "not smpp.broadcast_rep_num"
    checks.equal("no packet of the scenarios is malformed",
                 dissect(file, 2775, ["frame.number", "frame.interface_name"], f"_ws.malformed and {fair}"), [])
    wrong = '_ws.expert.severity == "Error" or tcp.analysis.flags or ip.checksum.status == 0 or tcp.checksum.status == 0'
    checks.equal("nor wrong otherwise", dissect(file, 2775, ["frame.number", "_ws.expert.message"], f"({wrong}) and {fair}"), [])

    run(checks, "the scenarios pass while captured one by one", "--pcap", str(folder / "test-{}.pcapng"))
    files = sorted(path.name for path in folder.glob("test-*.pcapng"))
    checks.equal("a file a test", len(files), len(tests))
    one = next(folder.glob("test-stop-*.pcapng"))
    checks.check("a file is dissected by itself", dissect(one, 2775, ["frame.number"], "smpp"), one.name)


def main():
    bounded()
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "peers.pcapng"
        check_capture(checks, file, converse(checks, file))
        check_scenarios(checks, pathlib.Path(folder))
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
