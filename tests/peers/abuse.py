#!/usr/bin/env python3
"""The abuse set against `smsim serve`: each input gets the protocol's own answer, and the server goes on serving.

After each case an ESME must bind and have its enquire_link answered on a new connection. Standard library only.
"""
import http.client, json, pathlib, random, resource, socket, struct, sys, threading, time

from support import (
    ALICE_UID, ANSWER_S_MAX, API_KEY, BIND_RECEIVER, BIND_TRANSCEIVER, BIND_TRANSMITTER, CODE, DELIVER_SM, ENQUIRE_LINK,
    GENERIC_NACK, QUERY_SM, RBINDFAIL, RESP, RINVBNDSTS, RINVCMDID, RINVCMDLEN, RINVMSGID, RINVMSGLEN, ROK, SUBMIT_SM, UNBIND,
    Checks, Link, Serve, bind, bounded, http_get, pdu, rest, submit,
)

SEED = 7
STORM_LINKS, STORM_ROUNDS, STORM_S_MAX = 64, 30, 90
BINDS_MAX = 16  # of an account, unless it says otherwise
PDU_READ_S_MAX = 30  # the server's own timer is shorter
UNREAD_OCTETS_MAX = 256 << 20  # far more than both ends of a connection buffer
BODY_OCTETS_MAX = 1 << 20  # of an HTTP request
SILENCE_S_MAX = 90  # the server's timers are shorter
UNBINDS = "19925550170"  # a magic number: an unbind instead of an answer
PILED_RECEIPTS = 3_000
PILED_OCTETS_MAX = 128 << 20
CROWD = 10_000
ENQUIRED = (RESP | ENQUIRE_LINK, ROK, 77)


def enquire(link):
    return link.send(pdu(ENQUIRE_LINK, 77)).answer()


def nack(status, sequence_number):
    return GENERIC_NACK, status, sequence_number


# Broken framing: generic_nack with ESME_RINVCMDLEN, and the link is closed. A command_length that is too small says
# nothing of the rest, so the answer has sequence number 0; one that is too large comes with a header, whose number is echoed.

def broken_framing(octets):
    length, _, _, sequence_number = struct.unpack(">IIII", octets[:16].ljust(16, b"\0"))
    sequence_number = sequence_number if length >= 16 else 0

    def case(check, serve):
        for state in ("before bind", "when bound"):
            with Link(serve.smpp) as link:
                if state == "when bound":
                    link.bound()
                link.send(octets)
                check(f"generic_nack RINVCMDLEN {state}", link.answer(), nack(RINVCMDLEN, sequence_number))
                check(f"then closed {state}", link.end(), "closed")
    return case


def garbage(check, serve):
    """Octets drawn by chance, the first of them such that the command_length is larger than any limit."""
    chance = random.Random(SEED)
    wrong = []
    for _ in range(50):
        octets = bytes([chance.randrange(1, 256)]) + chance.randbytes(chance.randrange(15, 64))
        with Link(serve.smpp) as link:
            link.send(octets)
            outcome = link.answer(), link.end()
        if outcome != (nack(RINVCMDLEN, int.from_bytes(octets[12:16], "big")), "closed"):
            wrong.append((octets.hex(), outcome))
    check(f"50 times generic_nack RINVCMDLEN and closed (seed {SEED})", wrong, [])


# Good framing, wrong content: the answer carries the sequence number, and the link lives on.

def unknown_command_id(check, serve):
    with Link(serve.smpp) as link:
        for state in ("before bind", "when bound"):
            if state == "when bound":
                link.bound()
            for command_id in (0x0000000A, 0x00000300, 0x7FFFFFFF):
                answer = link.send(pdu(command_id, 90, b"\1\2\3")).answer()
                check(f"{command_id:#010x} {state}: generic_nack RINVCMDID", answer, nack(RINVCMDID, 90))
        check("the link lives on", enquire(link), ENQUIRED)


def unknown_response(check, serve):
    with Link(serve.smpp).bound() as link:
        link.send(pdu(RESP | 0x300, 91)).send(pdu(RESP | DELIVER_SM, 92, b"\0")).send(pdu(GENERIC_NACK, 93, status=3))
        check("responses to nothing are ignored", enquire(link), ENQUIRED)


def submit_before_bind(check, serve):
    with Link(serve.smpp) as link:
        link.send(submit(5, b"Hi"))
        check("submit_sm_resp RINVBNDSTS, header only", link.receive(), (RESP | SUBMIT_SM, RINVBNDSTS, 5, b""))
        link.bound()
        check("the link can still be bound", enquire(link), ENQUIRED)


def sm_length(check, serve):
    with Link(serve.smpp).bound() as link:
        command_id, status, sequence_number, body = link.send(submit(6, b"a" * 254)).receive()
        check("254 octets: submit_sm_resp ROK", (command_id, status, sequence_number), (RESP | SUBMIT_SM, ROK, 6))
        check("and a message_id", len(body) > 1 and body.endswith(b"\0"), True)
        check("255 octets: submit_sm_resp RINVMSGLEN", link.send(submit(7, b"a" * 255)).answer(),
              (RESP | SUBMIT_SM, RINVMSGLEN, 7))
        check("the link lives on", enquire(link), ENQUIRED)


def octet_by_octet(check, serve):
    with Link(serve.smpp) as link:
        for octet in bind() + pdu(ENQUIRE_LINK, 77):
            link.send(bytes([octet]))
            time.sleep(0.001)
        check("bind_transceiver_resp", link.answer(), (RESP | BIND_TRANSCEIVER, ROK, 1))
        check("enquire_link_resp", link.answer(), ENQUIRED)


def many_at_once(check, serve):
    with Link(serve.smpp) as link:
        link.send(bind() + b"".join(pdu(ENQUIRE_LINK, number) for number in range(2, 502)))
        answers = [link.answer() for _ in range(501)]
        expected = [(RESP | BIND_TRANSCEIVER, ROK, 1)]
        expected += [(RESP | ENQUIRE_LINK, ROK, number) for number in range(2, 502)]
        check("501 PDUs in one write are answered in order", answers == expected, True)


# Connections that end badly.

def closed_in_the_middle(check, serve):
    for end in ("closed", "reset"):
        for length in (1, 15, 16, 20):
            with Link(serve.smpp) as link:
                link.send(bind()[:length])
                if end == "reset":
                    link.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with Link(serve.smpp).bound() as link:
            link.send(submit(2, b"half of this text never comes", 1)[:40])
            if end == "reset":
                link.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def gone_before_the_answers(check, serve):
    with Link(serve.smpp).bound() as link:
        link.send(b"".join(submit(number, b"a receipt for nobody", 1) for number in range(2, 102)))


def silent_in_the_middle(check, serve):
    """The PDU-read timer ends the wait for the rest of a PDU."""
    with Link(serve.smpp) as before, Link(serve.smpp).bound() as bound:
        for link in (before, bound):
            link.socket.settimeout(PDU_READ_S_MAX)
            link.send(pdu(ENQUIRE_LINK, 7, length=20))
        for state, link in (("before bind", before), ("when bound", bound)):
            check(f"{state}: generic_nack RINVCMDLEN", link.answer(), nack(RINVCMDLEN, 0))
            check(f"{state}: then closed", link.end(), "closed")


def never_reads(check, serve):
    """A peer that asks and never reads the answers is slowed down by TCP, and does not fill the server's memory."""
    with Link(serve.smpp).bound() as link:
        asked = pdu(ENQUIRE_LINK, 2) * 4096
        link.socket.settimeout(1)
        sent = 0
        try:
            while sent < UNREAD_OCTETS_MAX:
                sent += link.socket.send(asked)
        except TimeoutError:
            pass
        check(f"it can send no more before {UNREAD_OCTETS_MAX} octets", sent < UNREAD_OCTETS_MAX, True)
        check("others are served meanwhile", can_bind(serve), True)


def idle_crowd(check, serve):
    links = []
    try:
        for port in (serve.smpp, serve.http):
            links += [socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S_MAX) for _ in range(200)]
        check("an ESME is served among 400 idle connections", can_bind(serve), True)
        check("an app too", http_get(serve.http, "/readyz")[0], 200)
    finally:
        for link in links:
            link.close()


def storm(check, serve):
    """64 links bind and unbind 30 times each; more than the account's binds_max at once are refused, and told so."""
    counts, lock, until = {}, threading.Lock(), time.monotonic() + STORM_S_MAX

    def one():
        for _ in range(STORM_ROUNDS):
            try:
                with Link(serve.smpp) as link:
                    outcome = link.send(bind()).answer()
                    if outcome == (RESP | BIND_TRANSCEIVER, ROK, 1):
                        outcome = (outcome, link.send(pdu(UNBIND, 2)).answer())
            except OSError as error:
                outcome = repr(error)
            with lock:
                counts[outcome] = counts.get(outcome, 0) + 1
            if time.monotonic() > until:
                return

    threads = [threading.Thread(target=one, daemon=True) for _ in range(STORM_LINKS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(STORM_S_MAX + ANSWER_S_MAX)
    good = ((RESP | BIND_TRANSCEIVER, ROK, 1), (RESP | UNBIND, ROK, 2))
    refused = (RESP | BIND_TRANSCEIVER, RBINDFAIL, 1)
    check("every bind is answered", sum(counts.values()), STORM_LINKS * STORM_ROUNDS)
    check("with ROK, or RBINDFAIL beyond binds_max", set(counts) - {good, refused}, set())
    check("and many with ROK", counts.get(good, 0) >= BINDS_MAX, True)
    links = [Link(serve.smpp) for _ in range(BINDS_MAX + 1)]
    try:
        answers = [link.send(bind()).answer()[1] for link in links]
        check("afterwards exactly binds_max are free", answers, [ROK] * BINDS_MAX + [RBINDFAIL])
    finally:
        for link in links:
            link.close()
    # A closed link gives its place back when the server has seen it.
    wait_until(lambda: can_bind(serve))


# What a peer of bad manners does: the personalities of an SMPP test client.

def query_of_nothing(check, serve):
    body = b"no-such-id\0" + b"\0\3" + CODE.encode() + b"\0"
    with Link(serve.smpp).bound() as link:
        check("query_sm_resp RINVMSGID", link.send(pdu(QUERY_SM, 8, body)).answer(), (RESP | QUERY_SM, RINVMSGID, 8))
        check("query_sm without a body: query_sm_resp RINVMSGID or RINVCMDLEN",
              link.send(pdu(QUERY_SM, 9)).answer() in [(RESP | QUERY_SM, status, 9) for status in (RINVMSGID, RINVCMDLEN)], True)
        check("the link lives on", enquire(link), ENQUIRED)


def nack_of_nothing(check, serve):
    """generic_nack with sequence number 0, which belongs to no request, while a receipt waits for its answer."""
    with Link(serve.smpp).bound() as link:
        link.send(submit(2, b"a receipt", 1))
        check("submit_sm_resp", link.answer(), (RESP | SUBMIT_SM, ROK, 2))
        command_id, _, sequence_number, _ = raw(link)
        check("deliver_sm", command_id, DELIVER_SM)
        link.send(pdu(GENERIC_NACK, 0, status=RINVCMDID))
        check("it is ignored", enquire(link), ENQUIRED)
        link.send(pdu(RESP | DELIVER_SM, sequence_number, b"\0"))
        check("the receipt is answered after that", enquire(link), ENQUIRED)


def length_that_lies(check, serve):
    """A command_length that takes in the next PDU: the stream is cut where it says, and both ends stay in step."""
    with Link(serve.smpp).bound() as link:
        swallowed = pdu(ENQUIRE_LINK, 5)
        link.send(pdu(ENQUIRE_LINK, 4, swallowed))
        check("enquire_link that swallows another is answered once", link.answer(), (RESP | ENQUIRE_LINK, ROK, 4))
        check("the link is in step", enquire(link), ENQUIRED)
        text = submit(6, b"whole")
        short = text[:3] + bytes([text[3] - 3]) + text[4:]
        link.send(short)
        check("a submit_sm that says three octets less: RINVMSGLEN", link.answer(), (RESP | SUBMIT_SM, RINVMSGLEN, 6))
        # The three octets are the beginning of what comes next: "ole" and the first octet of a length.
        link.send(pdu(ENQUIRE_LINK, 7))
        command_id, status, _ = link.answer()
        check("what follows is no PDU: generic_nack RINVCMDLEN", (command_id, status), (GENERIC_NACK, RINVCMDLEN))
        check("then closed", link.end(), "closed")


def leaves_after_unbind(check, serve):
    """Nothing is done after unbind, and what is sent gets its answer."""
    with Link(serve.smpp).bound() as link:
        check("unbind_resp", link.send(pdu(UNBIND, 2)).answer(), (RESP | UNBIND, ROK, 2))
        check("submit_sm then: RINVBNDSTS", link.send(submit(3, b"too late")).answer(), (RESP | SUBMIT_SM, RINVBNDSTS, 3))
    with Link(serve.smpp).bound() as link:
        link.send(pdu(UNBIND, 2) + submit(3, b"in one write"))
        check("in one write as well", [link.answer(), link.answer()],
              [(RESP | UNBIND, ROK, 2), (RESP | SUBMIT_SM, RINVBNDSTS, 3)])


def silences(check, serve):
    """Peers that answer nothing, all at once, since each takes its time: the server asks, waits, and closes."""
    with Link(serve.smpp).bound() as half_open, Link(serve.smpp).bound() as unbinding, Link(serve.smpp).bound() as stays, \
            Link(serve.smpp) as never_binds:
        for link in (half_open, unbinding, stays, never_binds):
            link.socket.settimeout(SILENCE_S_MAX)
        unbinding.send(submit(2, b"unbind, please", destination=UNBINDS))
        stays.send(pdu(UNBIND, 2))
        check("the server's unbind", raw(unbinding)[0], UNBIND)
        check("no unbind_resp: closed", unbinding.end(), "closed")
        check("unbind_resp", stays.answer(), (RESP | UNBIND, ROK, 2))
        check("a peer that stays after unbind: closed", ended(stays), "closed")
        check("a peer that never binds: closed", ended(never_binds), "closed")
        check("a peer that is silent: enquire_link", first_of(half_open, ENQUIRE_LINK), ENQUIRE_LINK)
        check("no answer: closed", ended(half_open), "closed")


def receipts_pile_up(check, serve):
    """Receipts for a receiver that never reads: memory stays within bounds, and the next receiver gets them all."""
    before = resident_octets(serve)
    with Link(serve.smpp) as deaf, Link(serve.smpp) as sender:
        deaf.send(bind(command_id=BIND_RECEIVER))
        sender.send(bind(command_id=BIND_TRANSMITTER))
        check("bind_transmitter_resp", sender.answer(), (RESP | BIND_TRANSMITTER, ROK, 1))
        accepted = 0
        for first in range(2, PILED_RECEIPTS + 2, 100):
            # Numbers that nobody has: a phone of its own takes one text at a time.
            sender.send(b"".join(submit(number, b"x" * 160, 1, f"1415557{number:04}") for number in range(first, first + 100)))
            accepted += sum(sender.answer()[1] == ROK for _ in range(100))
        check("every submit_sm is accepted", accepted, PILED_RECEIPTS)
        grown = resident_octets(serve) - before
        check(f"the server grows by less than {PILED_OCTETS_MAX >> 20} MiB", grown < PILED_OCTETS_MAX, True)
    with Link(serve.smpp) as reader:
        reader.send(bind(command_id=BIND_RECEIVER))
        check("bind_receiver_resp", reader.answer(), (RESP | BIND_RECEIVER, ROK, 1))
        reader.send(pdu(ENQUIRE_LINK, 77))
        reader.receive()
        reader.socket.settimeout(1)
        until = time.monotonic() + SILENCE_S_MAX
        while reader.delivered < PILED_RECEIPTS and time.monotonic() < until:
            try:
                reader.receive()
            except TimeoutError:
                pass
        check("every receipt comes to the next receiver", reader.delivered >= PILED_RECEIPTS, True)


def ten_thousand(check, serve):
    """10,000 connections at once, each asking something; those that the system has no room for are not counted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    room = min(CROWD, hard - 500, open_files_max(serve) - 500)
    links = []
    try:
        for number in range(room):
            # One address has half of the server's connections at most.
            link = socket.create_connection(
                ("127.0.0.1", serve.smpp), timeout=ANSWER_S_MAX, source_address=(f"127.0.0.{2 + number % 3}", 0))
            link.sendall(pdu(ENQUIRE_LINK, number + 1))
            links.append(link)
        answers, closed = 0, 0
        for number, link in enumerate(links):
            try:
                octets = link.recv(16)
            except ConnectionResetError:
                octets = b""
            answers += octets == pdu(RESP | ENQUIRE_LINK, number + 1)
            closed += octets == b""
        check(f"each of {room} connections is answered, or closed beyond the server's limit", answers + closed, room)
        check("and nearly all are answered", answers > room * 0.9, True)
        for link in links[:room // 2]:
            link.close()
        wait_until(lambda: can_bind(serve))
        check("an ESME is served beside what is left", can_bind(serve), True)
    finally:
        for link in links:
            link.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    wait_until(lambda: can_bind(serve))


def raw(link):
    """The next PDU, whatever it is, without any answer to it."""
    header = link._exactly(16)
    length, command_id, status, sequence_number = struct.unpack(">IIII", header)
    return command_id, status, sequence_number, link._exactly(length - 16)


def first_of(link, command_id):
    """Passes over receipts until such a PDU comes; gives its command_id."""
    while (came := raw(link)[0]) == DELIVER_SM and came != command_id:
        pass
    return came


def ended(link):
    """How a connection ends on which nothing is answered; what comes before is passed over."""
    try:
        while link._exactly(1) is not None:
            pass
        return "closed"
    except ConnectionResetError:
        return "reset"
    except TimeoutError:
        return "still open"


def resident_octets(serve):
    """The memory that the server has, on Linux; 0 elsewhere."""
    try:
        lines = pathlib.Path(f"/proc/{serve.process.pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS"))


def open_files_max(serve):
    """How many files the server may open."""
    try:
        lines = pathlib.Path(f"/proc/{serve.process.pid}/limits").read_text().splitlines()
    except OSError:
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return next(int(line.split()[3]) for line in lines if line.startswith("Max open files"))


class Ledger:
    """What became of every message that was accepted, read from the server's records as they come."""

    def __init__(self):
        self.since, self.accepted, self.finished, self.missed = 0, set(), set(), 0

    def follow(self, serve):
        while True:
            page = json.loads(http_get(serve.http, f"/api/v1/worlds/default/records?since={self.since}")[1])
            records = page["records"]
            if not records:
                return
            self.missed += records[0]["seq"] - self.since
            for record in records:
                if record["event"] == "accepted":
                    self.accepted.add(record["message_id"])
                elif record["event"] == "finished":
                    self.finished.add(record["message_id"])
            self.since = records[-1]["seq"] + 1

    def lost(self, serve):
        """The messages that were accepted and have come to no end, once all have had time to."""
        def all_finished():
            self.follow(serve)
            return self.accepted <= self.finished
        wait_until(all_finished)
        return sorted(self.accepted - self.finished)[:10]


# HTTP

def error_code(serve, **call):
    answer = rest(serve.http, "sms.send", **call)
    return answer.get("error_code") if isinstance(answer, dict) else answer


def wrong_signature(check, serve):
    check("error 104", error_code(serve, secret="0" * 32, uid=ALICE_UID, message="Hi"), 104)


def unknown_key(check, serve):
    check("error 101", error_code(serve, api_key="f" * 32, uid=ALICE_UID, message="Hi"), 101)


def empty_message(check, serve):
    check("error 851", error_code(serve, uid=ALICE_UID, message=""), 851)


def long_message(check, serve):
    check("error 851", error_code(serve, uid=ALICE_UID, message="x" * 2000), 851)


def post(serve, body, content_type, path="/restserver.php"):
    link = http.client.HTTPConnection("127.0.0.1", serve.http, timeout=ANSWER_S_MAX)
    link.request("POST", path, body, {"Content-Type": content_type})
    answer = link.getresponse()
    text = answer.read().decode(errors="replace")
    link.close()
    return answer.status, text


def broken_multipart(check, serve):
    whole = b"".join(b'--xYzZY\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, value)
                     for name, value in [(b"method", b"facebook.sms.send"), (b"api_key", API_KEY.encode())])
    form = "multipart/form-data; boundary=xYzZY"
    check("cut off: 400", post(serve, whole[:-20], form)[0], 400)
    check("without its end: 400", post(serve, whole, form)[0], 400)
    check("a part without a header: 400", post(serve, b"--xYzZY\r\nnonsense", form)[0], 400)
    check("without a boundary: 400", post(serve, whole, "multipart/form-data")[0], 400)


def odd_bodies(check, serve):
    chance = random.Random(SEED)
    status, text = post(serve, chance.randbytes(4096), "application/x-www-form-urlencoded")
    check(f"octets drawn by chance (seed {SEED}): 200 and error 101", (status, "<error_code>101<" in text), (200, True))
    status, text = post(serve, b"", "application/x-www-form-urlencoded")
    check("nothing: 200 and error 101", (status, "<error_code>101<" in text), (200, True))
    body = b"m=" + b"x" * (BODY_OCTETS_MAX - 2)
    status, text = post(serve, body, "application/x-www-form-urlencoded")
    check("the longest body: 200 and error 101", (status, "<error_code>101<" in text), (200, True))
    check("an octet more: 413", post(serve, body + b"x", "application/x-www-form-urlencoded")[0], 413)
    check("another path: 404", post(serve, b"", "text/plain", "/nothing.php")[0], 404)


def half_a_request(check, serve):
    head = b"POST /restserver.php HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\nmethod=sms.send"
    for length in (1, 20, len(head) - 15, len(head)):
        with socket.create_connection(("127.0.0.1", serve.http), timeout=ANSWER_S_MAX) as link:
            link.sendall(head[:length])
    with socket.create_connection(("127.0.0.1", serve.http), timeout=ANSWER_S_MAX) as link:
        link.sendall(random.Random(SEED).randbytes(200) + b"\r\n\r\n")
        check(f"no HTTP at all (seed {SEED}): 400", link.recv(12), b"HTTP/1.1 400")


CASES = {
    # The first: it fills the ring of records, and the ledger begins after it.
    "a peer that never reads": never_reads,
    "command_length 0": broken_framing(pdu(ENQUIRE_LINK, 1, length=0)),
    "command_length 15": broken_framing(pdu(ENQUIRE_LINK, 1, length=15)),
    "command_length 0xFFFFFFFF": broken_framing(pdu(ENQUIRE_LINK, 6, length=0xFFFFFFFF)),
    "an HTTP request on the SMPP port": broken_framing(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "garbage": garbage,
    "unknown command_id": unknown_command_id,
    "responses that nobody waits for": unknown_response,
    "submit_sm before bind": submit_before_bind,
    "sm_length at its limit": sm_length,
    "an octet at a time": octet_by_octet,
    "everything at once": many_at_once,
    "connection closed in the middle of a PDU": closed_in_the_middle,
    "connection closed before its answers": gone_before_the_answers,
    "silence in the middle of a PDU": silent_in_the_middle,
    "query_sm of nothing": query_of_nothing,
    "generic_nack of nothing": nack_of_nothing,
    "a command_length that lies": length_that_lies,
    "after unbind": leaves_after_unbind,
    "peers that answer nothing": silences,
    "receipts for a peer that never reads": receipts_pile_up,
    f"{CROWD} connections": ten_thousand,
    "a crowd of idle connections": idle_crowd,
    f"{STORM_LINKS} x {STORM_ROUNDS} binds and unbinds in parallel": storm,
    "HTTP: wrong signature": wrong_signature,
    "HTTP: unknown key": unknown_key,
    "HTTP: empty message": empty_message,
    "HTTP: 2,000 characters": long_message,
    "HTTP: broken multipart": broken_multipart,
    "HTTP: odd bodies": odd_bodies,
    "HTTP: half a request": half_a_request,
}


def can_bind(serve):
    with Link(serve.smpp) as link:
        return link.send(bind()).answer() == (RESP | BIND_TRANSCEIVER, ROK, 1) and enquire(link) == ENQUIRED


def wait_until(condition):
    until = time.monotonic() + ANSWER_S_MAX
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)


def main():
    bounded(420)
    checks, ledger = Checks(), Ledger()
    with Serve() as serve:
        checks.check("the server serves", can_bind(serve), "it does not")
        for name, case in CASES.items():
            try:
                case(lambda fact, got, expected: checks.equal(f"{name}: {fact}", got, expected), serve)
            except (OSError, ValueError) as error:
                checks.check(f"{name}: an answer", False, repr(error))
            try:
                alive, detail = can_bind(serve), "bind or enquire_link was not answered with ROK"
            except (OSError, ValueError) as error:
                alive, detail = False, repr(error)
            checks.check(f"{name}: the server goes on serving", alive and serve.process.poll() is None,
                         f"{detail}, exit code {serve.process.poll()}\n{serve.log_text()[-2000:]}")
            if serve.process.poll() is not None:
                break
            ledger.follow(serve)
            if case is never_reads:
                ledger.missed = 0
        checks.equal("no accepted message is lost", ledger.lost(serve), [])
        checks.check("and many were accepted, all of them on record",
                     len(ledger.accepted) > PILED_RECEIPTS and not ledger.missed, (len(ledger.accepted), ledger.missed))
        checks.equal("HTTP goes on too", http_get(serve.http, "/healthz")[0], 200)
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
