// Settings that were changed: of users, apps, carriers, phones and links.

import { install } from "./fold_conversation.js";
import { readDebug } from "./language.js";
import { countLinks, phoneOf } from "./fold_state.js";

export function changeStep(state, r) {
  if (r.event === "decision" && r.code === "changed") decided(state, r);
  else if (r.event === "changed" && r.what !== undefined) changed(state, r);
  else if (r.event === "changed" && r.carrier !== undefined) carrier(state, r);
  else if (r.event === "joined") joined(state, r);
  else if (r.event === "bound") bound(state, r, true);
  else if (r.event === "unbound" || r.event === "link_closed") bound(state, r, false);
}

/** A user who joins is one as those with whom the world began. */
function joined(state, { user }) {
  const { uid, name, phone: number, operator: carrier, registered, texts_on, zone, quiet_hours, daily_max } = user;
  const apps = Object.fromEntries(Object.entries(user.apps).map(([app, one]) => [app, { sms: one.sms_granted }]));
  state.users.set(uid, { name, uid, phone: number, carrier, registered, texts_on, zone, quiet_hours, daily_max, apps });
  state.names.set(number, name);
  Object.assign(phoneOf(state, number) ?? {}, { name, uid, carrier });
}

/** The ends of the platform's sentences about changes of one user. */
const SENTENCES = [
  [/Mobile Texts (on|off)$/, (state, r, [, on]) => user(state, r, { texts_on: on === "on" })],
  [/phone registered$/, (state, r) => user(state, r, { registered: true })],
  [/Facebook Mobile removed$/, (state, r) => user(state, r, { registered: false })],
  [/installed, without sms$/, (state, r) => install(state, r, { sms: false })],
  [/installed, sms granted$/, (state, r) => install(state, r, { sms: true })],
  [/accepted$/, (state, r) => install(state, r, state.users.get(r.user)?.apps[r.app] ?? { sms: false })],
  [/sms taken back$|gave sms up itself$/, (state, r) => state.users.get(r.user)?.apps[r.app] && install(state, r, { sms: false })],
  [/removed$|removed itself$/, (state, r) => install(state, r, null)],
  [/quiet hours (\S+)$/, (state, r, [, hours]) => user(state, r, { quiet_hours: hours === "none" ? null : hours })],
  [/daily limit (\S+)$/, (state, r, [, max]) => user(state, r, { daily_max: max === "none" ? null : Number(max) })],
  [/^(\d+) left in the pool/, (state, r, [, left]) => app(state, r, { poolLeft: Number(left) })],
  [/not registered for SMS any more$/, (state, r) => app(state, r, { sms_capable: false })],
  [/is registered for SMS$/, (state, r) => app(state, r, { sms_capable: true })],
  [/^(\S+) disallows /, (state, r, [, name]) => block(state, name, r.app, true)],
  [/^(\S+) allows /, (state, r, [, name]) => block(state, name, r.app, false)],
];

function decided(state, r) {
  for (const [pattern, act] of SENTENCES) {
    const found = pattern.exec(r.text);
    if (found) return void act(state, r, found);
  }
}

const user = (state, r, change) => void Object.assign(state.users.get(r.user) ?? {}, change);
const app = (state, r, change) => void Object.assign(state.apps.get(r.app) ?? {}, change);
function block(state, name, app, blocked) {
  const found = state.carriers.get(name);
  if (found) found.blocked = [...found.blocked.filter((one) => one !== app), ...(blocked ? [app] : [])];
}

const SETTINGS = { Power: "on", Coverage: "coverage", MemoryFull: "memoryFull", Barred: "barred", Roaming: "roaming" };

/** What a line sets of a phone, by its words. */
const WORDS = { phone: ["on", "on"], coverage: ["coverage", "on"], memory: ["memoryFull", "full"], barred: ["barred", "on"], roaming: ["roaming", "on"] };

/** A change in the words of its line. */
function line(state, [, name, key, value]) {
  const phone = [...state.phones.values()].find((one) => one.name === name);
  const app = [...state.apps.values()].find((one) => one.name === name);
  if (phone && WORDS[key]) phone[WORDS[key][0]] = value === WORDS[key][1];
  else if (phone && key === "ported") phone.carrier = value;
  else if (app && key === "url") app.url = value === "none" ? null : value.replace(/^"|"$/g, "");
}

/** A change as whoever runs the simulation asked for it. */
function changed(state, r) {
  const words = /^set (\S+) (\S+) (.+)$/.exec(r.what);
  if (words) return void line(state, words);
  const change = readDebug(r.what);
  if (change?.name === "Handset") {
    const [msisdn, setting] = change.args;
    const phone = phoneOf(state, `+${msisdn?.args?.[0] ?? ""}`);
    if (phone && SETTINGS[setting?.name]) phone[SETTINGS[setting.name]] = setting.args[0] === "true";
  } else if (change?.name === "Ported") {
    const phone = phoneOf(state, `+${change.args[0]?.args?.[0] ?? ""}`);
    if (phone) phone.carrier = change.args[1];
  } else if (change?.name === "CallbackUrl") {
    const found = state.apps.get(change.args[0]?.args?.[0]);
    if (found) Object.assign(found, { url: change.args[1]?.args?.[0] ?? null });
  }
}

/** What a carrier was told, in the words of its line. */
function carrier(state, r) {
  const found = state.carriers.get(r.carrier);
  const [, key, value] = /^(latency|loss|throttle|receipts|answer) (.+)$/.exec(r.setting) ?? [];
  if (!found || !key) return;
  if (key === "answer") answer(found, value);
  else found[key] = value === "none" ? null : value;
}

/** A status alone takes the place of the one before, anything else is a rule more, and ESME_ROK ends all. */
function answer(found, value) {
  if (value === "ESME_ROK") Object.assign(found, { answer: null, faults: [] });
  else if (/^(ESME_\w+|0x\w+)( for \d+)?$/.test(value)) found.answer = value;
  else found.faults = [...(found.faults ?? []), value];
}

function bound(state, r, up) {
  if (up) state.links.set(r.link, r.system_id);
  else state.links.delete(r.link);
  countLinks(state);
}
