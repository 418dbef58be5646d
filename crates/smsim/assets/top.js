// The bar at the top: which world, its time and how it passes, looking back, sharing.

import { at, wait } from "./language.js";
import { advance, branch, commandClock } from "./server.js";
import { canAct, lookBack, show, store } from "./store.js";
import { share } from "./share.js";
import { clockTime, date, length, zoneName } from "./time.js";
import { Icon, Line, html, useNow, useState } from "./ui.js";

const SPEEDS = [1, 2, 10, 60];

export function Top() {
  return html`<header class="top">
    <h1 class="brand"><img src=${ICON} alt="" width="22" height="22" /><span>FBOOK <b>${store.world.short_code}</b></span></h1>
    <span class="world">${store.live ? html`world <b>${store.id}</b>${store.branchOf ? html` <a href=${`?${originQuery()}`}>branch of ${store.branchOf}</a>` : null}` : html`<b>${store.title ?? "report"}</b>`} <span class="seed">seed ${store.world.seed}</span></span>
    <${Clock} />
    ${store.live ? html`<${Time} />` : null}
    <span class="spacer"></span>
    ${store.live && store.connection !== "live" ? html`<span class="connection" role="status">${store.connection === "lost" ? "connection lost; trying again" : "connecting"}</span>` : null}
    ${store.live ? html`<button type="button" class="button" onClick=${share} title="One HTML file with these records inside"><${Icon} name="share" /> Share</button>` : null}
    <${Theme} />
  </header>`;
}

/** The address of the world that this one branched off from. */
function originQuery() {
  const query = new URLSearchParams(location.search);
  query.set("world", store.branchOf);
  return query;
}

const ICON = "data:image/svg+xml," + encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="9" y="2" width="14" height="28" rx="4" fill="#3b5998"/><rect x="11.5" y="6" width="9" height="12" rx="1" fill="#e8edf7"/></svg>');

function Clock() {
  const at = useNow(250);
  const zone = store.world.zone;
  return html`<span class=${`clock${store.lookingBack === null ? "" : " past"}`} role="timer" aria-label="The world's time"><span class="date">${date(at, zone)}</span> <b>${clockTime(at, zone)}</b> <span class="zone">${zoneName(at, zone)}</span></span>`;
}

function Time() {
  const clock = store.clock;
  const [jumping, setJumping] = useState(false);
  const paused = clock?.mode !== "running";
  const disabled = !canAct();
  const holds = clock?.holds ?? [];
  return html`<span class="time" role="group" aria-label="Time">
    ${clock ? html`<button type="button" class="button icon-only" disabled=${disabled} onClick=${() => commandClock(paused ? "run" : "pause")} aria-label=${paused ? "Let time run" : "Stop time"} title=${paused ? "Let time run" : "Stop time"}><${Icon} name=${paused ? "play" : "pause"} /></button>
    <button type="button" class="button step" disabled=${disabled} onClick=${() => commandClock("step")} title="To the next event"><${Icon} name="step" /><span class="next"><${Next} /></span></button>
    <label class="unseen" for="speed">Speed</label>
    <select id="speed" disabled=${disabled} value=${String(clock.speed ?? 1)} onChange=${(event) => commandClock("run", { speed: Number(event.target.value) })}>${SPEEDS.map((speed) => html`<option value=${speed} selected=${speed === (clock.speed ?? 1)}>×${speed}</option>`)}</select>` : null}
    <button type="button" class="button" disabled=${disabled} onClick=${() => advance("61s")} title=${wait("61s")}>+61 s</button>
    <button type="button" class="button" disabled=${disabled} onClick=${() => advance("1h")} title=${wait("1h")}>+1 h</button>
    <button type="button" class="button" disabled=${disabled} aria-expanded=${jumping ? "true" : "false"} onClick=${() => setJumping(!jumping)}>Jump…</button>
    ${jumping ? html`<${Jump} done=${() => setJumping(false)} />` : null}
    ${holds.map((hold) => html`<span class="hold" key=${hold.name} title="The clock stands still until this is over"><${Icon} name="pause" /> ${hold.name}${hold.kind === "hold" ? html` <button type="button" class="link" onClick=${() => commandClock("release", { name: hold.name })}>release</button>` : null}</span>`)}
  </span>`;
}

function Next() {
  const at = useNow(500);
  const next = store.clock?.next;
  if (!next) return "nothing is due";
  return html`<span title=${next.what}>in ${length(next.at - at)}: ${next.what}</span>`;
}

function Jump({ done }) {
  const [time, setTime] = useState("08:00");
  const [days, setDays] = useState(0);
  const line = at(`${days > 0 ? `+${days}d ` : ""}${time}`);
  const go = async (event) => {
    event.preventDefault();
    if (await commandClock("jump", { to: line.slice(3) })) done();
  };
  return html`<form class="jump" onSubmit=${go}>
    <label>to <input type="time" value=${time} onInput=${(event) => setTime(event.target.value)} required /></label>
    <label>after <input type="number" min="0" max="365" value=${days} onInput=${(event) => setDays(Number(event.target.value))} /> days</label>
    <button type="submit" class="button primary">Jump</button>
    <${Line} line=${line} />
  </form>`;
}

/** Looking back: the records under a slider. */
export function Scrub() {
  const last = store.records.length - 1;
  if (last < 1) return null;
  const back = store.lookingBack !== null;
  const place = store.lookingBack ?? last;
  const zone = store.world.zone;
  const record = store.records[place];
  return html`<div class=${`scrub${back ? " back" : ""}`}>
    <label class="unseen" for="scrub">Look back through the records</label>
    <input id="scrub" type="range" min="0" max=${last} value=${place} onInput=${(event) => lookBack(Number(event.target.value))} aria-valuetext=${`record ${record?.seq}, ${clockTime(record?.at ?? 0, zone)}`} />
    <span class="scrub-at">${back ? html`looking back at record ${record.seq}, ${clockTime(record.at, zone)}` : html`${store.state.count.toLocaleString("en")} records${store.gap ? `, ${store.gap.toLocaleString("en")} missed` : ""}`}</span>
    ${back ? html`<button type="button" class="button small primary" onClick=${() => lookBack(null)}>Return to ${store.live ? "now" : "the end"}</button>` : null}
    ${back && store.live ? html`<button type="button" class="button small" onClick=${() => branch(record.seq)} title="A world of its own that stands here, with the same seed, to go on in"><${Icon} name="branch" /> Branch from here</button>` : null}
    ${back ? html`<button type="button" class="button small" onClick=${() => show({ dock: "scenario", area: "dock" })} title="The scenario up to here, to save and to run">.sms up to here</button>` : null}
  </div>`;
}

const THEMES = ["auto", "light", "dark"];
const kept = () => {
  try {
    return localStorage.getItem("smsim-theme");
  } catch {
    return null;
  }
};
export function applyTheme(theme = kept() ?? "auto") {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  return theme;
}

function Theme() {
  const [theme, setTheme] = useState(kept() ?? "auto");
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  const act = () => {
    setTheme(applyTheme(next));
    try {
      localStorage.setItem("smsim-theme", next);
    } catch {
      // From disk nothing may be kept.
    }
  };
  const icon = { auto: "auto", light: "sun", dark: "moon" }[theme];
  return html`<button type="button" class="button icon-only" onClick=${act} aria-label=${`Colours: ${theme}; change to ${next}`} title=${`Colours: ${theme}`}><${Icon} name=${icon} /></button>`;
}
