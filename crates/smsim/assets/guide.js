// Guided demos: scenario files that are played step by step, with their notes as captions. What a person does in them waits
// for the person.

import { advance, ask, perform, withToken } from "./server.js";
import { canAct, changed, show, store } from "./store.js";
import { Icon, Line, html, useEffect, useState } from "./ui.js";

/** How long a step stands before the next is performed, so that it can be seen. */
const PACE_MS = 700;
/** How long, in the world's time, a text is waited for. */
const PATIENCE = "60s";

const player = { demos: [], demo: null, at: 0, caption: "", waits: null, fault: null, over: false, from: 0 };

async function loadDemos() {
  const answer = await ask(withToken("/page/demos"));
  if (!answer.ok) return;
  const known = new Set([...store.state.users.values(), ...store.world.apps, ...store.world.carriers, ...store.world.esmes].map((one) => one.name));
  const fits = (demo) => demo.steps.every((step) => step.kind === "note" || step.kind === "wait" || known.has(actorOf(step.line)));
  player.demos = answer.value.filter(fits);
  changed();
}

const actorOf = (line) => {
  const words = line.split(/\s+/);
  const name = ["set", "check"].includes(words[0]) ? words[1] : words[0];
  return name === "fbook" ? store.world.users[0]?.name : name;
};

export function startDemo(demo) {
  Object.assign(player, { demo, at: 0, caption: "", waits: null, fault: null, over: false, from: store.state.next });
  store.ui.app = null;
  play(demo);
}

function stop() {
  Object.assign(player, { demo: null, waits: null });
  store.ui.guide = null;
  changed();
}

/** Performs steps until one waits for the person. */
async function play(demo) {
  while (player.demo === demo && player.at < demo.steps.length && !player.waits && !player.fault) {
    const step = demo.steps[player.at];
    if (step.kind === "note") {
      player.caption = step.text;
    } else if (step.kind === "text") {
      waitForText(step);
      return;
    } else if (step.kind === "wait") {
      player.waits = step;
      changed();
      return;
    } else {
      await performStep(step);
      if (player.fault) break;
    }
    next();
    if (demo.steps[player.at]?.kind !== "note") await new Promise((resolve) => setTimeout(resolve, step.line.startsWith("set ") ? 60 : PACE_MS));
  }
  if (player.demo === demo && player.at >= demo.steps.length) player.over = true;
  changed();
}

function next() {
  player.at += 1;
  changed();
}

async function performStep(step) {
  // What arrived before the demo began needs no line.
  const first = player.at === 0;
  const performed = perform(step.line, { quiet: true, fresh: first, timeout: step.line.includes(" < ") ? PATIENCE : "" });
  if (step.kind === "quiet") await advance(step.by);
  const { ok, why, rendered } = await performed;
  if (!ok) player.fault = { why, rendered, line: step.line };
}

/** The person writes it, or lets it be written. */
function waitForText(step) {
  player.waits = step;
  store.ui.guide = { user: step.user, text: step.text };
  changed();
}

/** The text that the demo waits for, once it is sent, goes on with the demo. */
function watch() {
  const step = player.waits;
  if (step?.kind !== "text") return;
  const phone = [...store.state.phones.values()].find((one) => one.name === step.user);
  // Whoever is quick has sent it before it is asked for: it counts from the text before it on.
  const written = phone?.thread.filter((one) => one.mine && one.seq >= player.from) ?? [];
  const wanted = written.find((one) => one.text.trim() === step.text.trim());
  if (!wanted) return;
  player.from = wanted.seq + 1;
  goOn();
}

function goOn() {
  const demo = player.demo;
  player.waits = null;
  store.ui.guide = null;
  next();
  setTimeout(() => play(demo), PACE_MS);
}

async function doIt() {
  const step = player.waits;
  if (step.kind === "text") await perform(step.line);
  else if (await advance(step.by)) goOn();
}

export function Guide() {
  const [chosen, setChosen] = useState(0);
  useEffect(() => void loadDemos(), []);
  watch();
  const { demo, demos, caption, waits, fault, over, at } = player;
  if (!demo) {
    if (!demos.length) return null;
    return html`<section class="guide" aria-label="Guided demos">
      <label>Guided demo <select value=${chosen} onChange=${(event) => setChosen(Number(event.target.value))}>${demos.map((one, i) => html`<option value=${i} selected=${i === chosen}>${one.name}</option>`)}</select></label>
      <button type="button" class="button small primary" disabled=${!canAct()} onClick=${() => startDemo(demos[chosen])}><${Icon} name="play" /> Play</button>
      <span class="hint">or text anything: on ${store.world.users.at(-1)?.name ?? "a"}'s phone, <b>${store.world.apps.at(-1)?.canvas ?? "help"} play</b></span>
    </section>`;
  }
  const steps = demo.steps.filter((one) => one.kind !== "note").length;
  const done = demo.steps.slice(0, at).filter((one) => one.kind !== "note").length;
  return html`<section class="guide playing" aria-label=${`Guided demo: ${demo.name}`}>
    <p class="guide-name"><b>${demo.name}</b> <progress max=${steps} value=${done} aria-label="Steps done"></progress></p>
    <p class="caption" role="status">${caption}</p>
    <div class="guide-act">
      ${waits?.kind === "text" ? html`<span>Text <b>${waits.text}</b> on ${waits.user}'s phone</span> ${waits.human ? null : html`<button type="button" class="button small" onClick=${doIt}>Send it for me</button>`}` : null}
      ${waits?.kind === "wait" ? html`<button type="button" class="button small primary" onClick=${doIt}>Wait ${spoken(waits.by)}</button> <${Line} line=${waits.line} />` : null}
      ${!waits && !over && !fault ? html`<span class="hint"><${Line} line=${demo.steps[at]?.line ?? ""} /></span>` : null}
      ${fault ? html`<span class="bad"><${Icon} name="fail" label="trouble" /> ${fault.why}</span> <button type="button" class="button small" onClick=${() => startDemo(demo)}>Play it again</button>` : null}
      ${over ? html`<button type="button" class="button small primary" onClick=${() => show({ dock: "scenario", area: "dock" })}>Save this as a test</button> <button type="button" class="button small" onClick=${() => startDemo(demo)}>Play it again</button>` : null}
      <button type="button" class="button small" onClick=${stop}>${over ? "Close" : "Leave"}</button>
    </div>
  </section>`;
}

const UNITS = { s: "seconds", m: "minutes", h: "hours", d: "days", ms: "milliseconds" };
const spoken = (by) => by.replace(/(\d+)(ms|s|m|h|d)/g, (_, n, unit) => `${n} ${UNITS[unit]}`);
