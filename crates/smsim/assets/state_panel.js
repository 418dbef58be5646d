// What the platform knows now: sessions as rings, kept texts, installs, quotas as meters, links.

import { appTitle, userName } from "./fold_state.js";
import { store } from "./store.js";
import { length } from "./time.js";
import { Empty, Ring, html, useNow } from "./ui.js";

const KINDS = { window: "the app may answer for", waiting: "waits for the user for", question: "waits for a yes for" };

export function StatePanel() {
  const at = useNow(1000);
  const { sessions, requests, apps, users, links } = store.view;
  const live = [...sessions.values()].filter((one) => one.until > at);
  const kept = [...requests.values()].filter((one) => one.until > at);
  return html`<div class="state">
    <h3>Sessions</h3>
    ${live.length ? html`<ul class="rows">${live.map((one) => html`<li key=${`${one.user}/${one.id}`}><${Ring} until=${one.until} lasts=${one.lasts} label=${`${length(one.until - at)} left`} size="22" /> <span><b>session ${one.id}</b> ${userName(store.view, one.user)} and ${appTitle(store.view, one.app)}: ${KINDS[one.kind]} <b>${length(one.until - at)}</b></span></li>`)}</ul>` : html`<${Empty}>No session is open.</${Empty}>`}
    <h3>Texts that wait for a yes</h3>
    ${kept.length ? html`<ul class="rows">${kept.map((one) => html`<li key=${`${one.user}/${one.app}`}><${Ring} until=${one.until} lasts=${one.lasts} label=${`${length(one.until - at)} left`} size="22" /> <span>${userName(store.view, one.user)}'s <q dir="auto">${one.message}</q> for ${appTitle(store.view, one.app)}: <b>${length(one.until - at)}</b></span></li>`)}</ul>` : html`<${Empty}>None.</${Empty}>`}
    <h3>Quotas</h3>
    <ul class="rows">${[...apps.values()].map((app) => html`<${Pool} key=${app.id} app=${app} users=${users} />`)}</ul>
    <h3>Installed</h3>
    <div class="scroll"><table class="installs"><caption class="unseen">Which user has installed which app</caption><thead><tr><th scope="col">user</th>${[...apps.values()].map((app) => html`<th scope="col" key=${app.id}>${app.title}</th>`)}<th scope="col">texts</th></tr></thead>
    <tbody>${[...users.values()].slice(0, 100).map((user) => html`<tr key=${user.uid}><th scope="row">${user.name}</th>${[...apps.values()].map((app) => html`<td key=${app.id}>${user.apps[app.id] ? (user.apps[app.id].sms ? "● may text" : "○ no texts") : "–"}</td>`)}<td>${user.registered ? (user.texts_on ? "on" : "off") : "not registered"}</td></tr>`)}</tbody></table></div>
    <h3>SMPP links</h3>
    ${links.size ? html`<ul class="rows">${[...links.entries()].map(([link, name]) => html`<li key=${link}>${name} <small>${link >= 2 ** 62 ? "the platform's own" : `link ${link}`}</small></li>`)}</ul>` : html`<${Empty}>Nobody is bound.</${Empty}>`}
  </div>`;
}

function Pool({ app, users }) {
  const optedIn = [...users.values()].filter((user) => user.apps[app.id]?.sms).length;
  const pool = optedIn * store.world.settings.app_daily_pool_per_user;
  const left = Math.min(app.poolLeft ?? pool, Math.max(pool, app.poolLeft ?? 0));
  const max = Math.max(pool, left, 1);
  return html`<li><meter min="0" max=${max} low=${max * 0.25} optimum=${max} value=${left} aria-label=${`Unsolicited texts left today of ${app.title}`}></meter> <span>${app.title}: <b>${left}</b> of ${pool} unsolicited texts left today</span></li>`;
}
