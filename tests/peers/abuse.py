#!/usr/bin/env python3
"""The abuse set against `smsim serve`: each input gets the protocol's own answer, and the server goes on serving.

After each case an ESME must bind and have its enquire_link answered on a new connection. Standard library only.
"""
import http.client, random, socket, struct, sys, threading, time

from support import (
    ALICE_UID, ANSWER_S_MAX, API_KEY, BIND_TRANSCEIVER, DELIVER_SM, ENQUIRE_LINK, GENERIC_NACK, RBINDFAIL, RESP,
    RINVBNDSTS, RINVCMDID, RINVCMDLEN, RINVMSGLEN, ROK, SUBMIT_SM, UNBIND, Checks, Link, Serve, bind, bounded, http_get,
    pdu, rest, submit,
)

SEED = 7
STORM_LINKS, STORM_ROUNDS, STORM_S_MAX = 64, 30, 90
BINDS_MAX = 16  # of an account, unless it says otherwise
PDU_READ_S_MAX = 30  # the server's own timer is shorter
UNREAD_OCTETS_MAX = 256 << 20  # far more than both ends of a connection buffer
BODY_OCTETS_MAX = 1 << 20  # of an HTTP request
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
    "a peer that never reads": never_reads,
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
    bounded(300)
    checks = Checks()
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
        checks.equal("HTTP goes on too", http_get(serve.http, "/healthz")[0], 200)
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
