// Phones side by side: what their owners wrote and got, and what becomes of it.

import { AddPhone } from "./add_phone.js";
import { measure } from "./gsm7.js";
import { compose, set } from "./language.js";
import { perform } from "./server.js";
import { canAct, show, store } from "./store.js";
import { clockTime, date } from "./time.js";
import { Icon, Line, Ring, html, useEffect, useRef, useState } from "./ui.js";
import { stat } from "./words.js";
import { appTitle } from "./fold_state.js";

/** Bubbles that a phone shows at once; the others on demand. */
const SHOWN_MAX = 60;

export function Phones() {
  const phones = [...store.view.phones.values()];
  const only = store.ui.phone;
  const shown = only ? phones.filter((phone) => phone.name === only) : phones;
  return html`<section class=${`phones${only ? " alone" : ""}`} aria-label="Phones">
    ${shown.map((phone) => html`<${Phone} key=${phone.number} phone=${phone} />`)}
    ${store.live && !only ? html`<${AddPhone} />` : null}
  </section>`;
}

function Phone({ phone }) {
  const { name, number, carrier, thread, earlier } = phone;
  const [more, setMore] = useState(SHOWN_MAX);
  const selected = store.ui.user === name;
  const shown = thread.slice(-more);
  const list = useRef(null);
  const last = thread.at(-1);
  useEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [thread.length, last?.seq, last?.way]);
  const waiting = store.ui.guide?.user === name;
  return html`<article class=${`phone${selected ? " selected" : ""}${phone.on ? "" : " off"}${waiting ? " wanted" : ""}`} aria-label=${`Phone of ${name}`} data-phone=${name}>
    <header class="phone-head">
      <button type="button" class="phone-name" onClick=${() => show({ user: name, tab: "user", area: "inspect" })} title=${`Settings of ${name}`}>
        <span class="who">${name}</span><span class="carrier">${carrier}</span>
      </button>
      <span class="phone-state">${Windows({ phone })}${phone.on ? null : html`<${Icon} name="power" label="switched off" />`}${phone.coverage ? null : html`<span class="crossed"><${Icon} name="signal" label="no signal" /></span>`}${phone.memoryFull ? html`<${Icon} name="memory" label="memory full" />` : null}
      ${store.live && !store.ui.phone ? html`<a class="icon-button" href=${`?${new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(location.search)), phone: name })}`} target="_blank" rel="noopener" title="Open this phone in a tab of its own" aria-label=${`Open the phone of ${name} in a tab of its own`}><${Icon} name="out" /></a>` : null}</span>
      <span class="number">${number}</span>
      ${store.live ? html`<span class="phone-switches">
        <${Toggle} on=${phone.on} icon="power" label="Phone on" line=${set(name, "phone", phone.on ? "off" : "on")} />
        <${Toggle} on=${phone.coverage} icon="signal" label="Signal" line=${set(name, "coverage", phone.coverage ? "off" : "on")} />
        <${Toggle} on=${!phone.memoryFull} icon="memory" label="Room in memory" line=${set(name, "memory", phone.memoryFull ? "ok" : "full")} />
      </span>` : null}
    </header>
    <div class="thread" role="log" aria-label=${`Texts of ${name}`} tabindex="0" ref=${list}>
      ${earlier || thread.length > shown.length ? html`<p class="earlier">${thread.length > shown.length ? html`<button type="button" class="link" onClick=${() => setMore(more + SHOWN_MAX)}>${thread.length - shown.length} earlier</button>` : `${earlier} earlier texts are not kept`}</p>` : null}
      ${thread.length === 0 ? html`<p class="empty">No texts yet.</p>` : null}
      ${shown.map((bubble, i) => html`<${Bubble} key=${bubble.seq} bubble=${bubble} before=${shown[i - 1]} />`)}
    </div>
    ${store.live ? html`<${Composer} phone=${phone} />` : null}
  </article>`;
}

/** The sessions of a user whose time runs. */
function Windows({ phone }) {
  const open = [...store.view.sessions.values()].filter((one) => one.user === phone.uid && one.kind === "window");
  return open.map((one) => html`<${Ring} key=${one.id} until=${one.until} lasts=${one.lasts} label=${`session ${one.id}: ${appTitle(store.view, one.app)} may still answer`} />`);
}

const WAYS = {
  waiting: ["hollow", "waits on the phone"],
  air: ["air", "on the air"],
  queued: ["clock", "queued"],
  accepted: ["check", "accepted by the message centre"],
  delivered: ["double", "delivered"],
  failed: ["fail", "failed"],
};

function Bubble({ bubble, before }) {
  const zone = store.world.zone;
  const day = date(bubble.at, zone);
  const newDay = !before || date(before.at, zone) !== day;
  const head = newDay ? html`<p class="day">${day}</p>` : null;
  if (bubble.note) return html`${head}<p class="thread-note"><${Icon} name="fail" label="trouble" /> ${bubble.text}${bubble.url ? html` <code>${bubble.url}</code>` : null}<small>${clockTime(bubble.at, zone)}</small></p>`;
  const [shape, words] = bubble.receipt ? ["disc", `receipt ${stat(bubble.receipt)}`] : (WAYS[bubble.way] ?? WAYS.queued);
  const ghost = !bubble.mine && !bubble.arrivedAt;
  const failed = bubble.way === "failed";
  const open = () => show({ inspected: bubble.seq });
  return html`${head}<div class=${`bubble ${bubble.mine ? "mine" : "theirs"}${ghost ? " ghost" : ""}${failed ? " failed" : ""}`} data-way=${bubble.way}>
    <p class="text" dir="auto">${bubble.text}</p>
    ${bubble.sentText ? html`<p class="altered">sent as: <span dir="auto">${bubble.sentText}</span></p>` : null}
    <p class="meta">
      <span>${bubble.mine ? "to" : "from"} ${bubble.number}</span>
      <time>${clockTime(bubble.at, zone)}</time>
      ${bubble.parts > 1 || bubble.encoding !== "GSM-7" ? html`<span>${bubble.parts > 1 ? `${bubble.parts} SMS · ` : ""}${bubble.encoding}</span>` : null}
      <button type="button" class="shape" onClick=${open} title=${words} aria-label=${`${words}; show the record`}><${Icon} name=${shape} /></button>
    </p>
    ${(ghost || bubble.mine || failed) && bubble.why ? html`<p class="why">${ghost && !failed ? "on its way: " : ""}${bubble.why}${bubble.nextAt ? `; tried again at ${clockTime(bubble.nextAt, zone)}` : ""}</p>` : null}
  </div>`;
}

function Composer({ phone }) {
  const { name } = phone;
  const code = store.world.short_code;
  const [text, setText] = useState("");
  const [to, setTo] = useState(code);
  const [sending, setSending] = useState(false);
  const [other, setOther] = useState(null);
  const field = useRef(null);
  const guide = store.ui.guide?.user === name ? store.ui.guide : null;
  const numbers = [...new Set([code, ...phone.thread.filter((one) => !one.mine && !one.note).map((one) => one.number).reverse()])].slice(0, 8);
  const count = measure(text);
  const line = compose(name, text, to, code);
  const send = async (event) => {
    event?.preventDefault();
    if (!text || sending) return;
    if (guide && text.trim() !== guide.text.trim()) return void setOther(text);
    setSending(true);
    const { ok } = await perform(line);
    setSending(false);
    if (ok) setText((now) => (now === text ? "" : now));
    field.current?.focus();
  };
  const keys = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
  };
  const mark = () => {
    const at = count.offender.at;
    field.current.focus();
    field.current.setSelectionRange(at, at + count.offender.character.length);
  };
  const rows = Math.min(4, Math.max(1, Math.ceil(text.length / 32) + (text.match(/\n/g)?.length ?? 0)));
  const id = `text-${phone.number.slice(1)}`;
  return html`<form class="composer" onSubmit=${send}>
    <div class="composer-row">
      <label class="unseen" for=${id}>Text of ${name}</label>
      <textarea id=${id} ref=${field} rows=${rows} dir="auto" value=${text} placeholder=${guide?.text ? `Text: ${guide.text}` : `Text ${to}`} onInput=${(event) => setText(event.target.value)} onKeyDown=${keys} disabled=${!canAct()}></textarea>
      <button type="submit" class="send" disabled=${!text || sending || !canAct()} aria-label=${`Send ${name}'s text`} title="Send (Enter)"><${Icon} name="send" /></button>
    </div>
    <div class="composer-foot">
      <label class="to"><span class="unseen">${name} texts to</span><select value=${to} onChange=${(event) => setTo(event.target.value)} disabled=${!canAct()}>${numbers.map((number) => html`<option value=${number} selected=${number === to}>${number}</option>`)}</select></label>
      <span class=${`counter${count.encoding === "UCS-2" ? " ucs2" : ""}`} aria-live="off">${count.units}/${count.room} ${count.encoding}${count.parts > 1 ? ` · ${count.parts} SMS` : ""}</span>
    </div>
    ${count.offender ? html`<p class="offender">UCS-2 because of <button type="button" class="link" onClick=${mark}><mark>${context(text, count.offender)[0]}<b>${count.offender.character}</b>${context(text, count.offender)[1]}</mark></button></p>` : null}
    ${guide && other !== null && other === text ? html`<p class="bad other-text" role="alert"><${Icon} name="fail" label="another text" /> The demo waits for <b>${guide.text}</b>. Write that, or leave the demo.</p>` : null}
    ${text ? html`<p class="composer-line"><${Line} line=${line} /></p>` : null}
  </form>`;
}

/** What stands before and after a character, in a few characters. */
function context(text, { at, character }) {
  const before = [...text.slice(0, at)].slice(-8).join("");
  const after = [...text.slice(at + character.length)].slice(0, 8).join("");
  return [before, after];
}

function Toggle({ on, icon, label, line }) {
  return html`<button type="button" role="switch" class="toggle" aria-checked=${on ? "true" : "false"} aria-label=${label} title=${`${label}: ${on ? "yes" : "no"} — ${line}`} disabled=${!canAct()} onClick=${() => perform(line)}><${Icon} name=${icon} /></button>`;
}
