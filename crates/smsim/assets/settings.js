// The settings of one user, and of their phone.

import { set } from "./language.js";
import { canAct, show, store } from "./store.js";
import { perform } from "./server.js";
import { Act, Empty, Entry, Line, Switch, html } from "./ui.js";

const yes = (on) => (on ? "on" : "off");

export function Settings() {
  const users = [...store.view.users.values()];
  const user = users.find((one) => one.name === store.ui.user) ?? users[0];
  if (!user) return html`<${Empty}>This world declares nobody: add <code>user carol +14155550103 on CARRIER</code>.</${Empty}>`;
  const { name } = user;
  const phone = store.view.phones.get(user.phone);
  return html`<div class="settings">
    <div class="chips" role="group" aria-label="User">${users.slice(0, 24).map((one) => html`<button type="button" class="chip" aria-pressed=${one.name === name ? "true" : "false"} onClick=${() => show({ user: one.name })}>${one.name}</button>`)}</div>
    <p class="facts"><span>uid <code>${user.uid}</code></span> <span>${user.phone}</span> <span>on <b>${phone?.carrier ?? user.carrier}</b></span> ${store.live ? html`<a href="/home.php" target="_blank" rel="noopener">the pages of 2008</a>` : null}</p>
    <h3>Facebook Mobile</h3>
    <${Switch} on=${user.texts_on} label="Mobile Texts" line=${set(name, "texts", yes(!user.texts_on))} />
    <${Switch} on=${user.registered} label="Phone registered" line=${set(name, "registered", user.registered ? "no" : "yes")} />
    <${Entry} label="Quiet hours" value=${user.quiet_hours ?? ""} placeholder="22:00-08:00" size="11" line=${(value) => set(name, "quiet-hours", value)} />
    <${Entry} label="Daily limit" value=${user.daily_max === null ? "" : String(user.daily_max)} placeholder="none" size="5" line=${(value) => set(name, "daily-limit", value)} />
    <h3>Apps</h3>
    ${[...store.view.apps.values()].map((app) => html`<${AppOfUser} key=${app.id} user=${user} app=${app} />`)}
    <h3>Phone</h3>
    ${phone ? html`<${Switch} on=${phone.on} label="Switched on" line=${set(name, "phone", yes(!phone.on))} />
    <${Switch} on=${phone.coverage} label="Signal" line=${set(name, "coverage", yes(!phone.coverage))} />
    <${Switch} on=${phone.memoryFull} label="Memory full" line=${set(name, "memory", phone.memoryFull ? "ok" : "full")} />
    <${Switch} on=${phone.barred} label="Barred" line=${set(name, "barred", yes(!phone.barred))} />
    <${Switch} on=${phone.roaming} label="Roaming" line=${set(name, "roaming", yes(!phone.roaming))} />
    <${Ported} name=${name} phone=${phone} />` : null}
  </div>`;
}

function Ported({ name, phone }) {
  const carriers = [...store.view.carriers.keys()];
  return html`<span class="choice"><label>Served by <select value=${phone.carrier} disabled=${!canAct()} onChange=${(event) => perform(set(name, "ported", event.target.value))}>${carriers.map((one) => html`<option value=${one} selected=${one === phone.carrier}>${one}</option>`)}</select></label><${Line} line=${set(name, "ported", phone.carrier)} /></span>`;
}

function AppOfUser({ user, app }) {
  const install = user.apps[app.id];
  const words = install ? (install.sms ? "installed, may text" : "installed, may not text") : "not installed";
  return html`<div class="app-of-user"><span class="app-title">${app.title} <small>${words}</small></span>
    <${Switch} on=${Boolean(install?.sms)} label="May text" line=${set(user.name, "app", app.name, install?.sms ? "off" : "on")} />
    ${install ? html`<${Act} line=${set(user.name, "app", app.name, "absent")} kind="small">Remove</${Act}>` : html`<${Act} line=${set(user.name, "app", app.name, "installed")} kind="small">Install</${Act}>`}
  </div>`;
}
