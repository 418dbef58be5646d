// The timeline: one row an actor, time from left to right; where nothing happens for long, the line is shortened.

import { appName, phoneName } from "./fold_state.js";
import { show, shownRecords, store } from "./store.js";
import { exactTime, length, offset } from "./time.js";
import { Empty, html, useEffect, useRef } from "./ui.js";
import { words } from "./words.js";

const ROW = 30;
const NAME = 110;
/** Events that are drawn: the last ones. */
const EVENTS_MAX = 600;
const PIXELS_PER_S = 14;
const GAP_MAX = 130;
const GAP_MIN = 7;

function actorOf(state, r) {
  switch (r.event) {
    case "composed": case "received": case "not_composed": return phoneName(state, r.handset);
    case "callback_sent": case "callback_done": return appName(state, r.app);
    case "api_reply": return r.app === null ? null : appName(state, r.app);
    case "decision": return ["receipt", "callback_answered"].includes(r.code) ? null : "fbook";
    case "submitted": case "receipt": return "fbook";
    case "attempt_failed": case "accepted": case "finished": return "SMSC";
    case "carrier_link": return r.carrier;
    case "changed": return r.carrier ?? null;
    default: return null;
  }
}

const bad = (r) => (r.event === "api_reply" && r.error_code !== null) || r.event === "attempt_failed" || (r.event === "finished" && r.state !== "delivered") || (r.event === "callback_done" && r.outcome?.answered !== 200) || (r.event === "carrier_link" && !r.up);
const SHAPES = { composed: "out", received: "in", callback_sent: "in", api_reply: "out", decision: "note" };

export function Timeline() {
  const box = useRef(null);
  const state = store.view;
  const events = [];
  for (const record of shownRecords().slice(-EVENTS_MAX * 8)) {
    const actor = actorOf(state, record);
    if (actor) events.push({ record, actor });
  }
  const drawn = events.slice(-EVENTS_MAX);
  let x = NAME + 20;
  let before = null;
  const gaps = [];
  for (const one of drawn) {
    if (before !== null) {
      const gap = one.record.at - before;
      const wide = (gap / 1e6) * PIXELS_PER_S;
      if (wide > GAP_MAX) gaps.push({ x: x + GAP_MAX / 2, text: length(gap) });
      x += gap === 0 ? 0 : Math.min(GAP_MAX, Math.max(GAP_MIN, wide));
    }
    one.x = x;
    before = one.record.at;
  }
  // What happens in one instant stands side by side.
  const last = new Map();
  for (const one of drawn) {
    one.x = Math.max(one.x, (last.get(one.actor) ?? -100) + 9);
    last.set(one.actor, one.x);
  }
  const actors = [...new Set(drawn.map((one) => one.actor))];
  const width = Math.max(...drawn.map((one) => one.x), 0) + 60;
  useEffect(() => {
    if (box.current) box.current.scrollLeft = box.current.scrollWidth;
  }, [drawn.length]);
  if (!drawn.length) return html`<${Empty}>Nothing has happened yet.</${Empty}>`;
  const zone = store.world.zone;
  return html`<div class="timeline" ref=${box} tabindex="0" role="region" aria-label="Timeline">
    <div class="timeline-space" style=${{ width: `${width}px`, height: `${actors.length * ROW + 30}px` }}>
      ${gaps.map((gap) => html`<span class="timeline-gap" style=${{ left: `${gap.x}px`, height: `${actors.length * ROW}px` }}><small>${gap.text}</small></span>`)}
      ${actors.map((actor, i) => html`<span class="timeline-line" key=${actor} style=${{ top: `${i * ROW + ROW / 2}px`, width: `${width}px` }}></span>`)}
      ${drawn.map((one) => {
        const [who, what] = words(state, one.record);
        const told = `${offset(one.record.at - store.world.start)} ${exactTime(one.record.at, zone)} ${who} ${what}`;
        return html`<button type="button" key=${one.record.seq} class=${`tick ${SHAPES[one.record.event] ?? "dot"}${bad(one.record) ? " bad" : ""}${store.ui.inspected === one.record.seq ? " chosen" : ""}`} style=${{ left: `${one.x}px`, top: `${actors.indexOf(one.actor) * ROW + ROW / 2}px` }} title=${told} aria-label=${told} onClick=${() => show({ inspected: one.record.seq })}></button>`;
      })}
    </div>
    <div class="timeline-names" style=${{ height: `${actors.length * ROW}px` }}>${actors.map((actor, i) => html`<span key=${actor} style=${{ top: `${i * ROW}px` }}>${actor}</span>`)}</div>
  </div>`;
}
