// Node smpp against `smsim serve`: bind, submit, receipts with the id that was given, a long text, unbind.
'use strict';
const fs = require('fs');
const path = require('path');
const modules = process.env.NODE_MODULES || path.join(__dirname, '../../target/peers/node/node_modules');
const smpp = require(path.join(modules, 'smpp'));

const { CODE, SYSTEM_ID, PASSWORD, ALICE } =
  { CODE: '55555', SYSTEM_ID: 'gateway', PASSWORD: 'secret', ALICE: '14155550101' }; // world.sms
const LONG = 'Кто снял «Челюсти»? Ответьте одним сообщением. '.repeat(3); // 141 UCS-2 units
const UNITS_A_SEGMENT = 67;
const ANSWER_MS_MAX = 10_000;
const RECEIPT = 0x04, UDHI = 0x40; // esm_class, SMPP v3.4 §5.2.12
const DELIVERED = 2; // message_state, SMPP v3.4 §5.2.28

let failed = 0;
function check(fact, ok, detail) {
  if (!ok) failed += 1;
  console.log(ok ? `  ok   ${fact}` : `  FAIL ${fact}: ${detail}`);
}
function equal(fact, got, expected) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  check(fact, a === b, `got ${a}, expected ${b}`);
}

function inTime(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing in ${ANSWER_MS_MAX} ms`)), ANSWER_MS_MAX);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Sends a request; gives its response.
const ask = (session, command, fields = {}) =>
  inTime(command, new Promise((resolve) => session[command](fields, resolve)));

// Takes receipts, answered as they come, until there are `count`.
function receipts(session, count) {
  const taken = [];
  const all = new Promise((resolve) => {
    session.on('deliver_sm', function take(pdu) {
      session.send(pdu.response());
      taken.push(pdu);
      if (taken.length === count) {
        session.removeListener('deliver_sm', take);
        resolve(taken);
      }
    });
  });
  return inTime(`${count} receipts`, all);
}

function segments(text) {
  const count = Math.ceil(text.length / UNITS_A_SEGMENT);
  return Array.from({ length: count }, (_, at) => ({
    esm_class: UDHI,
    data_coding: 8,
    short_message: {
      udh: Buffer.from([5, 0, 3, 0x2a, count, at + 1]),
      message: text.slice(at * UNITS_A_SEGMENT, (at + 1) * UNITS_A_SEGMENT),
    },
  }));
}

async function submitAndCheck(session, name, parts) {
  const receiving = receipts(session, parts.length);
  const accepted = await Promise.all(parts.map((part) => ask(session, 'submit_sm', {
    source_addr_ton: 3, source_addr_npi: 0, source_addr: CODE,
    dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: ALICE,
    registered_delivery: 1, ...part,
  })));
  equal(`${name}: submit_sm_resp for each`, accepted.map((pdu) => pdu.command_status), parts.map(() => 0));
  const given = accepted.map((pdu) => pdu.message_id).sort();
  equal(`${name}: each message_id is another, and none is empty`, new Set(given.filter(Boolean)).size, parts.length);
  const delivered = await receiving;
  equal(`${name}: receipted_message_id is the message_id that was given`,
    delivered.map((pdu) => pdu.receipted_message_id).sort(), given);
  for (const pdu of delivered) {
    equal(`${name}: the receipt's fields`, [pdu.esm_class, pdu.message_state, pdu.source_addr, pdu.destination_addr],
      [RECEIPT, DELIVERED, ALICE, CODE]);
    const words = pdu.short_message.message;
    check(`${name}: the receipt's text`,
      words.startsWith(`id:${pdu.receipted_message_id} `) && words.includes('stat:DELIVRD'), words);
  }
}

async function main() {
  const port = Number(process.env.SMPP_PORT), trust = process.env.TLS_CA; // with a CA the port speaks TLS
  const session = trust
    ? smpp.connect({ url: `ssmpp://localhost:${port}`, ca: fs.readFileSync(trust) })
    : smpp.connect({ host: '127.0.0.1', port });
  session.on('error', (error) => { throw error; });
  await inTime('connect', new Promise((resolve) => session.on(trust ? 'secureConnect' : 'connect', resolve)));

  const bound = await ask(session, 'bind_transceiver', { system_id: SYSTEM_ID, password: PASSWORD });
  equal('bind_transceiver', [bound.command, bound.command_status], ['bind_transceiver_resp', 0]);
  await submitAndCheck(session, 'GSM-7 text', [{ short_message: 'Who directed Jaws?' }]);
  await submitAndCheck(session, 'long UCS-2 text', segments(LONG));
  const alive = await ask(session, 'enquire_link');
  equal('enquire_link', [alive.command, alive.command_status], ['enquire_link_resp', 0]);
  const unbound = await ask(session, 'unbind');
  equal('unbind', [unbound.command, unbound.command_status], ['unbind_resp', 0]);
  await inTime('close', new Promise((resolve) => session.close(resolve)));
}

main().catch((error) => check('the conversation', false, error.stack)).finally(() => process.exit(failed ? 1 : 0));
