// What the page knows, and how it learns and does things: the records, the state folded from them, the server.

import { fold, step } from "./fold.js";
import { init } from "./fold_state.js";

/** Records kept; of a longer history the oldest go, and looking back begins later. */
export const RECORDS_MAX = 50000;
/** Records folded before the browser may draw again. */
const BATCH_MAX = 5000;
const TOASTS_MAX = 4;

/** Everything that is drawn is drawn from this. */
export const store = {
  live: false,
  world: null,
  id: "default",
  records: [],
  state: null,
  /** The state that is shown: that of now, or of the record that is looked back to. */
  view: null,
  lookingBack: null,
  clock: null,
  connection: "connecting",
  gap: 0,
  toasts: [],
  line: "",
  ui: { user: null, app: null, tab: "apps", dock: "sequence", area: "phones", inspected: null, phone: null },
};

const listeners = new Set();
let scheduled = false;

export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Draws again, once for everything that changed by then. */
export function changed() {
  if (scheduled) return;
  scheduled = true;
  const draw = () => {
    scheduled = false;
    for (const listener of listeners) listener();
  };
  // A hidden page has no frames, and is to be right when it is shown.
  if (document.hidden) setTimeout(draw, 50);
  else requestAnimationFrame(draw);
}

export function show(change) {
  Object.assign(store.ui, change);
  changed();
}

/** Begins with a world and the records that there are. */
export function open(world, records = []) {
  store.world = world;
  store.records = [];
  store.lookingBack = null;
  store.gap = 0;
  store.state = store.view = init(world);
  store.ui.user ??= world.users[0]?.name ?? null;
  add(records);
  changed();
}

/** The world of a test that did not come so far as to have one. */
const NOWHERE = { start: 0, zone: "UTC", seed: 0, short_code: "", declarations: "", settings: {}, users: [], apps: [], carriers: [], esmes: [] };

/** Shows one part of a file: a test's records, or all that were shared. */
export function openSection(place) {
  const section = store.sections[place] ?? { world: NOWHERE, records: [] };
  Object.assign(store, { section: place });
  Object.assign(store.ui, { user: null, app: null, inspected: null });
  open(section.world ?? NOWHERE, section.records);
}

/** Takes new records. */
export function add(records) {
  for (const record of records) {
    if (record.seq < store.state.next) continue;
    step(store.state, record);
    store.records.push(record);
  }
  if (store.records.length > RECORDS_MAX * 1.1) store.records.splice(0, store.records.length - RECORDS_MAX);
  if (store.lookingBack === null) store.view = store.state;
  changed();
}

/** Many records, a part at a time. */
export async function addMany(records) {
  for (let i = 0; i < records.length; i += BATCH_MAX) {
    add(records.slice(i, i + BATCH_MAX));
    if (i + BATCH_MAX < records.length) await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Shows the state right after the record at that place, or, without one, that of now. */
export function lookBack(place) {
  const last = store.records.length - 1;
  if (place === null || place >= last) {
    store.lookingBack = null;
    store.view = store.state;
  } else {
    store.lookingBack = Math.max(0, place);
    store.view = fold(store.world, store.records.slice(0, store.lookingBack + 1));
  }
  changed();
}

/** The records that belong to the state that is shown. */
export const shownRecords = () => (store.lookingBack === null ? store.records : store.records.slice(0, store.lookingBack + 1));

/** Whether anything can be done: on a server, now. */
export const canAct = () => store.live && store.lookingBack === null;

let toasts = 0;
export function toast(text, kind = "info", line = "") {
  toasts += 1;
  const one = { id: toasts, text, kind, line };
  store.toasts = [...store.toasts, one].slice(-TOASTS_MAX);
  changed();
  setTimeout(() => dismiss(one.id), kind === "error" ? 12000 : 5000);
}
export function dismiss(id) {
  store.toasts = store.toasts.filter((one) => one.id !== id);
  changed();
}
