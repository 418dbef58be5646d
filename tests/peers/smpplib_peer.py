#!/usr/bin/env python3
"""Python smpplib against `smsim serve`: bind, submit, receipts with the id that was given, a long text, unbind."""
import os, select, ssl, sys, time

import smpplib.client, smpplib.consts as consts, smpplib.exceptions, smpplib.gsm, smpplib.smpp

from support import ALICE_MSISDN, ANSWER_S_MAX, CODE, PASSWORD, SYSTEM_ID, Checks, bounded, steps

LONG = "Кто снял «Челюсти»? Ответьте одним сообщением. " * 3  # 141 UCS-2 units
RECEIPT = 0x04  # esm_class, SMPP v3.4 §5.2.12


def tls_context(trust):
    """What TLS asks of a server whose CA is given; none without TLS."""
    if not trust:
        return None
    context = ssl.create_default_context(cafile=trust)
    context.check_hostname = False  # smpplib does not say whom it calls
    return context


class Esme:
    """A smpplib client with what it received."""

    def __init__(self, port):
        self.accepted, self.delivered = [], []
        self.client = smpplib.client.Client(
            "127.0.0.1", port, timeout=ANSWER_S_MAX, allow_unknown_opt_params=False,
            ssl_context=tls_context(os.environ.get("TLS_CA")))
        self.client.set_message_sent_handler(lambda pdu: self.accepted.append(pdu))
        self.client.set_message_received_handler(lambda pdu: self.delivered.append(pdu))
        self.client.connect()

    def ask(self, command):
        """Sends a PDU without fields; gives the command and the status of the answer."""
        self.client.send_pdu(smpplib.smpp.make_pdu(command, client=self.client))
        answer = self.client.read_pdu()
        return answer.command, answer.status

    def submit(self, text, coding):
        """Submits a text in as many segments as smpplib cuts it into; gives their number."""
        segments, coding, esm_class = smpplib.gsm.make_parts(text, coding)
        for segment in segments:
            self.client.send_message(
                source_addr_ton=consts.SMPP_TON_NWSPEC, source_addr_npi=consts.SMPP_NPI_UNK, source_addr=CODE,
                dest_addr_ton=consts.SMPP_TON_INTL, dest_addr_npi=consts.SMPP_NPI_ISDN,
                destination_addr=ALICE_MSISDN, short_message=segment, data_coding=coding, esm_class=esm_class,
                registered_delivery=1)
        return len(segments)

    def receive(self, segments):
        """Takes that many answers and receipts, for a bounded time."""
        until = time.monotonic() + ANSWER_S_MAX
        while min(len(self.accepted), len(self.delivered)) < segments and time.monotonic() < until:
            if select.select([self.client._socket], [], [], 0.1)[0]:
                self.client.read_once(auto_send_enquire_link=False)
        accepted, self.accepted = self.accepted, []
        delivered, self.delivered = self.delivered, []
        return accepted, delivered


def submit_and_check(checks, esme, name, text, coding, segments):
    checks.equal(f"{name}: segments", esme.submit(text, coding), segments)
    accepted, receipts = esme.receive(segments)
    statuses = [pdu.status for pdu in accepted]
    checks.equal(f"{name}: submit_sm_resp for each", statuses, [consts.SMPP_ESME_ROK] * segments)
    checks.equal(f"{name}: a receipt for each", len(receipts), segments)
    given = sorted(pdu.message_id.decode() for pdu in accepted)
    checks.equal(f"{name}: each message_id is another, and none is empty", len(set(given) - {""}), segments)
    returned = sorted((pdu.receipted_message_id or b"none").decode() for pdu in receipts)
    checks.equal(f"{name}: receipted_message_id is the message_id that was given", returned, given)
    fields = {(pdu.esm_class, pdu.message_state, pdu.source_addr, pdu.destination_addr) for pdu in receipts}
    expected = (RECEIPT, consts.SMPP_MESSAGE_STATE_DELIVERED, ALICE_MSISDN.encode(), CODE.encode())
    checks.equal(f"{name}: the receipts' fields", fields, {expected})
    for pdu in receipts:
        words = pdu.short_message.decode()
        ok = words.startswith(f"id:{(pdu.receipted_message_id or b'none').decode()} ") and "stat:DELIVRD" in words
        checks.check(f"{name}: the receipt's text", ok, words)


def receive_mo(checks, esme):
    """A person texts the short code of this account; the text arrives here and nowhere else."""
    steps(os.environ["HTTP_PORT"], f'alice > "Bonjour à tous", to {CODE}')
    until = time.monotonic() + ANSWER_S_MAX
    while not esme.delivered and time.monotonic() < until:
        if select.select([esme.client._socket], [], [], 0.1)[0]:
            esme.client.read_once(auto_send_enquire_link=False)
    texts = [(pdu.source_addr.decode(), pdu.destination_addr.decode(), pdu.esm_class, bytes(pdu.short_message))
             for pdu in esme.delivered]
    checks.equal("a person's text arrives as deliver_sm", texts,
                 [(ALICE_MSISDN, CODE, 0, b"Bonjour \x7f tous")])  # à is 7F in GSM 03.38
    esme.delivered = []


def main():
    bounded()
    checks = Checks()
    port = int(os.environ["SMPP_PORT"])
    esme = Esme(port)
    answer = esme.client.bind_transceiver(system_id=SYSTEM_ID, password=PASSWORD)
    checks.equal("bind_transceiver", (answer.command, answer.status), ("bind_transceiver_resp", 0))
    submit_and_check(checks, esme, "GSM-7 text", "Who directed Jaws? €1 to win", consts.SMPP_ENCODING_DEFAULT, 1)
    submit_and_check(checks, esme, "long UCS-2 text", LONG, consts.SMPP_ENCODING_ISO10646, 3)
    receive_mo(checks, esme)
    checks.equal("enquire_link", esme.ask("enquire_link"), ("enquire_link_resp", 0))
    checks.equal("unbind", esme.ask("unbind"), ("unbind_resp", 0))
    esme.client.disconnect()

    other = Esme(port)
    try:
        other.client.bind_transceiver(system_id=SYSTEM_ID, password="wrong")
        status = consts.SMPP_ESME_ROK
    except smpplib.exceptions.PDUError as error:
        status = error.args[1]
    checks.equal("bind_transceiver with a wrong password", status, consts.SMPP_ESME_RINVPASWD)
    other.client.disconnect()
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
