// The parts of the page in their places.

import { Apps } from "./apps.js";
import { Carriers } from "./carriers.js";
import { Guide } from "./guide.js";
import { Inspector } from "./inspector.js";
import { Sequence } from "./lanes.js";
import { Log } from "./log.js";
import { Phones } from "./phones.js";
import { Report } from "./report.js";
import { Scenario } from "./scenario.js";
import { Settings } from "./settings.js";
import { StatePanel } from "./state_panel.js";
import { dismiss, show, store } from "./store.js";
import { Timeline } from "./timeline.js";
import { Scrub, Top } from "./top.js";
import { Copy, Icon, Line, Tabs, html } from "./ui.js";

const AREAS = [["phones", "Phones"], ["inspect", "Inspect"], ["dock", "Sequence"]];

export function Page() {
  if (store.ui.phone) return html`<main class="page single"><${Phones} /><${Toasts} /></main>`;
  const live = [...store.view.sessions.values()].length;
  const tabs = [
    { id: "apps", label: "Apps" }, { id: "user", label: store.ui.user ? `Settings of ${store.ui.user}` : "Settings" },
    { id: "carriers", label: "Carriers" }, { id: "state", label: "State", count: live }, { id: "log", label: "Log" },
  ];
  const Panel = { apps: Apps, user: Settings, carriers: Carriers, state: StatePanel, log: Log }[store.ui.tab];
  const docks = [{ id: "sequence", label: "Sequence" }, { id: "timeline", label: "Timeline" }, { id: "scenario", label: ".sms" }];
  const Dock = { sequence: Sequence, timeline: Timeline, scenario: Scenario }[store.ui.dock];
  return html`<div class=${`page area-${store.ui.area}${store.ui.inspected === null ? "" : " inspecting"}`}>
    <${Top} />
    <${Report} />
    <${Scrub} />
    ${store.live ? html`<${Guide} />` : null}
    <nav class="areas" aria-label="Part of the page">${AREAS.map(([id, label]) => html`<button type="button" key=${id} aria-current=${store.ui.area === id ? "true" : undefined} onClick=${() => show({ area: id })}>${label}</button>`)}</nav>
    <main class="work">
      <${Phones} />
      <section class="side" aria-label="Inspect">
        <${Tabs} id="side" label="Inspect" tabs=${tabs} selected=${store.ui.tab} onSelect=${(tab) => show({ tab })} />
        <div class=${`panel panel-${store.ui.tab}`} role="tabpanel" id="side-panel" aria-labelledby=${`side-tab-${store.ui.tab}`} tabindex="0"><${Panel} /></div>
      </section>
      <section class="dock" aria-label="What happened">
        <${Tabs} id="dock" label="What happened" tabs=${docks} selected=${store.ui.dock} onSelect=${(dock) => show({ dock })} />
        <div class="panel" role="tabpanel" id="dock-panel" aria-labelledby=${`dock-tab-${store.ui.dock}`}><${Dock} /></div>
      </section>
      <${Inspector} />
    </main>
    ${store.line ? html`<footer class="foot"><span>last line</span> <${Line} line=${store.line} /></footer>` : null}
    <${Toasts} />
  </div>`;
}

function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">${store.toasts.map((one) => html`<div key=${one.id} class=${`toast ${one.kind}`}>
    ${one.kind === "error" ? html`<${Icon} name="fail" label="error" />` : null}<p>${one.text}${one.line ? html`<code>${one.line}</code>` : null}</p>
    <${Copy} text=${one.text} label="Copy" /><button type="button" class="icon-button" onClick=${() => dismiss(one.id)} aria-label="Dismiss"><${Icon} name="close" /></button>
  </div>`)}</div>`;
}
