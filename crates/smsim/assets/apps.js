// Apps: what each was told and what it asked, and what came of it.

import { EXCHANGES_MAX, userName } from "./fold_state.js";
import { verdict } from "./fold_exchange.js";
import { quoted, set } from "./language.js";
import { canAct, show, store } from "./store.js";
import { clockTime, exactTime, length } from "./time.js";
import { Copy, Empty, Entry, Icon, Line, Switch, Table, html, useState } from "./ui.js";
import { outcomeWords } from "./words.js";
import { perform } from "./server.js";

const SHOWN_MAX = 100;

export function Apps() {
  const apps = [...store.view.apps.values()];
  if (!apps.length) return html`<${Empty}>This world declares no app.</${Empty}>`;
  // Until one is chosen, the app that something happens with is shown.
  const app = store.view.apps.get(store.ui.app ?? store.view.exchanges.at(-1)?.app) ?? apps[0];
  const exchanges = store.view.exchanges.filter((one) => one.app === app.id);
  return html`<div class="apps">
    <div class="chips" role="group" aria-label="App">${apps.map((one) => html`<button type="button" class="chip" aria-pressed=${one.id === app.id ? "true" : "false"} onClick=${() => show({ app: one.id })}>${one.title}</button>`)}</div>
    <${AppHead} key=${app.id} app=${app} />
    ${store.live ? html`<${Say} key=${`say-${app.id}`} app=${app} />` : null}
    ${exchanges.length === 0 ? html`<${Empty}>No callback and no call yet. A text that begins with <b>${app.canvas}</b> goes to this app.</${Empty}>` : null}
    <ol class="exchanges" aria-label="Callbacks and calls, the newest first">${exchanges.slice(-SHOWN_MAX).reverse().map((one) => html`<${Exchange} key=${one.seq} one=${one} />`)}</ol>
    ${exchanges.length > SHOWN_MAX ? html`<p class="empty">${exchanges.length - SHOWN_MAX} earlier are not shown here; at most ${EXCHANGES_MAX} are kept. The log has them all.</p>` : null}
  </div>`;
}

const ANSWERED = { url: "answers at its URL", rules: "answers by the rules of its declaration", lines: "says what lines let it say" };

function AppHead({ app }) {
  const real = app.url && !/\.invalid\//.test(app.url);
  return html`<div class="app-head">
    <p class="facts"><span>canvas <b>${app.canvas}</b></span> <span>api_key <code>${app.api_key}</code><${Copy} text=${app.api_key} label="Copy the api_key" /></span>
    <span>${real ? ANSWERED.url : (ANSWERED[app.answered_by] ?? "")}</span></p>
    ${store.live ? html`<details class="connect"><summary>Connect your app</summary>
      <p>Point your client library at <code>${location.origin}/restserver.php</code> with this key and the app's secret (<code>smsim apps</code> prints it, and so does <code>serve</code> when it starts), and give the URL that takes callbacks:</p>
      <${Entry} label="URL" value=${real ? app.url : ""} placeholder="http://127.0.0.1:9000/sms" size="28" line=${(url) => set(app.name, "url", url.includes(",") || /\s/.test(url) ? quoted(url) : url)} />
      ${real ? html`<p><button type="button" class="button small" onClick=${() => perform(set(app.name, "url", "none"))}>Disconnect</button> <${Line} line=${set(app.name, "url", "none")} /></p>` : null}
      <p><${Switch} on=${app.sms_capable} label="Registered for SMS" line=${set(app.name, "sms", app.sms_capable ? "off" : "on")} /></p>
    </details>` : null}
  </div>`;
}

/** An app without code is made to text by hand. */
function Say({ app }) {
  const users = [...store.view.users.values()];
  const [user, setUser] = useState(store.ui.user ?? users[0]?.name);
  const [text, setText] = useState("");
  const [how, setHow] = useState("");
  const uid = users.find((one) => one.name === user)?.uid;
  const open = [...store.view.sessions.values()].filter((one) => one.user === uid && one.app === app.id && one.kind === "window");
  const session = open.find((one) => `in ${one.id}` === how);
  const line = session
    ? `${app.name} > sms.send uid=${uid} message=${quoted(text)} session_id=${session.id}`
    : `${app.name} > ${user} ${quoted(text)}${how === "ask" ? ", ask $asked" : ""}`;
  const send = async (event) => {
    event.preventDefault();
    if (text && (await perform(line)).ok) setText((now) => (now === text ? "" : now));
  };
  return html`<form class="say" onSubmit=${send}>
    <label class="unseen" for="say-text">Text of ${app.title}</label>
    <input id="say-text" type="text" value=${text} placeholder=${`${app.title} texts…`} onInput=${(event) => setText(event.target.value)} disabled=${!canAct()} />
    <label>to <select value=${user} onChange=${(event) => setUser(event.target.value)}>${users.map((one) => html`<option value=${one.name} selected=${one.name === user}>${one.name}</option>`)}</select></label>
    <label><span class="unseen">session</span><select value=${how} onChange=${(event) => setHow(event.target.value)}>
      <option value="" selected=${how === ""}>unsolicited</option><option value="ask" selected=${how === "ask"}>and asks for a session</option>
      ${open.map((one) => html`<option value=${`in ${one.id}`} selected=${how === `in ${one.id}`}>in session ${one.id}</option>`)}
    </select></label>
    <button type="submit" class="button" disabled=${!text || !canAct()}>sms.send</button>
    ${text ? html`<${Line} line=${line} />` : null}
  </form>`;
}

function Exchange({ one }) {
  const [open, setOpen] = useState(false);
  const good = verdict(one);
  const zone = store.world.zone;
  const callback = one.kind === "callback";
  const mark = good === null ? html`<span class="mark wait"><${Icon} name="clock" label="under way" /></span>` : good ? html`<span class="mark good"><${Icon} name="check" label="went well" /></span>` : html`<span class="mark bad"><${Icon} name="fail" label="failed" /></span>`;
  const result = callback ? (one.doneAt === null ? "under way" : outcomeWords(one.outcome)) : one.doneAt === null ? "under way" : one.errorCode === null ? "ok" : `= ${one.errorCode}`;
  return html`<li class=${`exchange ${one.kind}`}>
    <button type="button" class="exchange-head" aria-expanded=${open ? "true" : "false"} onClick=${() => setOpen(!open)}>
      ${mark}<time>${clockTime(one.at, zone)}</time>
      <span class="what">${callback ? html`<b>POST</b> ${one.purpose === "sms" ? html`<q dir="auto">${one.message}</q> from ${userName(store.view, one.user)}${one.newUser ? html` <em>new user</em>` : null}` : `${one.purpose} by ${userName(store.view, one.user)}`}` : html`<b>${one.method}</b> ${one.user === null ? "" : `to ${userName(store.view, one.user)} `}${one.message ? html`<q dir="auto">${one.message}</q>` : null}`}${one.session ? html` <span class="session">session ${one.session}</span>` : null}${one.opened ? html` <span class="session">opens session ${one.opened}</span>` : null}</span>
      <span class="result">${result}</span>
      ${one.doneAt !== null ? html`<span class="latency">${length(one.doneAt - one.at)}</span>` : null}
    </button>
    ${one.why ? html`<p class="why">${one.why}</p>` : null}
    ${open ? (callback ? html`<${CallbackDetails} one=${one} />` : html`<${CallDetails} one=${one} />`) : null}
  </li>`;
}

/** What was signed in front of the secret; a session key that is left out of records is named. */
export function baseString(fields) {
  const signed = fields.filter(([name]) => name.startsWith("fb_sig_")).map(([name, value]) => `${name.slice(7)}=${value}`);
  // An expiry is that of a session key.
  if (fields.some(([name]) => name === "fb_sig_expires")) signed.push("session_key=(left out)");
  return signed.sort((a, b) => (a < b ? -1 : 1)).join("");
}

/** Records and this page hold no secret, so that what was signed is shown and its receiver checks it. */
function signature(one) {
  const given = one.fields.find(([name]) => name === "fb_sig")?.[1];
  const left = baseString(one.fields).includes("session_key=(left out)") ? "; a session key was signed too, which records leave out" : "";
  return `fb_sig ${given ?? "is missing"}${left}`;
}

const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl(url, fields) {
  return ["curl", ...fields.map(([name, value]) => `--data-urlencode ${shell(`${name}=${value}`)}`), shell(url)].join(" \\\n  ");
}

function CallbackDetails({ one }) {
  return html`<div class="details">
    <p><b>POST</b> <code>${one.url}</code> <span>${signature(one)}</span></p>
    <${Table} caption="Fields" rows=${one.fields} />
    <p class="label">Signed, in front of the secret</p><pre>${baseString(one.fields)}</pre>
    ${one.answer ? html`<p class="label">Its answer</p><pre>${one.answer}</pre>` : null}
    <p class="buttons"><${CopyCurl} text=${() => curl(one.url, one.fields)} /> <${ShowRecord} seq=${one.seq} at=${one.at} /></p>
  </div>`;
}

function CallDetails({ one }) {
  const signed = () => [...one.params.filter(([name]) => name !== "sig"), ["sig", "(sign it)"]];
  const verdict = one.errorCode === 104 ? "sig is wrong" : one.doneAt === null ? "" : "sig ok";
  const base = one.params.map(([name, value]) => `${name}=${value}`).sort((a, b) => (a < b ? -1 : 1)).join("");
  return html`<div class="details">
    <p><b>${one.method}</b> <span class=${verdict === "sig ok" ? "good" : "bad"}>${verdict}</span></p>
    <${Table} caption="Parameters" rows=${one.params} />
    <p class="label">Signed, in front of the secret</p><pre>${base}</pre>
    ${one.body === null ? null : html`<p class="label">${one.summary}</p><pre>${one.body}</pre>`}
    <p class="buttons"><${CopyCurl} text=${() => curl(`${store.live ? location.origin : "http://127.0.0.1:32665"}/restserver.php`, signed())} /> <${ShowRecord} seq=${one.seq} at=${one.at} /></p>
  </div>`;
}

function CopyCurl({ text }) {
  return html`<span class="copy-curl">as curl <${Copy} text=${text} label="Copy as curl" /></span>`;
}

function ShowRecord({ seq, at }) {
  return html`<button type="button" class="link" onClick=${() => show({ inspected: seq })}>record ${seq}</button> <small>${exactTime(at, store.world.zone)}</small>`;
}

