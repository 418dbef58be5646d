// Small parts that the panels are made of.

import { h, html, useEffect, useRef, useState } from "./vendor/preact.js";
import { now, perform } from "./server.js";
import { canAct } from "./store.js";

export { h, html, useEffect, useRef, useState };

/** Draws the part again as the world's time passes. */
export function useNow(ms = 500) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return now();
}

/** Of so many rows of that height only those in sight are drawn; the list stays at its end unless somebody reads further up. */
export function useRowsInSight(count, rowHeight) {
  const over = 12;
  const box = useRef(null);
  const stuck = useRef(true);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  useEffect(() => {
    const watch = new ResizeObserver(() => box.current && setHeight(box.current.clientHeight));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (stuck.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [count]);
  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    stuck.current = scrollTop + clientHeight > scrollHeight - rowHeight;
    setTop(scrollTop);
  };
  const first = Math.max(0, Math.floor(top / rowHeight) - over);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + over);
  return { box, scrolled, first, last };
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // From disk there may be no clipboard: the older way.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

export function Copy({ text, label = "Copy" }) {
  const [copied, setCopied] = useState(false);
  const act = async (event) => {
    event.stopPropagation();
    setCopied(await copy(typeof text === "function" ? text() : text));
    setTimeout(() => setCopied(false), 1500);
  };
  return html`<button type="button" class="copy" onClick=${act} title=${label} aria-label=${`${label}${copied ? ": copied" : ""}`}>${copied ? html`<${Icon} name="check" />` : html`<${Icon} name="copy" />`}</button>`;
}

/** The scenario line that a control performs, to read and to copy. */
export function Line({ line }) {
  return html`<span class="line"><code>${line}</code><${Copy} text=${line} label="Copy this line" /></span>`;
}

/** A switch that performs a line; it stands where the world says it stands. */
export function Switch({ on, label, line, hide = false }) {
  const act = () => perform(line);
  return html`<span class="switch-row">
    <button type="button" role="switch" class="switch" aria-checked=${on ? "true" : "false"} disabled=${!canAct()} onClick=${act} title=${line}><span class="knob"></span><span class="switch-label">${label}</span></button>
    ${hide ? null : html`<${Line} line=${line} />`}
  </span>`;
}

/** A button that performs a line. */
export function Act({ line, children, kind = "", hide = false, ...rest }) {
  return html`<span class="act"><button type="button" class=${`button ${kind}`} disabled=${!canAct()} onClick=${() => perform(line)} title=${line} ...${rest}>${children}</button>${hide ? null : html`<${Line} line=${line} />`}</span>`;
}

/** A choice of values, each of which performs a line. */
export function Choice({ label, value, values, line }) {
  return html`<span class="choice"><label>${label} <select disabled=${!canAct()} value=${value} onChange=${(event) => perform(line(event.target.value))}>
    ${values.map((one) => html`<option value=${one} selected=${one === value}>${one}</option>`)}
  </select></label><${Line} line=${line(value)} /></span>`;
}

/** A value to be typed, which performs a line. */
export function Entry({ label, value, line, placeholder = "", size = 8, list }) {
  const [text, setText] = useState(null);
  const shown = text ?? value ?? "";
  const act = async (event) => {
    event.preventDefault();
    // What was typed while the line was on its way stays.
    if ((await perform(line(shown))).ok) setText((now) => (now === shown ? null : now));
  };
  return html`<form class="entry" onSubmit=${act}><label>${label} <input type="text" size=${size} value=${shown} placeholder=${placeholder} list=${list} disabled=${!canAct()} onInput=${(event) => setText(event.target.value)} /></label>
    <button type="submit" class="button small" disabled=${!canAct() || shown === ""}>Set</button>
    ${shown === "" ? null : html`<${Line} line=${line(shown)} />`}</form>`;
}

/** Tabs by the pattern of the ARIA practices: arrow keys move between them. */
export function Tabs({ label, tabs, selected, onSelect, id }) {
  const keys = (event) => {
    const at = tabs.findIndex((tab) => tab.id === selected);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    onSelect(tab.id);
    document.getElementById(`${id}-tab-${tab.id}`)?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} onKeyDown=${keys}>
    ${tabs.map((tab) => html`<button type="button" role="tab" key=${tab.id} id=${`${id}-tab-${tab.id}`} aria-selected=${tab.id === selected ? "true" : "false"} aria-controls=${`${id}-panel`} tabindex=${tab.id === selected ? 0 : -1} onClick=${() => onSelect(tab.id)}>${tab.label}${tab.count ? html` <span class="count">${tab.count}</span>` : null}</button>`)}
  </div>`;
}

/** What is left of a length of time, as a ring. */
export function Ring({ until, lasts, label, size = 18 }) {
  const at = useNow(250);
  const left = Math.max(0, until - at);
  const share = lasts > 0 ? Math.min(1, left / lasts) : 0;
  const r = 7;
  const round = 2 * Math.PI * r;
  return html`<svg class=${`ring${share < 0.2 ? " short" : ""}`} width=${size} height=${size} viewBox="0 0 18 18" role="img" aria-label=${label}>
    <title>${label}</title>
    <circle cx="9" cy="9" r=${r} class="ring-back" />
    <circle cx="9" cy="9" r=${r} class="ring-left" stroke-dasharray=${`${round * share} ${round}`} transform="rotate(-90 9 9)" />
  </svg>`;
}

const PATHS = {
  check: "M3 8.5l3.2 3.2L13 4.8",
  double: "M1 8.5l3 3L10 5M7 11.5L13.8 5",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  clock: "M8 2a6 6 0 100 12A6 6 0 008 2zM8 4.5V8l2.4 1.6",
  fail: "M8 2.2l6.3 11.3H1.7zM8 6.3v3.4M8 11.6v.4",
  air: "M3 11a7 7 0 010-6M13 11a7 7 0 000-6M5.4 9.4a3.6 3.6 0 010-2.8M10.6 9.4a3.6 3.6 0 000-2.8",
  disc: "M8 2a6 6 0 100 12A6 6 0 008 2zM5 8.2l2.1 2.1L11.2 6",
  hollow: "M8 3.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9z",
  play: "M5 3.5v9l7-4.5z",
  pause: "M5 3.5v9M11 3.5v9",
  step: "M4 3.5v9l6-4.5zM12 3.5v9",
  out: "M9 2.5h4.5V7M13.2 2.8L8 8M6.5 3.5h-4v10h10v-4",
  gear: "M8 5.8a2.2 2.2 0 100 4.4 2.2 2.2 0 000-4.4zM8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6L5 5M11 11l1.4 1.4M12.4 3.6L11 5M5 11l-1.4 1.4",
  send: "M2.5 8L13.5 3l-3 10.5-3-4.2zM7.5 9.3L13.5 3",
  close: "M4 4l8 8M12 4l-8 8",
  power: "M8 2.5v5M4.6 4.6a5 5 0 106.8 0",
  signal: "M3 13v-2M6.3 13V9M9.6 13V6.5M13 13V3.5",
  memory: "M4 2.5h6l2.5 2.5v8.5h-8.5zM6.5 10h4M6.5 7.5h4",
  sun: "M8 5.2a2.8 2.8 0 100 5.6 2.8 2.8 0 000-5.6zM8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1",
  moon: "M13 9.6A5.6 5.6 0 016.4 3 5.6 5.6 0 1013 9.6z",
  auto: "M8 2a6 6 0 100 12A6 6 0 008 2zM8 2v12",
  plus: "M8 3v10M3 8h10",
  share: "M8 9.5v-7M5 5l3-3 3 3M3.5 8.5v5h9v-5",
  branch: "M5 4.8v6.4M5 7.8c0 2 6 0 6-3M5 2.2a1.3 1.3 0 100 2.6 1.3 1.3 0 000-2.6zM5 11.2a1.3 1.3 0 100 2.6 1.3 1.3 0 000-2.6zM11 2.2a1.3 1.3 0 100 2.6 1.3 1.3 0 000-2.6z",
  back: "M9.5 3.5L5 8l4.5 4.5",
};

export function Icon({ name, label, size = 16 }) {
  return html`<svg class=${`icon icon-${name}`} width=${size} height=${size} viewBox="0 0 16 16" role=${label ? "img" : undefined} aria-label=${label} aria-hidden=${label ? undefined : "true"}>${label ? html`<title>${label}</title>` : null}<path d=${PATHS[name]} /></svg>`;
}

/** A list of names and values. */
export function Table({ rows, caption }) {
  return html`<table class="fields"><caption class="unseen">${caption}</caption><tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
}

export const Empty = ({ children }) => html`<p class="empty">${children}</p>`;
