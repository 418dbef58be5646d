// Records in plain words, as crates/smsc and crates/scenario say them.

import { decodePdu, statusName } from "./pdu.js";
import { length } from "./time.js";
import { appName, phoneName, userName } from "./fold_state.js";

const CAUSES = {
  absent: "the phone is off", no_coverage: "no signal", memory_full: "the phone's memory is full", busy: "the phone is busy", no_answer: "no answer from the network",
  link_down: "the link to the carrier is down", system_failure: "the network failed", roaming: "it roams where it gets no texts", unknown_subscriber: "no such number",
  barred: "texts to it are barred", equipment: "the phone rejected it", blocked: "the carrier blocks the code",
  volume: "the code has sent enough to the carrier today",
};
const DROPS = {
  unknown_code: "nobody has that number", blocked_code: "the carrier blocks the code", waiting_max: "too much waits already", too_long: "a segment does not fit one SMS",
  binary: "the carrier takes no binary text", rejected: "the ESME rejected it", expired: "it waited too long",
};
const STATES = { expired: "expired", undeliverable: "undeliverable", rejected: "rejected", deleted: "cancelled", unknown: "unknown", delivered: "delivered", accepted: "accepted", enroute: "on its way" };
const STATS = { delivered: "DELIVRD", expired: "EXPIRED", undeliverable: "UNDELIV", rejected: "REJECTD", deleted: "DELETED", unknown: "UNKNOWN", accepted: "ACCEPTD", enroute: "ENROUTE" };
const plain = (word) => String(word).replaceAll("_", " ");

export const causeWords = (cause) => CAUSES[cause] ?? plain(cause);
export const dropWords = (reason) => DROPS[reason] ?? plain(reason);
export const stateWords = (state) => STATES[state] ?? plain(state);
export const stat = (state) => STATS[state] ?? String(state).toUpperCase();

function parcel(state, one) {
  const whose = (number) => phoneName(state, number);
  return {
    mo: () => `text from ${whose(one.from)} to ${one.to?.digits}`,
    receipt: () => `receipt ${stat(one.state)} of ${one.message_id}`,
    notification: () => `notification of ${one.message_id}`,
    acknowledgement: () => `${whose(one.from)}'s acknowledgement of ${one.message_id}`,
    alert: () => `alert that ${whose(one.msisdn)} is reachable`,
  }[one.parcel]?.() ?? one.parcel;
}

const linkName = (number) => (number >= 2 ** 62 ? "fbook's link" : `link ${number}`);
const inBrackets = (text) => (text ? ` (${text})` : "");
const param = (params, name) => params.find(([key]) => key === name)?.[1] ?? "";

/** Who says it, and what: one line of the log. */
export function words(state, r) {
  const told = WORDS[r.event];
  return told ? told(state, r) : ["", plain(r.event)];
}

const WORDS = {
  composed: (s, r) => [phoneName(s, r.handset), `> “${r.text}” to ${r.to}`],
  not_composed: (s, r) => [phoneName(s, r.handset), r.why],
  received: (s, r) => [phoneName(s, r.handset), `< “${r.text}” from ${r.from}${r.parts > 1 ? `, ${r.parts} parts` : ""}`],
  on_air: (s, r) => [r.carrier, `a segment ${r.mobile_originated ? "from" : "to"} ${phoneName(s, r.handset)} is on the air for ${length(r.latency_us)}${r.lost ? ", and is lost" : ""}`],
  pdu: (s, r) => [r.toward === "smsc" ? (s.links.get(r.link) ?? "ESME") : "SMSC", `${r.name}${r.command_status ? ` ${statusName(r.command_status)}` : ""}${pduText(r)}`],
  decision: (s, r) => ["fbook", r.text],
  api_call: (s, r) => [caller(s, r.params), `${param(r.params, "method")}${param(r.params, "uid") ? ` to ${userName(s, Number(param(r.params, "uid")))}` : ""}${param(r.params, "message") ? ` “${param(r.params, "message")}”` : ""}`],
  api_reply: (s, r) => ["fbook", r.summary],
  submitted: (s, r) => ["fbook", `text ${r.submission} to ${phoneName(s, r.to)} from ${r.from}: “${r.text}”`],
  submit_answered: (s, r) => ["SMSC", r.command_status ? `text ${r.submission} refused: ${statusName(r.command_status)}` : `text ${r.submission} is ${r.message_ids.join(", ")}`],
  receipt: (s, r) => ["fbook", `receipt: text ${r.submission} is ${stat(r.state)}`],
  callback_sent: (s, r) => ["fbook", `callback ${r.callback} to ${appName(s, r.app)} about ${userName(s, r.user)}${r.purpose === "sms" ? `: “${param(r.fields, "fb_sig_message")}”` : ` (${r.purpose})`}`],
  callback_done: (s, r) => [appName(s, r.app), `callback ${r.callback}: ${outcomeWords(r.outcome)}`],
  logged_in: (s, r) => [userName(s, r.user), `${r.accepted ? "logs in to" : "cannot log in to"} ${appName(s, r.app)}`],
  joined: (s, r) => [r.user.name, `joins: ${r.what}`],
  not_changed: (s, r) => [r.carrier, `${r.setting} does not count: ${r.reason}`],
  changed: (s, r) => (r.carrier === undefined ? ["set", r.what] : [r.carrier, r.setting]),
  busy: (s, r) => ["world", `more than ${r.hops_per_instant_max} things in one instant; the rest comes a millisecond later`],
  link_opened: (s, r) => ["SMSC", `${linkName(r.link)} opened${inBrackets(r.peer)}`],
  link_closed: (s, r) => ["SMSC", `${linkName(r.link)}${inBrackets(r.system_id)} closed: ${plain(r.reason)}${r.unanswered ? `; ${r.unanswered} unanswered wait again` : ""}`],
  bound: (s, r) => ["SMSC", `${r.system_id} bound as ${r.kind} on ${linkName(r.link)}`],
  address_range_ignored: (s, r) => ["SMSC", `${linkName(r.link)}: the address_range “${r.address_range}” is no expression that can be searched for, and does not count`],
  bind_refused: (s, r) => ["SMSC", `bind of ${r.system_id} refused: ${plain(r.reason)}: ${r.status}`],
  unbound: (s, r) => ["SMSC", `${r.system_id} unbound by the ${r.by_esme ? "ESME" : "SMSC"}`],
  pdu_refused: (s, r) => ["SMSC", `${linkName(r.link)}: ${r.answer} ${r.status}: ${r.reason}`],
  pdu_ignored: (s, r) => ["SMSC", `${linkName(r.link)}: ignored: ${r.reason}`],
  disturbed: (s, r) => ["SMSC", `${linkName(r.link)}: the text to ${r.destination?.digits} ${r.effect}, on demand`],
  request_disturbed: (s, r) => ["SMSC", `${linkName(r.link)}: ${r.operation} ${r.effect}, on demand`],
  submit_refused: (s, r) => ["SMSC", `text of ${r.system_id} to ${phoneName(s, `+${r.destination?.digits}`)} refused: ${plain(typeof r.reason === "object" ? Object.values(r.reason)[0] : r.reason)}: ${r.status}`],
  accepted: (s, r) => ["SMSC", `${r.message_id} accepted: from ${r.source.digits} to ${phoneName(s, r.to)} on ${r.carrier}${r.segments > 1 ? `, ${r.segments} segments` : ""}`],
  waits: (s, r) => ["SMSC", `${r.message_id} waits behind ${r.behind} for ${phoneName(s, r.to)}`],
  paged: (s, r) => ["SMSC", `${r.message_id}: paging ${phoneName(s, r.to)}${r.segments > 1 ? `, segment ${r.segment} of ${r.segments}` : ""}`],
  attempt_failed: (s, r) => ["SMSC", `${r.message_id} to ${phoneName(s, r.to)}: attempt ${r.attempts} failed: ${causeWords(r.cause)}; ${r.next_attempt_at ? `tried again in ${length(r.next_attempt_at - r.at)}` : "not tried again"}`],
  finished: (s, r) => ["SMSC", `${r.message_id} to ${phoneName(s, r.to)}: ${stateWords(r.state)} after ${r.attempts} ${r.attempts === 1 ? "attempt" : "attempts"}${inBrackets(r.cause && causeWords(r.cause))}`],
  replaced: (s, r) => ["SMSC", `${r.message_id} replaced`],
  broadcast_accepted: (s, r) => ["SMSC", `broadcast ${r.message_id} accepted: from ${r.source.digits} into ${r.areas} ${r.areas === 1 ? "area" : "areas"}${r.times === null ? "" : `, ${r.times} times`}`],
  broadcast_refused: (s, r) => ["SMSC", `broadcast of ${r.system_id} refused: ${plain(typeof r.reason === "object" ? Object.values(r.reason)[0] : r.reason)}: ${r.status}`],
  broadcast: (s, r) => ["SMSC", `broadcast ${r.message_id} sent over ${r.carriers} ${r.carriers === 1 ? "carrier" : "carriers"}`],
  broadcast_over: (s, r) => ["SMSC", `broadcast ${r.message_id}: ${stateWords(r.state)}`],
  outbind: (s, r) => ["SMSC", `${r.system_id} called on ${linkName(r.link)}, and asked to bind`],
  not_dialled: (s, r) => ["SMSC", `${r.system_id} could not be called: ${r.why}`],
  late_answer: (s, r) => ["SMSC", `page ${r.attempt}: an answer that came too late`],
  available: (s, r) => ["SMSC", `${phoneName(s, r.msisdn)} is reachable; ${r.waiting} ${r.waiting === 1 ? "text waits" : "texts wait"} for it`],
  receipt_withheld: (s, r) => ["SMSC", `receipt of ${r.message_id} ${r.due_at ? "held back" : "lost, as was asked for"}`],
  sent: (s, r) => ["SMSC", `${parcel(s, r.parcel)} sent to ${r.system_id}`],
  waits_for_esme: (s, r) => ["SMSC", `${parcel(s, r.parcel)} waits for ${r.system_id}: ${plain(r.reason)}; ${r.waiting} wait`],
  unanswered: (s, r) => ["SMSC", `${parcel(s, r.parcel)}: ${r.system_id} did not answer; sent again`],
  answered: (s, r) => ["SMSC", `${parcel(s, r.parcel)}: ${r.system_id} answered ${r.status}${r.again ? "; sent again later" : ""}`],
  dropped: (s, r) => ["SMSC", `${parcel(s, r.parcel)} dropped: ${dropWords(r.reason)}`],
  mo_waits: (s, r) => ["SMSC", `text from ${phoneName(s, r.from)} to ${r.to?.digits} waits: the link to ${r.carrier} is down`],
  bounced: (s, r) => ["SMSC", `${phoneName(s, r.to)} is told that its text failed: ${dropWords(r.reason)}`],
  opted_out: (s, r) => ["SMSC", `${phoneName(s, r.handset)} opted ${r.out ? "out of" : "in to"} ${r.code} at ${r.carrier}`],
  carrier_link: (s, r) => [r.carrier, `link ${r.up ? "up" : "down"}; ${r.waiting} ${r.waiting === 1 ? "text waits" : "texts wait"}`],
  esme: (s, r) => ["fbook's link", [plain(r.esme), ...Object.entries(r).filter(([key]) => !["seq", "at", "event", "esme"].includes(key)).map(([key, value]) => `${plain(key)} ${typeof value === "object" ? JSON.stringify(value) : value}`)].join(", ")],
};

function pduText(r) {
  if (!/^(submit|deliver)_sm$/.test(r.name)) return "";
  const { text, receipt } = decodePdu(r.octets);
  return receipt ? " (receipt)" : text ? ` “${text}”` : "";
}

function caller(state, params) {
  const key = param(params, "api_key");
  return [...state.apps.values()].find((app) => app.api_key === key)?.name ?? "an app";
}

export function outcomeWords(outcome) {
  if (outcome === "no_url") return "no URL";
  if (outcome === "timed_out") return "no answer in time";
  if (outcome && "answered" in outcome) return `HTTP ${outcome.answered}`;
  return `unreachable: ${outcome?.unreachable ?? "?"}`;
}
