// A report of several tests: which passed, what is wrong, and the one that is shown.

import { openSection, store } from "./store.js";
import { length } from "./time.js";
import { Icon, html } from "./ui.js";

export function Report() {
  if (store.live || !store.sections.length || (store.sections.length === 1 && store.sections[0].passed === undefined)) return null;
  const chosen = store.sections[store.section];
  const failed = store.sections.filter((one) => one.passed === false).length;
  return html`<section class="report" aria-label="Tests">
    <p class="report-sum"><b class=${failed ? "bad" : "good"}>${failed ? `${failed} failed` : "all passed"}</b> <span>${store.sections.length} ${store.sections.length === 1 ? "test" : "tests"}</span></p>
    <label class="report-choice"><span class="unseen">Test</span><select value=${store.section} onChange=${(event) => openSection(Number(event.target.value))}>
      ${store.sections.map((one, i) => html`<option value=${i} selected=${i === store.section}>${one.passed ? "✓" : "✗"} ${one.title}</option>`)}
    </select></label>
    <p class="report-where">${chosen.passed ? html`<${Icon} name="check" label="passed" />` : html`<${Icon} name="fail" label="failed" />`} ${chosen.path ? html`<code>${chosen.path}:${chosen.line}</code>` : null} ${chosen.virtual_ms === undefined ? null : html`virtual ${length(chosen.virtual_ms * 1000)}`}${chosen.left_out ? `, ${chosen.left_out} records left out` : ""}</p>
    ${chosen.faults ? html`<pre class="fault">${chosen.faults}</pre>` : null}
  </section>`;
}
