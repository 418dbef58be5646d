// The server behind the page: its records as they come, its clock, and lines of scenarios that it performs.

import { addMany, changed, store, toast } from "./store.js";

const RETRY_MS = [250, 500, 1000, 2000, 5000];
const POLL_MS = 1000;
const CLOCK_MS = 5000;

const address = (path) => `/api/v1/worlds/${encodeURIComponent(store.id)}/${path}`;

/** The token of a server that listens beyond this machine: it stands in the page's own address. */
const token = new URLSearchParams(location.search).get("token");
export const withToken = (path) => (token ? `${path}${path.includes("?") ? "&" : "?"}token=${encodeURIComponent(token)}` : path);

export async function call(path, options = {}) {
  const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  return fetch(path, { ...options, headers });
}

/** What a request answers, or why it did nothing. */
export async function ask(path, options) {
  let response;
  try {
    response = await call(path, options);
  } catch {
    return { ok: false, why: "the server cannot be reached" };
  }
  const text = await response.text();
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Plain words.
  }
  if (response.ok) return { ok: true, value, text };
  const why = (value?.errors ?? []).map(faultWords).join("; ") || value?.error || text.trim() || `HTTP ${response.status}`;
  return { ok: false, why, value };
}

function faultWords(fault) {
  if (!fault) return "it failed";
  const notes = [fault.at?.text, ...(fault.notes ?? []).map((note) => note.text)].filter(Boolean);
  return [fault.message, ...notes].join("; ");
}

/** Follows the records from the last one that is known, for as long as the page is open. */
export function follow() {
  let failures = 0;
  let opened = false;
  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(withToken(`${scheme}://${location.host}${address(`records?since=${store.state.next}`)}`));
    socket.onopen = () => {
      opened = true;
      failures = 0;
      connection("live");
    };
    socket.onmessage = (event) => take(JSON.parse(event.data));
    socket.onclose = () => {
      connection("lost");
      if (!opened && failures > 1) return void poll();
      setTimeout(connect, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
      failures += 1;
    };
  };
  connect();
  readClock();
  setInterval(readClock, CLOCK_MS);
}

/** Where no WebSocket gets through. */
async function poll() {
  const answer = await ask(withToken(address(`records?since=${store.state.next}`)));
  connection(answer.ok ? "live" : "lost");
  if (answer.ok) take(answer.value);
  setTimeout(poll, POLL_MS);
}

function take(message) {
  if (message.gap) {
    store.gap += message.gap.to - message.gap.from + 1;
    store.state.next = message.gap.to + 1;
    changed();
  }
  if (message.records?.length) {
    addMany(message.records);
    readClockSoon();
  }
}

function connection(how) {
  if (store.connection === how) return;
  store.connection = how;
  changed();
}

let reading = false;
/** The clock moves with what happens: a jump shows at once. */
function readClockSoon() {
  if (reading) return;
  reading = true;
  setTimeout(() => {
    reading = false;
    readClock();
  }, 30);
}

export async function readClock() {
  const answer = await ask(withToken(address("clock")));
  if (!answer.ok) return;
  store.clock = { ...answer.value, read: performance.now() };
  changed();
}

/** Commands the clock: pause, run, step, advance, jump, hold, release. */
export async function commandClock(command, more = {}) {
  const answer = await ask(withToken(address("clock")), { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ command, ...more }) });
  if (!answer.ok) toast(answer.why, "error");
  await readClock();
  return answer.ok;
}

/** Lets so much time pass at once; its line is told, since a scenario says it so. */
export function advance(by) {
  store.line = `wait ${by}`;
  return commandClock("advance", { by });
}

/** Performs lines of a scenario; what is wrong with them is told. `fresh`: what has arrived before needs no line. */
export async function perform(lines, { quiet = false, fresh = false, timeout = "" } = {}) {
  store.line = lines.split("\n")[0];
  changed();
  const query = new URLSearchParams({ ...(fresh ? { fresh: "true" } : {}), ...(timeout ? { timeout } : {}) });
  const path = `${address("steps")}${query.size ? `?${query}` : ""}`;
  const answer = await ask(withToken(path), { method: "POST", headers: { "Content-Type": "text/plain" }, body: `${lines}\n` });
  const failed = (answer.value?.lines ?? []).find((one) => one.ok === false);
  const why = answer.ok ? failed && faultWords(failed.diagnostic) : answer.why;
  if (why && !quiet) toast(why, "error", lines);
  return { ok: !why, why, rendered: failed?.diagnostic?.rendered ?? null, value: answer.value };
}

/** Opens a world that stands where this one stood when that record was made. */
export async function branch(record) {
  const answer = await ask(withToken(address("branch")), { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ record }) });
  if (!answer.ok) return void toast(answer.why, "error");
  const query = new URLSearchParams(location.search);
  query.set("world", answer.value.id);
  location.search = query;
}

/** The world's time now, in microseconds, as far as this page knows it. */
export function now() {
  const clock = store.clock;
  if (!store.live || !clock) return store.view.at;
  if (store.lookingBack !== null) return store.view.at;
  const speed = clock.mode === "running" && !clock.holds?.length ? (clock.speed ?? 1) : 0;
  return Math.max(store.view.at, clock.now + (performance.now() - clock.read) * 1000 * speed);
}
