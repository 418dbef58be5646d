// One record in full: a PDU's fields and octets, a callback's fields, anything else as it stands.

import { decodePdu, hexDump } from "./pdu.js";
import { show, store } from "./store.js";
import { exactTime } from "./time.js";
import { Copy, Icon, Table, html, useEffect, useRef } from "./ui.js";
import { words } from "./words.js";

export function Inspector() {
  const seq = store.ui.inspected;
  const place = seq === null ? -1 : placeOf(seq);
  const box = useRef(null);
  useEffect(() => {
    const keys = (event) => {
      if (event.key === "Escape" && store.ui.inspected !== null) show({ inspected: null });
    };
    document.addEventListener("keydown", keys);
    return () => document.removeEventListener("keydown", keys);
  }, []);
  if (place < 0) return null;
  const record = store.records[place];
  const [who, what] = words(store.view, record);
  const beside = (by) => store.records[place + by] && show({ inspected: store.records[place + by].seq });
  return html`<aside class="inspector" aria-label=${`Record ${seq}`} ref=${box}>
    <header><h2>${record.event === "pdu" ? record.name : record.event.replaceAll("_", " ")}</h2><small>record ${seq}, ${exactTime(record.at, store.world.zone)}</small>
      <button type="button" class="icon-button" onClick=${() => beside(-1)} aria-label="The record before">↑</button><button type="button" class="icon-button" onClick=${() => beside(1)} aria-label="The record after">↓</button>
      <button type="button" class="icon-button" onClick=${() => show({ inspected: null })} aria-label="Close"><${Icon} name="close" /></button></header>
    <p class="told"><b>${who}</b> ${what}</p>
    ${record.event === "pdu" ? html`<${PduDetails} record=${record} />` : html`<${Fields} record=${record} />`}
  </aside>`;
}

/** Records are in the order of their numbers, with gaps at most. */
function placeOf(seq) {
  let [low, high] = [0, store.records.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = store.records[middle].seq;
    if (found === seq) return middle;
    if (found < seq) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function PduDetails({ record }) {
  const { fields } = decodePdu(record.octets);
  return html`<p>${record.toward === "smsc" ? "to the SMSC" : "from the SMSC"}, ${record.link >= 2 ** 62 ? "the platform's own link" : `link ${record.link}`}</p>
    <${Table} caption="Fields" rows=${fields.map(([name, value]) => [name, html`<code>${value}</code>`])} />
    <p class="label">${record.octets.length / 2} octets <${Copy} text=${record.octets} label="Copy the octets" /></p>
    <pre class="hex">${hexDump(record.octets)}</pre>`;
}

function Fields({ record }) {
  const { seq, at, event, ...rest } = record;
  const pairs = rest.fields ?? rest.params;
  const rows = Object.entries(rest).filter(([name]) => name !== "fields" && name !== "params").map(([name, value]) => [name, html`<code>${typeof value === "string" ? value : JSON.stringify(value)}</code>`]);
  return html`<${Table} caption="The record" rows=${rows} />${pairs ? html`<p class="label">Fields</p><${Table} caption="Fields" rows=${pairs.map(([name, value]) => [name, html`<code>${value}</code>`])} />` : null}
    <p class="label">As JSON <${Copy} text=${JSON.stringify(record, null, 2)} label="Copy the record" /></p>`;
}
