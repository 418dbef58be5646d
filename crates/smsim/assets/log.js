// Every record in words, to search.

import { show, shownRecords, store } from "./store.js";
import { exactTime } from "./time.js";
import { Empty, html, useRowsInSight, useState } from "./ui.js";
import { words } from "./words.js";

const ROW = 26;

const GROUPS = {
  all: () => true,
  decisions: (r) => r.event === "decision",
  texts: (r) => ["composed", "received", "submitted", "receipt", "not_composed", "finished", "attempt_failed", "bounced"].includes(r.event),
  apps: (r) => ["api_call", "api_reply", "callback_sent", "callback_done", "logged_in"].includes(r.event),
  PDUs: (r) => r.event === "pdu",
  changes: (r) => r.event === "changed" || r.event === "carrier_link" || (r.event === "decision" && r.code === "changed"),
};

export function Log() {
  const [search, setSearch] = useState("");
  const [group, setGroup] = useState("all");
  const found = shownRecords().filter(GROUPS[group]).filter(matching(search));
  return html`<div class="log">
    <form class="log-search" role="search" onSubmit=${(event) => event.preventDefault()}>
      <label class="unseen" for="log-search">Search the log</label>
      <input id="log-search" type="search" value=${search} placeholder="Search" onInput=${(event) => setSearch(event.target.value)} />
      <label><span class="unseen">Kind</span><select value=${group} onChange=${(event) => setGroup(event.target.value)}>${Object.keys(GROUPS).map((one) => html`<option value=${one} selected=${one === group}>${one}</option>`)}</select></label>
      <span class="found" aria-live="polite">${found.length.toLocaleString("en")}</span>
    </form>
    ${found.length ? html`<${Rows} records=${found} />` : html`<${Empty}>Nothing like that was recorded.</${Empty}>`}
  </div>`;
}

function matching(search) {
  const wanted = search.trim().toLowerCase();
  if (!wanted) return () => true;
  return (record) => {
    const [who, what] = words(store.view, record);
    return `${who} ${what} ${record.event} ${record.code ?? ""}`.toLowerCase().includes(wanted);
  };
}

function Rows({ records }) {
  const { box, scrolled, first, last } = useRowsInSight(records.length, ROW);
  return html`<div class="log-rows" ref=${box} onScroll=${scrolled} tabindex="0" role="region" aria-label="Records">
    <div class="log-space" style=${{ height: `${records.length * ROW}px` }}>
      ${records.slice(first, last).map((record, i) => html`<${Row} key=${record.seq} record=${record} top=${(first + i) * ROW} />`)}
    </div>
  </div>`;
}

function Row({ record, top }) {
  const [who, what] = words(store.view, record);
  const chosen = store.ui.inspected === record.seq;
  return html`<button type="button" class=${`log-row${chosen ? " chosen" : ""}`} style=${{ top: `${top}px` }} onClick=${() => show({ inspected: record.seq })}>
    <time>${exactTime(record.at, store.world.zone)}</time><span class="log-who">${who}</span><span class="log-what" title=${what}>${what}</span>
  </button>`;
}
