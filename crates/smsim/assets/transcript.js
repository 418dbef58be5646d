// The scenario that a session would be: what was done as lines, and a line for everything that arrived.

import { duration, quoted, readDebug } from "./language.js";
import { civil } from "./time.js";

const PATIENCE_US = 10e6;
/** Lines of one scenario; a longer session is cut at its beginning. */
const LINES_MAX = 5000;
/** Parameters of a call that whoever makes it adds. */
const OF_THE_CALLER = ["method", "api_key", "v", "call_id", "format", "session_key", "sig", "ss"];

/** The whole file: the declarations of the world, and one test. */
export function transcript(world, records, name) {
  const steps = new Steps(world);
  for (const record of records) steps.take(record);
  const lines = steps.finish();
  const cut = lines.length > LINES_MAX ? [`# ${lines.length - LINES_MAX} earlier lines are left out`, ...lines.slice(-LINES_MAX)] : lines;
  const missing = records.length && records[0].seq > 0 ? ["# what happened before is not known any more"] : [];
  const body = [...missing, ...cut].map((line) => `  ${line}`).join("\n");
  const declared = steps.declared.map((line) => `${line}\n`).join("");
  return `${started(world)}${declared}\ntest ${quoted(name)}:\n${body || "  note \"Nothing has happened yet.\""}\n`;
}

/** The declarations, with the world's start in them. */
function started(world) {
  const start = `start ${civil(world.start, world.zone)}`;
  const text = world.declarations.trimEnd();
  const line = /^world .*$/m.exec(text)?.[0];
  if (!line) return `world seed ${world.seed}, ${start}\n\n${text}\n`;
  const seeded = /\bseed \d+/.test(line) ? line.replace(/\bseed \d+/, `seed ${world.seed}`) : `${line}, seed ${world.seed}`;
  const whole = /\bstart \S+ \S+/.test(seeded) ? seeded : `${seeded}, ${start}`;
  return `${text.replace(line, () => whole)}\n`;
}

const param = (pairs, name) => pairs.find(([key]) => key === name)?.[1];

class Steps {
  constructor(world) {
    this.world = world;
    this.lines = [];
    this.clock = world.start;
    this.calls = new Map();
    this.sessions = new Map();
    this.captures = 0;
    this.declared = [];
    this.byPhone = new Map(world.users.map((user) => [user.phone, user.name]));
    this.byUid = new Map(world.users.map((user) => [String(user.uid), user.name]));
    this.apps = new Map(world.apps.map((app) => [app.id, app]));
    this.byKey = new Map(world.apps.map((app) => [app.api_key, app]));
  }

  take(record) {
    const line = this[`on_${record.event}`]?.(record);
    if (line) this.lines.push(line);
  }

  /** Something that was done: the clock is brought to its time first. */
  act(at, text) {
    if (at - this.clock > 0) {
      this.lines.push({ text: `wait ${duration(at - this.clock)}` });
      this.clock += Math.ceil((at - this.clock) / 1000) * 1000;
    }
    return { text };
  }

  /** Something that arrived: the line waits for it by itself. */
  see(at, text) {
    const after = at - this.clock;
    this.clock = Math.max(this.clock, at);
    return { text: after > PATIENCE_US ? `${text}, within ${Math.ceil(after / 1e6)}s` : text };
  }

  /** Who joined is declared, since a file has its users before its tests. */
  on_joined(r) {
    this.declared.push(r.what);
    this.byPhone.set(r.user.phone, r.user.name);
    this.byUid.set(String(r.user.uid), r.user.name);
    return null;
  }

  on_composed(r) {
    const user = this.byPhone.get(r.handset);
    if (!user) return this.act(r.at, `# ${r.handset} texted ${quoted(r.text)}`);
    return this.act(r.at, `${user} > ${quoted(r.text)}${r.to === this.world.short_code ? "" : `, to ${r.to}`}`);
  }

  on_received(r) {
    const user = this.byPhone.get(r.handset);
    return user ? this.see(r.at, `${user} < ${quoted(r.text)}${r.from === this.world.short_code ? "" : `, from ${/^\+?\d+$/.test(r.from) ? r.from : quoted(r.from)}`}`) : null;
  }

  on_callback_sent(r) {
    const app = this.apps.get(r.app);
    const user = this.byUid.get(String(r.user));
    if (r.purpose !== "sms" || !app || !user) return null;
    const line = this.see(r.at, `${app.name} < ${user} ${quoted(param(r.fields, "fb_sig_message") ?? "")}${param(r.fields, "fb_sig_sms_new_user") === "1" ? ", new" : ""}`);
    // Its capture is named when a line needs it.
    this.sessions.set(`${r.user}/${param(r.fields, "fb_sig_sms_sid")}`, line);
    return line;
  }

  capture(uid, session) {
    const line = this.sessions.get(`${uid}/${session}`);
    if (!line) return null;
    if (!line.capture) {
      this.captures += 1;
      line.capture = `$s${this.captures}`;
    }
    return line.capture;
  }

  on_api_call(r) {
    const app = this.byKey.get(param(r.params, "api_key"));
    const method = param(r.params, "method");
    if (!app || !method) return null;
    const uid = param(r.params, "uid");
    const user = this.byUid.get(uid);
    const line = this.act(r.at, this.call(app, method, uid, user, r.params));
    this.calls.set(r.call, line);
    return line;
  }

  call(app, method, uid, user, params) {
    if (method === "sms.send" && user) {
      const session = param(params, "session_id");
      const capture = session ? this.capture(uid, session) : null;
      if (!session || capture) {
        const asks = !["", "0", "false", undefined].includes(param(params, "req_session"));
        return `${app.name} > ${user} ${quoted(param(params, "message") ?? "")}${capture ? `, in ${capture}` : ""}${asks ? ", ask $_" : ""}`;
      }
    }
    if (method === "sms.canSend" && user) return `${app.name} ? ${user}`;
    const given = params.filter(([name]) => !OF_THE_CALLER.includes(name)).map(([name, value]) => `${name}=${/^[\w.-]+$/.test(value) ? value : quoted(value)}`);
    return [`${app.name} > ${method}`, ...given].join(" ");
  }

  on_api_reply(r) {
    const line = this.calls.get(r.call);
    if (!line) return null;
    if (r.error_code !== null) line.text += ` = ${r.error_code}`;
    else if (/^\S+ \? /.test(line.text)) line.text += " = ok";
    return null;
  }

  on_changed(r) {
    if (r.what === undefined) return null;
    if (r.what.startsWith("set ")) return this.act(r.at, r.what);
    const words = this.change(readDebug(r.what));
    if (words === null) return null;
    return this.act(r.at, words ?? `# changed: ${r.what}`);
  }

  /** A change as the line that asks for it; undefined when no line does. */
  change(change) {
    const number = (value) => value?.args?.[0];
    const inner = change?.args?.[0];
    if (change?.name === "Handset") {
      const [key, on, off] = { Power: ["phone", "on", "off"], Coverage: ["coverage", "on", "off"], MemoryFull: ["memory", "full", "ok"], Barred: ["barred", "on", "off"], Roaming: ["roaming", "on", "off"] }[change.args[1]?.name] ?? [];
      const user = this.byPhone.get(`+${number(inner)}`);
      return key && user ? `set ${user} ${key} ${change.args[1].args[0] === "true" ? on : off}` : undefined;
    }
    if (change?.name === "Ported") {
      const user = this.byPhone.get(`+${number(inner)}`);
      return user ? `set ${user} ported ${change.args[1]}` : undefined;
    }
    if (change?.name === "Bind") return `set fbook bind ${inner === "true" ? "up" : "down"}`;
    if (change?.name === "Carrier") return carrierLine(change.args[0], change.args[1]);
    if (change?.name === "Platform") return this.policy(inner);
    return undefined;
  }

  policy(policy) {
    const [first, second] = policy?.args ?? [];
    const user = this.byUid.get(String(first?.args?.[0]));
    const app = this.apps.get((policy?.fields?.app ?? (policy?.name === "Pool" || policy?.name === "SmsCapable" ? first : second))?.args?.[0])?.name;
    const on = second === "true";
    switch (policy?.name) {
      case "Texts": return user && `set ${user} texts ${on ? "on" : "off"}`;
      case "Registered": return user && `set ${user} registered ${on ? "yes" : "no"}`;
      case "GrantSms": return user && app && `set ${user} app ${app} on`;
      case "RevokeSms": return user && app && `set ${user} app ${app} off`;
      case "InstallWithoutSms": return user && app && `set ${user} app ${app} installed`;
      case "RemoveApp": return user && app && `set ${user} app ${app} absent`;
      case "DailyMax": return user && `set ${user} daily-limit ${second === "None" ? "none" : second.args[0]}`;
      case "QuietHours": return user && `set ${user} quiet-hours ${second === "None" ? "none" : hours(second.args[0].fields)}`;
      case "OperatorBlock": return app && `set ${policy.fields.operator} ${policy.fields.blocked === "true" ? "block" : "unblock"} ${app}`;
      case "Pool": return app && `set ${app} pool ${second}`;
      case "SmsCapable": return app && `set ${app} sms ${on ? "on" : "off"}`;
      default: return undefined;
    }
  }

  finish() {
    return this.lines.map((line) => (line.capture ? `${line.text.replace(/(, within \d+s)?$/, (within) => `, as ${line.capture}${within}`)}` : line.text));
  }
}

function hours({ from, to }) {
  const time = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  return `${time(from)}-${time(to)}`;
}

const RECEIPTS = { Normal: "normal", Late: "late", Lost: "lost", Duplicated: "duplicated", Early: "early", Sibling: "sibling", WrongId: "wrong_id", OnePart: "one_part" };

function carrierLine(name, change) {
  if (change === "LinkUp" || change === "LinkDown") return `set ${name} link ${change === "LinkUp" ? "up" : "down"}`;
  if (change === "NoFaults") return `set ${name} answer ESME_ROK`;
  const [value] = change?.args ?? [];
  switch (change?.name) {
    case "Latency": return value?.name === "Fixed" ? `set ${name} latency ${value.args[0]}` : undefined;
    case "Loss": return `set ${name} loss ${value}%`;
    case "Throttle": return `set ${name} throttle ${value === "None" ? "none" : value.args[0]}`;
    case "Receipts": return RECEIPTS[value] && `set ${name} receipts ${RECEIPTS[value]}`;
    default: return undefined;
  }
}
