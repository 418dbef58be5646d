// Sessions, questions and texts that wait for a yes, from the platform's decisions.

export function conversationStep(state, r) {
  if (r.event === "decision") DECISIONS[r.code]?.(state, r);
  else if (r.event === "callback_sent") handedOver(state, r);
  else if (r.event === "api_reply") opened(state, r);
}

const key = (user, session) => `${user}/${session}`;

function session(state, r, kind, lasts) {
  if (r.session === null) return;
  state.sessions.set(key(r.user, r.session), { id: r.session, user: r.user, app: r.app, kind, at: r.at, until: r.at + lasts, lasts });
}
const ended = (state, r) => void state.sessions.delete(key(r.user, r.session));

function request(state, r) {
  state.requests.delete(key(r.user, r.app));
  for (const [id, one] of state.sessions) {
    if (one.kind === "question" && one.user === r.user && (r.app === null || one.app === r.app)) state.sessions.delete(id);
  }
}

const DECISIONS = {
  request_cached(state, r) {
    const lasts = state.world.settings.cached_request_ttl_s * 1e6;
    const message = /^"((?:[^"\\]|\\.)*)"/.exec(r.text)?.[1] ?? "";
    state.requests.set(key(r.user, r.app), { user: r.user, app: r.app, message, at: r.at, until: r.at + lasts, lasts });
  },
  question_asked: (state, r) => session(state, r, "question", state.world.settings.cached_request_ttl_s * 1e6),
  request_dropped: request,
  request_expired: request,
  declined: request,
  confirmed(state, r) {
    request(state, r);
    install(state, r, { sms: true });
  },
  forwarded: (state, r) => session(state, r, "window", state.world.settings.session_window_ms * 1e3),
  sent_answer: ended,
  session_expired: ended,
  session_replaced: ended,
  sent_unsolicited(state, r) {
    const app = state.apps.get(r.app);
    const left = /; (\d+) left in/.exec(r.text)?.[1];
    if (app && left !== undefined) app.poolLeft = Number(left);
    if (app) app.sentToday = (app.sentToday ?? 0) + 1;
    const user = state.users.get(r.user);
    if (user) user.got = (user.got ?? 0) + 1;
  },
  texts_off: (state, r) => user(state, r, { texts_on: false }),
  texts_on: (state, r) => user(state, r, { texts_on: true }),
  registered: (state, r) => user(state, r, { registered: true }),
};

/** The minute of a session begins when its callback is handed to HTTP. */
function handedOver(state, r) {
  const sid = r.fields.find(([name]) => name === "fb_sig_sms_sid")?.[1];
  const one = state.sessions.get(key(r.user, Number(sid)));
  if (one?.kind === "window") Object.assign(one, { at: r.at, until: r.at + one.lasts });
}

/** An app asked for a session, and has got one that waits for the user. */
function opened(state, r) {
  const call = state.calls.get(r.call);
  if (!call?.opened) return;
  session(state, { user: call.user, app: r.app, session: call.opened, at: r.at }, "waiting", state.world.settings.session_idle_ttl_s * 1e6);
}

const user = (state, r, change) => void Object.assign(state.users.get(r.user) ?? {}, change);

export function install(state, r, what) {
  const apps = state.users.get(r.user)?.apps;
  if (!apps || r.app === null) return;
  if (what) apps[r.app] = what;
  else delete apps[r.app];
}
