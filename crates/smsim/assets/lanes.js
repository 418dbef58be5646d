// The sequence: one lane an actor, one row an event, with the PDUs between the message centre and its ESMEs and the
// HTTP calls between the platform and its apps.

import { appName, phoneName } from "./fold_state.js";
import { decodePdu, statusName } from "./pdu.js";
import { show, shownRecords, store } from "./store.js";
import { offset } from "./time.js";
import { Empty, html, useRowsInSight, useState } from "./ui.js";
import { outcomeWords, stat } from "./words.js";

const ROW = 28;
const LANE = 148;
const TIME = 92;

const param = (pairs, name) => pairs.find(([key]) => key === name)?.[1] ?? "";
const cut = (text) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** The lanes between which a record goes, and what stands on it. */
function arrow(state, r, answers) {
  switch (r.event) {
    case "on_air": {
      const phone = lane("phone", phoneName(state, r.handset));
      const carrier = lane("carrier", r.carrier);
      const text = r.lost ? "lost on the air" : "";
      return r.mobile_originated ? { from: phone, to: carrier, text: text || "on the air", quiet: true, bad: r.lost } : { from: carrier, to: phone, text: text || "on the air", quiet: true, bad: r.lost };
    }
    case "composed": return { from: lane("phone", phoneName(state, r.handset)), to: lane("carrier", state.phones.get(r.handset)?.carrier ?? "SMSC"), text: `“${cut(r.text)}”` };
    case "received": return { from: lane("carrier", state.phones.get(r.handset)?.carrier ?? "SMSC"), to: lane("phone", phoneName(state, r.handset)), text: `“${cut(r.text)}”` };
    case "not_composed": return { from: lane("phone", phoneName(state, r.handset)), text: r.why, bad: true };
    case "pdu": return pduArrow(state, r, answers);
    case "callback_sent": return { from: FBOOK, to: lane("app", appName(state, r.app)), text: r.purpose === "sms" ? `POST “${cut(param(r.fields, "fb_sig_message"))}”` : `POST ${r.purpose}` };
    case "callback_done": return { from: lane("app", appName(state, r.app)), to: FBOOK, text: outcomeWords(r.outcome), dashed: true, bad: r.outcome?.answered !== 200, quiet: r.outcome?.answered === 200 };
    case "api_call": {
      const key = param(r.params, "api_key");
      const app = [...state.apps.values()].find((one) => one.api_key === key)?.name ?? "app";
      return { from: lane("app", app), to: FBOOK, text: `${param(r.params, "method")}${param(r.params, "message") ? ` “${cut(param(r.params, "message"))}”` : ""}` };
    }
    case "api_reply": return { from: FBOOK, to: lane("app", r.app === null ? "app" : appName(state, r.app)), text: r.error_code === null ? "ok" : `= ${r.error_code}`, dashed: true, bad: r.error_code !== null };
    case "attempt_failed": return { from: SMSC, to: lane("phone", phoneName(state, r.to)), text: r.cause.replaceAll("_", " "), bad: true, dashed: true };
    case "carrier_link": return { from: lane("carrier", r.carrier), text: `link ${r.up ? "up" : "down"}`, bad: !r.up };
    case "receipt": return { from: FBOOK, text: `receipt ${stat(r.state)}`, quiet: true };
    case "decision": return ["receipt", "callback_answered"].includes(r.code) ? null : { from: FBOOK, text: r.text, note: true };
    default: return null;
  }
}

const lane = (kind, name) => ({ kind, name });
const FBOOK = lane("fbook", "fbook");
const SMSC = lane("smsc", "SMSC");

function pduArrow(state, r, answers) {
  const response = r.name.endsWith("_resp");
  if (response && !answers && !r.command_status) return null;
  const own = r.link >= 2 ** 62;
  const esme = own ? FBOOK : lane("esme", state.links.get(r.link) ?? `link ${r.link}`);
  const [from, to] = r.toward === "smsc" ? [esme, SMSC] : [SMSC, esme];
  const text = /^(submit|deliver)_sm$/.test(r.name) ? decodePdu(r.octets) : null;
  const said = text?.receipt ? " receipt" : text?.text ? ` “${cut(text.text)}”` : "";
  return { from, to, text: `${r.name}${said}${r.command_status ? ` ${statusName(r.command_status)}` : ""}`, dashed: response, bad: r.command_status !== 0, pdu: true, quiet: r.name.startsWith("enquire_link") };
}

const ORDER = ["phone", "carrier", "smsc", "fbook", "app", "esme"];

/** The arrows of the records, each computed once. */
const known = new WeakMap();
function arrowsOf(state, records, show) {
  const arrows = [];
  for (const record of records) {
    const key = show.answers ? "answers" : "requests";
    let kept = known.get(record);
    if (!kept) known.set(record, (kept = {}));
    const found = key in kept ? kept[key] : (kept[key] = arrow(state, record, show.answers));
    if (!found) continue;
    if (found.quiet && !show.air) continue;
    if (found.note && !show.why) continue;
    if (found.pdu && !show.pdus) continue;
    arrows.push({ ...found, record });
  }
  return arrows;
}

function lanesOf(arrows) {
  const found = new Map();
  for (const { from, to } of arrows) {
    for (const one of [from, to]) if (one) found.set(`${one.kind}/${one.name}`, one);
  }
  return [...found.values()].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

export function Sequence() {
  const [shows, setShows] = useState({ pdus: true, answers: false, air: false, why: false });
  const records = shownRecords();
  const arrows = arrowsOf(store.view, records, shows);
  const lanes = lanesOf(arrows);
  const toggle = (what, label) => html`<label class="check"><input type="checkbox" checked=${shows[what]} onChange=${(event) => setShows({ ...shows, [what]: event.target.checked })} /> ${label}</label>`;
  return html`<div class="sequence">
    <div class="sequence-options" role="group" aria-label="What is shown">${toggle("pdus", "PDUs")}${toggle("answers", "responses")}${toggle("air", "air and receipts")}${toggle("why", "decisions")}<span class="found">${arrows.length.toLocaleString("en")} events</span></div>
    ${arrows.length ? html`<${Diagram} arrows=${arrows} lanes=${lanes} />` : html`<${Empty}>Nothing has happened yet.</${Empty}>`}
  </div>`;
}

function Diagram({ arrows, lanes }) {
  const { box, scrolled, first, last } = useRowsInSight(arrows.length, ROW);
  const width = TIME + lanes.length * LANE;
  return html`<div class="diagram" ref=${box} onScroll=${scrolled} tabindex="0" role="region" aria-label="Sequence of events">
    <div class="lane-heads" style=${{ width: `${width}px` }}>${lanes.map((one, i) => html`<span class=${`lane-head kind-${one.kind}`} key=${`${one.kind}/${one.name}`} style=${{ left: `${TIME + i * LANE}px`, width: `${LANE}px` }}>${one.name}</span>`)}</div>
    <div class="lane-space" style=${{ height: `${arrows.length * ROW}px`, width: `${width}px` }}>
      ${lanes.map((one, i) => html`<span class="lane-line" key=${`line-${one.kind}/${one.name}`} style=${{ left: `${TIME + (i + 0.5) * LANE}px` }}></span>`)}
      ${arrows.slice(first, last).map((one, i) => html`<${Arrow} key=${one.record.seq} one=${one} lanes=${lanes} top=${(first + i) * ROW} />`)}
    </div>
  </div>`;
}

function Arrow({ one, lanes, top }) {
  const place = (wanted) => lanes.findIndex((known) => known.kind === wanted.kind && known.name === wanted.name);
  const a = place(one.from);
  const b = one.to ? place(one.to) : a;
  const [left, right] = [Math.min(a, b), Math.max(a, b)];
  const chosen = store.ui.inspected === one.record.seq;
  const time = offset(one.record.at - store.world.start);
  const kinds = `${one.dashed ? " dashed" : ""}${one.bad ? " bad" : ""}${one.pdu ? " pdu" : ""}${a === b ? " point" : b < a ? " leftward" : ""}`;
  const reach = a === b ? LANE * 2.4 : (right - left) * LANE;
  const told = `${time} ${one.from.name}${one.to ? ` to ${one.to.name}` : ""}: ${one.text}`;
  return html`<button type="button" class=${`arrow-row${chosen ? " chosen" : ""}`} style=${{ top: `${top}px` }} onClick=${() => show({ inspected: one.record.seq })} title=${told}>
    <time>${time}</time><span class="unseen">${one.from.name}${one.to ? ` to ${one.to.name}` : ""}:</span>
    <span class=${`arrow${kinds}`} style=${{ left: `${TIME + (left + 0.5) * LANE}px`, width: `${reach}px` }}><span class="arrow-text">${one.text}</span></span>
  </button>`;
}
