// What apps were told and what they asked: callbacks and API calls, each with what came of it.

import { EXCHANGES_MAX, push } from "./fold_state.js";

export function exchangeStep(state, r) {
  STEPS[r.event]?.(state, r);
}

const param = (params, name) => params.find(([key]) => key === name)?.[1];

const STEPS = {
  callback_sent(state, r) {
    const exchange = {
      kind: "callback", seq: r.seq, at: r.at, id: r.callback, app: r.app, user: r.user, purpose: r.purpose, url: r.url, fields: r.fields,
      message: param(r.fields, "fb_sig_message"), session: number(param(r.fields, "fb_sig_sms_sid")), newUser: param(r.fields, "fb_sig_sms_new_user") === "1",
      outcome: null, answer: null, doneAt: null,
    };
    state.callbacks.set(r.callback, exchange);
    push(state.exchanges, exchange, EXCHANGES_MAX);
  },
  callback_done(state, r) {
    const exchange = state.callbacks.get(r.callback);
    if (exchange) Object.assign(exchange, { outcome: r.outcome, answer: r.answer, doneAt: r.at, doneSeq: r.seq });
  },
  api_call(state, r) {
    const key = param(r.params, "api_key");
    const app = [...state.apps.values()].find((one) => one.api_key === key);
    const exchange = {
      kind: "call", seq: r.seq, at: r.at, id: r.call, app: app?.id ?? null, params: r.params, method: param(r.params, "method") ?? "?",
      user: number(param(r.params, "uid")), message: param(r.params, "message"), session: number(param(r.params, "session_id")), asks: truth(param(r.params, "req_session")),
      errorCode: null, summary: "", body: null, why: "", doneAt: null,
    };
    state.calls.set(r.call, exchange);
    push(state.exchanges, exchange, EXCHANGES_MAX);
  },
  api_reply(state, r) {
    const exchange = state.calls.get(r.call);
    if (!exchange) return;
    const decision = state.lastDecision;
    const decided = decision && decision.seq > exchange.seq && decision.app === r.app ? decision.text.replace(/^.* refused: /, "") : "";
    const noted = /\((.*)\)$/.exec(r.summary)?.[1] ?? "";
    Object.assign(exchange, {
      app: r.app ?? exchange.app, errorCode: r.error_code, summary: r.summary, body: r.body, doneAt: r.at, doneSeq: r.seq,
      why: r.error_code === null ? "" : decided || noted,
      opened: r.error_code === null && exchange.asks ? number(/(?:>|^\s*"?)(\d+)/.exec(r.body.replace(/<\?xml[^>]*>/, ""))?.[1]) : null,
    });
  },
};

const number = (text) => (text === undefined || text === "" || Number.isNaN(Number(text)) ? null : Number(text));
const truth = (text) => text !== undefined && !["", "0", "false"].includes(text.toLowerCase());

/** Whether a call or callback went well; none while it is under way. */
export function verdict(exchange) {
  if (exchange.doneAt === null) return null;
  return exchange.kind === "callback" ? exchange.outcome?.answered === 200 : exchange.errorCode === null;
}
