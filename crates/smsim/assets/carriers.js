// Carriers, with everything that can go wrong on demand; outside ESMEs and the platform's own link.

import { set } from "./language.js";
import { perform } from "./server.js";
import { canAct, store } from "./store.js";
import { Act, Choice, Empty, Entry, Line, Switch, html, useState } from "./ui.js";

const RECEIPTS = ["normal", "late", "lost", "duplicated", "early", "sibling", "wrong_id", "one_part"];
/** What a `submit_sm` can meet, as simulator-config/README.md lists it. */
const FAULTS = [
  "ESME_RTHROTTLED", "ESME_RMSGQFUL", "ESME_RSYSERR", "ESME_RINVDSTADR", "ESME_RINVSRCADR", "ESME_RSUBMITFAIL", "ESME_RUNKNOWNERR",
  "none", "late 5s", "out_of_order", "wrong_sequence", "nack", "nack_without_sequence", "malformed", "wrong_length", "cut", "no_body", "unbind", "reset", "silence", "slow 10",
  "receipt late", "receipt lost", "receipt duplicated", "receipt early", "delivered", "failed absent",
];

export function Carriers() {
  const carriers = [...store.view.carriers.values()];
  return html`<div class="carriers">
    ${carriers.length === 0 ? html`<${Empty}>This world declares no carrier.</${Empty}>` : null}
    ${carriers.map((carrier) => html`<${Carrier} key=${carrier.name} carrier=${carrier} />`)}
    <section class="card"><h3>fbook's own link</h3><${Switch} on=${store.view.bound} label="Bound" line=${set("fbook", "bind", store.view.bound ? "down" : "up")} /></section>
    ${[...store.view.esmes.values()].map((esme) => html`<section class="card" key=${esme.name}><h3>${esme.name} <small>ESME ${esme.system_id}, ${esme.codes.join(" ")}</small></h3><p>${esme.links ? `bound on ${esme.links} ${esme.links === 1 ? "link" : "links"}` : "not bound"}</p>
      <${Act} line=${set(esme.name, "bind", esme.links ? "down" : "up")} kind="small">${esme.links ? "Unbind" : "Bind it by script"}</${Act}></section>`)}
  </div>`;
}

function Carrier({ carrier }) {
  const { name } = carrier;
  const apps = [...store.view.apps.values()];
  return html`<section class=${`card${carrier.up ? "" : " down"}`} data-carrier=${name}>
    <h3>${name} <small>${carrier.up ? "" : "link down · "}${carrier.waiting ? `${carrier.waiting} on their way` : "nothing waits"}</small></h3>
    <${Switch} on=${carrier.up} label="Link up" line=${set(name, "link", carrier.up ? "down" : "up")} />
    <${Entry} label="Latency" value=${carrier.latency} size="9" line=${(value) => set(name, "latency", value)} />
    <${Entry} label="Loss" value=${carrier.loss} size="6" line=${(value) => set(name, "loss", value)} />
    <${Entry} label="Throttle" value=${carrier.throttle === null || carrier.throttle === undefined ? "" : String(carrier.throttle)} placeholder="none" size="6" line=${(value) => set(name, "throttle", value)} />
    <${Choice} label="Receipts" value=${carrier.receipts} values=${RECEIPTS} line=${(value) => set(name, "receipts", value)} />
    <${Answer} carrier=${carrier} />
    <div class="blocks"><span class="label">Blocks</span>${apps.map((app) => {
      const blocked = carrier.blocked.includes(app.id);
      return html`<${Switch} key=${app.id} on=${blocked} label=${app.title} line=${set(name, blocked ? "unblock" : "block", app.name)} />`;
    })}</div>
  </section>`;
}

function Answer({ carrier }) {
  const [what, setWhat] = useState("");
  const [count, setCount] = useState("");
  const line = set(carrier.name, "answer", what || FAULTS[0], ...(count ? ["for", count] : []));
  const act = (event) => {
    event.preventDefault();
    perform(line);
  };
  const on = [carrier.answer, ...(carrier.faults ?? [])].filter(Boolean);
  return html`<form class="entry answer" onSubmit=${act}>
    <label>Answer submit_sm with <input type="text" size="18" list="faults" value=${what} placeholder=${FAULTS[0]} onInput=${(event) => setWhat(event.target.value)} disabled=${!canAct()} /></label>
    <label>for <input type="text" inputmode="numeric" size="4" value=${count} placeholder="ever" onInput=${(event) => setCount(event.target.value)} disabled=${!canAct()} /></label>
    <button type="submit" class="button small" disabled=${!canAct()}>Set</button><${Line} line=${line} />
    ${on.length ? html`<p class="now">now: ${on.join("; ")} <${Act} line=${set(carrier.name, "answer", "ESME_ROK")} kind="small">End all</${Act}></p>` : null}
    <datalist id="faults">${FAULTS.map((one) => html`<option value=${one} />`)}</datalist>
  </form>`;
}
