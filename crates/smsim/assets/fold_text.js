// Texts on phones and on their way, from records of handsets, of the air and of the message centre.

import { measure } from "./gsm7.js";
import { decodePdu } from "./pdu.js";
import { causeWords, dropWords, stateWords } from "./words.js";
import { THREAD_MAX, phoneOf, push } from "./fold_state.js";

export function textStep(state, r) {
  STEPS[r.event]?.(state, r);
}

function say(phone, bubble) {
  phone.earlier += push(phone.thread, bubble, THREAD_MAX);
  return bubble;
}

/** The oldest text on its way from that phone that meets a condition. */
const sending = (state, number, meets) => state.phones.get(number)?.sending.find(meets);
const sent = (phone, bubble) => { phone.sending = phone.sending.filter((one) => one !== bubble); };
const arrived = (phone, bubble) => { phone.arriving = phone.arriving.filter((one) => one !== bubble); };

/** What became of a person's text at the message centre. */
function outgoing(state, r, from, change, over) {
  const phone = state.phones.get(from);
  const bubble = sending(state, from, (one) => one.way !== "waiting") ?? phone?.sending[0];
  if (!bubble) return;
  Object.assign(bubble, change);
  if (over) {
    bubble.left -= 1;
    if (bubble.left <= 0 || bubble.way === "failed") sent(phone, bubble);
  }
}

/** The text that a message of the message centre is part of. */
function incoming(state, id, change) {
  const message = state.messages.get(id);
  if (!message) return null;
  if (message.bubble) Object.assign(message.bubble, change);
  else message.change = { ...message.change, ...change };
  return message;
}

function expected(state, to, bubble) {
  const phone = phoneOf(state, to);
  if (!phone) return null;
  say(phone, bubble);
  push(phone.arriving, bubble, THREAD_MAX);
  return bubble;
}

const STEPS = {
  composed(state, r) {
    const phone = phoneOf(state, r.handset);
    if (!phone) return;
    const { parts, encoding } = measure(r.text);
    const bubble = say(phone, { seq: r.seq, at: r.at, mine: true, number: r.to, text: r.text, parts, encoding, left: parts, way: "waiting", why: "" });
    push(phone.sending, bubble, THREAD_MAX);
  },
  not_composed(state, r) {
    const phone = phoneOf(state, r.handset);
    const bubble = phone?.sending.at(-1);
    if (!phone) return;
    if (bubble && / waits in the phone /.test(r.why)) {
      bubble.why = "waits in the phone until it is on the air";
    } else if (bubble) {
      Object.assign(bubble, { way: "failed", why: r.why });
      sent(phone, bubble);
    } else {
      say(phone, { seq: r.seq, at: r.at, note: true, text: r.why });
    }
  },
  on_air(state, r) {
    const phone = phoneOf(state, r.handset);
    if (!phone) return;
    phone.carrier = r.carrier;
    if (r.mobile_originated) {
      const bubble = phone.sending.find((one) => one.way === "waiting") ?? phone.sending[0];
      if (bubble) Object.assign(bubble, { way: r.lost ? "failed" : "air", why: r.lost ? "lost on the air" : "" });
    } else if (r.lost) {
      const bubble = phone.arriving[0];
      if (bubble) bubble.why = "a segment is lost on the air";
    }
  },
  mo_waits: (state, r) => outgoing(state, r, r.from, { way: "queued", why: `the link to ${r.carrier} is down` }),
  sent(state, r) {
    if (r.parcel.parcel === "mo") outgoing(state, r, r.parcel.from, { way: "accepted", why: "" });
  },
  waits_for_esme(state, r) {
    if (r.parcel.parcel === "mo") outgoing(state, r, r.parcel.from, { way: "queued", why: `waits for ${r.system_id}: ${r.reason.replaceAll("_", " ")}` });
  },
  answered(state, r) {
    if (r.parcel.parcel !== "mo" || r.again) return;
    const ok = r.status === "ESME_ROK";
    outgoing(state, r, r.parcel.from, { way: ok ? "delivered" : "failed", why: ok ? "" : `${r.system_id} answered ${r.status}` }, true);
  },
  dropped(state, r) {
    if (r.parcel.parcel === "mo") outgoing(state, r, r.parcel.from, { way: "failed", why: dropWords(r.reason) }, true);
  },
  bounced: (state, r) => outgoing(state, r, r.to, { way: "failed", why: dropWords(r.reason) }, true),

  submitted(state, r) {
    const bubble = expected(state, r.to, { seq: r.seq, at: r.at, mine: false, number: r.from, text: r.text, way: "queued", why: "", submission: r.submission, ...measured(r.text) });
    state.submissions.set(r.submission, { bubble, to: r.to, from: r.from, text: r.text, ids: [], at: r.at });
  },
  submit_answered(state, r) {
    const submission = state.submissions.get(r.submission);
    if (!submission) return;
    submission.ids = r.message_ids;
    const bubble = submission.bubble;
    for (const id of r.message_ids) {
      const message = state.messages.get(id);
      if (!message || !bubble) continue;
      message.bubble = bubble;
      Object.assign(bubble, message.change);
    }
    if (!bubble || bubble.arrivedAt) return;
    if (r.command_status !== 0) {
      Object.assign(bubble, { way: "failed", why: `the SMSC answered ${hex(r.command_status)}` });
      const phone = state.phones.get(submission.to);
      if (phone) arrived(phone, bubble);
    } else if (bubble.way === "queued" && !bubble.why) {
      bubble.way = "accepted";
    }
  },
  pdu(state, r) {
    if (r.name === "submit_sm" && r.toward === "smsc") state.lastSubmit.set(r.link, r);
  },
  accepted(state, r) {
    const message = { id: r.message_id, to: r.to, carrier: r.carrier, at: r.at, bubble: null, change: {}, state: "enroute", system_id: r.system_id };
    state.messages.set(r.message_id, message);
    const carrier = state.carriers.get(r.carrier);
    if (carrier) carrier.waiting = (carrier.waiting ?? 0) + 1;
    if (r.system_id && r.system_id !== "fbook") {
      const last = [...state.lastSubmit.values()].findLast((pdu) => pdu.seq < r.seq);
      const text = last ? (decodePdu(last.octets).text ?? "") : "";
      const bubble = { seq: r.seq, at: r.at, mine: false, number: r.source.digits, text, way: "accepted", why: "", from: r.system_id, ...measured(text) };
      message.bubble = expected(state, r.to, bubble);
    }
  },
  paged: (state, r) => void incoming(state, r.message_id, { why: "" }),
  waits: (state, r) => void incoming(state, r.message_id, { way: "queued", why: `waits behind ${r.behind}` }),
  attempt_failed: (state, r) => void incoming(state, r.message_id, { way: "queued", why: causeWords(r.cause), attempts: r.attempts, nextAt: r.next_attempt_at }),
  received(state, r) {
    const phone = phoneOf(state, r.handset);
    if (!phone) return;
    const ghosts = phone.arriving.filter((one) => one.number === r.from);
    const ghost = ghosts.find((one) => one.text === r.text) ?? ghosts[0];
    if (!ghost) {
      say(phone, { seq: r.seq, at: r.at, arrivedAt: r.at, mine: false, number: r.from, text: r.text, parts: r.parts, encoding: encodingName(r.encoding), way: "delivered", why: "" });
      return;
    }
    arrived(phone, ghost);
    if (ghost.text !== r.text) ghost.sentText = ghost.text;
    Object.assign(ghost, { text: r.text, parts: r.parts, encoding: encodingName(r.encoding), arrivedAt: r.at, at: r.at, sentAt: ghost.at, way: "delivered", why: "" });
    const place = phone.thread.indexOf(ghost);
    if (place >= 0) phone.thread.push(...phone.thread.splice(place, 1));
  },
  finished(state, r) {
    const message = state.messages.get(r.message_id);
    if (!message) return;
    message.state = r.state;
    const carrier = state.carriers.get(message.carrier);
    if (carrier) carrier.waiting = Math.max(0, (carrier.waiting ?? 0) - 1);
    const delivered = r.state === "delivered";
    if (delivered && message.bubble && !message.bubble.arrivedAt) {
      incoming(state, r.message_id, { why: "delivered, as the carrier says" });
    } else if (!delivered) {
      const why = [stateWords(r.state), r.cause ? causeWords(r.cause) : ""].filter(Boolean).join(": ");
      incoming(state, r.message_id, { way: "failed", why, nextAt: null });
      const phone = state.phones.get(message.to);
      if (phone && message.bubble) arrived(phone, message.bubble);
    }
  },
  receipt(state, r) {
    const bubble = state.submissions.get(r.submission)?.bubble;
    if (bubble) bubble.receipt = r.state;
  },
  carrier_link(state, r) {
    const carrier = state.carriers.get(r.carrier);
    if (carrier) Object.assign(carrier, { up: r.up });
  },
  callback_done(state, r) {
    const callback = state.callbacks.get(r.callback);
    const why = trouble(r.outcome);
    const phone = [...state.phones.values()].find((one) => one.uid === callback?.user);
    if (!why || !phone) return;
    const title = state.apps.get(r.app)?.title ?? "the app";
    say(phone, { seq: r.seq, at: r.at, note: true, text: `${title} ${why}`, url: callback.url });
  },
};

const measured = (text) => {
  const { parts, encoding } = measure(text);
  return { parts, encoding };
};
const hex = (status) => `0x${status.toString(16).padStart(8, "0")}`;
const ENCODINGS = { gsm7: "GSM-7", ucs2: "UCS-2", latin1: "Latin-1", ascii: "ASCII", binary: "binary" };
const encodingName = (name) => ENCODINGS[name] ?? name;

/** Why an app did not get its callback, in words; nothing when it did. */
export function trouble(outcome) {
  if (outcome === "no_url") return "has no URL to call";
  if (outcome === "timed_out") return "did not answer in time";
  if (outcome && typeof outcome === "object") {
    if ("unreachable" in outcome) return `could not be reached: ${outcome.unreachable}`;
    if ("answered" in outcome && outcome.answered !== 200) return `answered HTTP ${outcome.answered}`;
  }
  return "";
}
