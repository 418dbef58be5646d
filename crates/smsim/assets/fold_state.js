// What is folded: the state before the first record, and how its parts are found.

/** Bubbles kept of one phone, calls and callbacks kept of all apps, phones that are shown. */
export const THREAD_MAX = 500;
export const EXCHANGES_MAX = 2000;
export const PHONES_MAX = 60;

/** What there is before the first record. */
export function init(world) {
  const state = {
    world,
    next: 0,
    at: world.start,
    count: 0,
    phones: new Map(),
    names: new Map(world.users.map((user) => [user.phone, user.name])),
    users: new Map(world.users.map((user) => [user.uid, { ...user, apps: { ...user.apps } }])),
    apps: new Map(world.apps.map((app) => [app.id, { ...app }])),
    carriers: new Map(world.carriers.map((carrier) => [carrier.name, { ...carrier, blocked: [...(carrier.blocked ?? [])] }])),
    esmes: new Map(world.esmes.map((esme) => [esme.name, { ...esme, links: 0 }])),
    links: new Map(world.links ?? []),
    bound: false,
    submissions: new Map(),
    messages: new Map(),
    exchanges: [],
    callbacks: new Map(),
    calls: new Map(),
    sessions: new Map(),
    requests: new Map(),
    lastDecision: null,
    lastSubmit: new Map(),
  };
  countLinks(state);
  for (const user of world.users.slice(0, PHONES_MAX)) phoneOf(state, user.phone);
  return state;
}

/** Who is bound, as the links say. */
export function countLinks(state) {
  const names = [...state.links.values()];
  state.bound = names.includes("fbook");
  for (const esme of state.esmes.values()) esme.links = names.filter((name) => name === esme.system_id).length;
}

/** The phone with that number, made when it is not known; none when there are too many. */
export function phoneOf(state, number) {
  let phone = state.phones.get(number);
  if (!phone && state.phones.size < PHONES_MAX) {
    const user = [...state.users.values()].find((one) => one.phone === number);
    phone = {
      number,
      name: user?.name ?? number,
      uid: user?.uid ?? null,
      carrier: user?.carrier ?? "",
      on: true, coverage: true, memoryFull: false, barred: false, roaming: false,
      ...user?.handset,
      thread: [],
      earlier: 0,
      sending: [],
      arriving: [],
    };
    state.phones.set(number, phone);
  }
  return phone;
}

export const userOf = (state, uid) => state.users.get(uid);
export const appName = (state, id) => state.apps.get(id)?.name ?? (id === null || id === undefined ? "?" : String(id));
export const appTitle = (state, id) => state.apps.get(id)?.title ?? appName(state, id);
export const userName = (state, uid) => state.users.get(uid)?.name ?? (uid === null || uid === undefined ? "?" : String(uid));
export const phoneName = (state, number) => state.names.get(number) ?? number;

/** Keeps a list short: the oldest go. */
export function push(list, item, max) {
  list.push(item);
  if (list.length > max) return list.splice(0, list.length - max).length;
  return 0;
}
