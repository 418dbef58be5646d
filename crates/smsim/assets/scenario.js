// The scenario that this session would be: to read, to save, to run.

import { ask, withToken } from "./server.js";
import { download } from "./share.js";
import { shownRecords, store } from "./store.js";
import { Copy, Icon, html, useState } from "./ui.js";
import { transcript } from "./transcript.js";

export function Scenario() {
  const [name, setName] = useState("what happened");
  const [result, setResult] = useState(null);
  const [running, setRunning] = useState(false);
  const text = transcript(store.world, shownRecords(), name);
  const run = async () => {
    setRunning(true);
    const answer = await ask(withToken("/page/run"), { method: "POST", headers: { "Content-Type": "text/plain" }, body: text });
    setRunning(false);
    setResult(answer.ok ? answer.value : { passed: false, told: answer.why });
  };
  const file = `${name.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, "") || "session"}.sms`;
  return html`<div class="scenario">
    <form class="sequence-options" onSubmit=${(event) => event.preventDefault()}>
      <label>Test <input type="text" value=${name} size="28" onInput=${(event) => setName(event.target.value)} /></label>
      <button type="button" class="button small primary" onClick=${() => download(file, text, "text/plain")}>Save as ${file}</button>
      ${store.live ? html`<button type="button" class="button small" disabled=${running} onClick=${run} title="In a new world, in virtual time">${running ? "Running…" : "Run it"}</button>` : null}
      <span>Copy <${Copy} text=${text} label="Copy the scenario" /></span>
      ${store.lookingBack === null ? null : html`<span class="found">up to the record that is looked back to</span>`}
    </form>
    ${result ? html`<div class=${`run-result ${result.passed ? "passed" : "failed"}`} role="status"><p><${Icon} name=${result.passed ? "check" : "fail"} /> ${result.passed ? "It passes: the same happens again, in a new world." : "It does not pass."}</p><pre>${result.told}</pre></div>` : null}
    <pre class="scenario-text" tabindex="0" role="region" aria-label="The scenario">${text}</pre>
  </div>`;
}
