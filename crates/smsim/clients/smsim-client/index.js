// Conversations by text in tests: a running `smsim serve`, and worlds in virtual time.
//
// Every verb becomes a line of smsim's scenario language and is sent to the control API; a line that fails rejects with
// StepsFailed, an AssertionError whose message is smsim's own with its carets.
import { AssertionError } from 'node:assert';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START_MS_MAX = 30_000;
const STOP_MS_MAX = 15_000;
// The server itself gives up on lines after 300 s.
const ANSWER_MS_MAX = 310_000;
const RECORDS_PER_REQUEST = 10_000;
const STDERR_CHARS_MAX = 10_000;
// A server has a world of its own; this one has nothing that a test's world could be mistaken for.
const IDLE_WORLD = 'carrier idle\n';

/** smsim could not be started, or did not grant a request. */
export class SmsimError extends Error {
  constructor(message, status, options) {
    super(message, options);
    this.name = 'SmsimError';
    this.status = status;
  }
}

/** A line failed or is no line. */
export class StepsFailed extends AssertionError {
  constructor(diagnostics, answer) {
    super({ message: '\n' + diagnostics.map((d) => d.rendered ?? d.message).join('\n') });
    this.name = 'StepsFailed';
    this.diagnostics = diagnostics;
    this.answer = answer;
  }
}

/** Starts `smsim serve` on free ports. */
export async function startServer({ smsim = process.env.SMSIM || 'smsim', args = [] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'smsim-client-'));
  try {
    await writeFile(join(folder, 'world.sms'), IDLE_WORLD);
    // In a process group of its own a Ctrl-C ends the tests first, and then the server.
    const child = spawn(smsim, ['serve', join(folder, 'world.sms'), '--port', '0', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    const ports = await firstLine(child, smsim);
    return new Server(ports.http, ports.smpp, child, folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A server that runs already. */
export function connect({ http, smpp }) {
  return new Server(http, smpp);
}

/** A pattern in which `*` stands for anything. */
export function glob(pattern) {
  return new Glob(pattern);
}

class Glob {
  constructor(pattern) {
    this.pattern = String(pattern);
  }
}

export class Server {
  #child;
  #folder;
  #kill;

  constructor(httpPort, smppPort, child, folder) {
    this.httpPort = httpPort;
    this.smppPort = smppPort;
    this.url = `http://127.0.0.1:${httpPort}`;
    this.restUrl = `${this.url}/restserver.php`;
    this.#child = child;
    this.#folder = folder;
    this.#kill = () => child?.kill();
    process.once('exit', this.#kill);
  }

  async world(source, { seed, clock = 'virtual', id } = {}) {
    const made = await this.ask('POST', '/api/v1/worlds', { source, seed, clock, id });
    return new World(this, made.id);
  }

  async stop() {
    const child = this.#child;
    this.#child = undefined;
    if (!child) return;
    process.removeListener('exit', this.#kill);
    await ended(child);
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Makes a request of the control API, with text or JSON, and gives the JSON of its answer. */
  async ask(method, path, body) {
    const isText = typeof body === 'string';
    const octets = body === undefined ? undefined : Buffer.from(isText ? body : JSON.stringify(body));
    const headers = octets && {
      'Content-Type': isText ? 'text/plain; charset=utf-8' : 'application/json',
      'Content-Length': octets.length,
    };
    let status, text;
    try {
      ({ status, text } = await exchange({ port: this.httpPort, method, path, headers }, octets));
    } catch (cause) {
      throw new SmsimError(`${method} ${this.url}${path}: ${cause.message}; is smsim still running?`, undefined, { cause });
    }
    const value = parsed(text);
    if (status < 400) return value;
    const errors = value?.errors ?? [];
    if (errors.some((error) => error.rendered)) throw new StepsFailed(errors, value);
    const reasons = errors.map((error) => error.message).join('; ') || text;
    throw new SmsimError(`${method} ${path} was answered ${status}: ${reasons}`, status);
  }
}

export class World {
  #captures = 0;

  constructor(server, id) {
    this.server = server;
    this.id = id;
    this.path = `/api/v1/worlds/${encodeURIComponent(id)}`;
    this.clock = new Clock(this);
  }

  async steps(lines, { timeout, fresh = false } = {}) {
    const options = new URLSearchParams();
    if (timeout !== undefined) options.set('timeout', duration(timeout));
    if (fresh) options.set('fresh', 'true');
    const answer = await this.server.ask('POST', `${this.path}/steps?${options}`, lines);
    if (answer.ok) return answer;
    throw new StepsFailed(answer.lines.flatMap((line) => line.diagnostic ?? []), answer);
  }

  user(name) {
    return new User(this, name);
  }

  app(name) {
    return new App(this, name);
  }

  async wait(time) {
    await this.steps(`wait ${duration(time)}`);
  }

  async seesReceipt(sent, state = 'DELIVRD', { within } = {}) {
    await this.steps(`fbook < receipt $${sent.capture} ${state}${clauses({ within })}`);
  }

  state() {
    return this.server.ask('GET', this.path);
  }

  async nextRecord() {
    return (await this.state()).records.next;
  }

  async records(since = 0) {
    const records = [];
    for (;;) {
      const batch = await this.server.ask('GET', `${this.path}/records?since=${since}&limit=${RECORDS_PER_REQUEST}`);
      if (batch.gap) {
        const { from, to } = batch.gap;
        throw new SmsimError(`records ${from} to ${to} are gone; ask for those since ${to + 1}`);
      }
      records.push(...batch.records);
      since = batch.next;
      if (batch.records.length < RECORDS_PER_REQUEST) return records;
    }
  }

  async delete() {
    await this.server.ask('DELETE', this.path);
  }

  /** A name that no capture of this world has yet. */
  capture() {
    this.#captures += 1;
    return `client_${this.#captures}`;
  }
}

export class User {
  constructor(world, name) {
    this.world = world;
    this.name = name;
  }

  toString() {
    return this.name;
  }

  async texts(text, { to, inSession } = {}) {
    await this.world.steps(`${this.name} > ${quoted(text)}${clauses({ to, inSession })}`);
  }

  async sees(expected, { within, after, fromNumber, parts, encoding } = {}) {
    const said = clauses({ within, after, fromNumber, parts, encoding });
    await this.world.steps(`${this.name} < ${pattern(expected)}${said}`);
  }

  async seesNothing(time) {
    await this.world.steps(`${this.name} < nothing for ${duration(time)}`);
  }
}

export class App {
  constructor(world, name) {
    this.world = world;
    this.name = name;
  }

  toString() {
    return this.name;
  }

  async sends(user, text, { inSession, result } = {}) {
    const line = `${this.name} > ${user} ${quoted(text)}${clauses({ inSession })}`;
    if (result !== undefined) {
      await this.world.steps(`${line} = ${result}`);
      return undefined;
    }
    const capture = this.world.capture();
    await this.world.steps(`${line}, as $${capture}`);
    return { capture };
  }

  async asks(user, text) {
    const capture = this.world.capture();
    return this.#session(`${this.name} > ${user} ${quoted(text)}, ask $${capture}`, capture);
  }

  async sees(user, expected, { new: isNew = false, inSession, within, after } = {}) {
    const line = `${this.name} < ${user} ${pattern(expected)}${isNew ? ', new' : ''}`;
    if (inSession !== undefined) {
      await this.world.steps(line + clauses({ inSession, within, after }));
      return inSession;
    }
    const capture = this.world.capture();
    return this.#session(`${line}, as $${capture}${clauses({ within, after })}`, capture);
  }

  async seesNothing(time) {
    await this.world.steps(`${this.name} < nothing for ${duration(time)}`);
  }

  async calls(method, params = {}, { result } = {}) {
    const given = Object.entries(params).map(([name, value]) => ` ${name}=${quoted(value)}`);
    await this.world.steps(`${this.name} > ${method}${given.join('')}${result === undefined ? '' : ` = ${result}`}`);
  }

  async apiKey() {
    const { apps } = await this.world.state();
    const app = apps.find(({ name }) => name === this.name);
    if (app) return app.api_key;
    const known = apps.map(({ name }) => name).join(', ') || 'none';
    throw new SmsimError(`the world has no app ${JSON.stringify(this.name)}; it has ${known}`);
  }

  async #session(line, capture) {
    const { captures } = await this.world.steps(line);
    return { capture, id: captures[capture] };
  }
}

export class Clock {
  #world;

  constructor(world) {
    this.#world = world;
  }

  state() {
    return this.#world.server.ask('GET', `${this.#world.path}/clock`);
  }

  async advance(by) {
    return this.#command({ command: 'advance', by: duration(by) });
  }

  jump(to) {
    return this.#command({ command: 'jump', to });
  }

  step() {
    return this.#command({ command: 'step' });
  }

  pause() {
    return this.#command({ command: 'pause' });
  }

  run(speed) {
    return this.#command({ command: 'run', speed });
  }

  virtual() {
    return this.#command({ command: 'virtual' });
  }

  hold(name) {
    return this.#command({ command: 'hold', name });
  }

  release(name) {
    return this.#command({ command: 'release', name });
  }

  async #command(command) {
    return this.#world.server.ask('POST', `${this.#world.path}/clock`, command);
  }
}

// The scenario language

/** A text with the escapes of JSON, in which braces stand for themselves. */
function quoted(text) {
  return JSON.stringify(String(text)).replaceAll('{', '{{');
}

function pattern(expected) {
  if (expected instanceof Glob) return '~' + quoted(expected.pattern);
  if (typeof expected === 'string') return quoted(expected);
  if (!(expected instanceof RegExp)) throw new TypeError(`expected a string, a glob or a RegExp, not ${expected}`);
  const unknown = expected.flags.replace(/[dgimsu]/g, '');
  if (unknown) throw new TypeError(`a RegExp with the flag ${unknown} is not understood: ${expected}`);
  const inline = expected.flags.replace(/[^ms]/g, '');
  return `/${inline && `(?${inline})`}${expected.source}/${expected.ignoreCase ? 'i' : ''}`;
}

/** `61s` as it is, a number in milliseconds. */
function duration(time) {
  if (typeof time !== 'number') return String(time);
  if (!Number.isSafeInteger(time) || time < 0) throw new TypeError(`${time} is no whole number of milliseconds from 0 on`);
  return `${time}ms`;
}

/** A number as it is, letters in quotes. */
function sender(address) {
  return /^\+?\d+$/.test(address) ? address : quoted(address);
}

function clauses({ inSession, to, fromNumber, parts, encoding, within, after }) {
  const said = Object.entries({
    in: inSession && `$${inSession.capture}`,
    to,
    from: fromNumber === undefined ? undefined : sender(fromNumber),
    parts,
    encoding,
    within: within === undefined ? undefined : duration(within),
    after: after === undefined ? undefined : duration(after),
  });
  return said.filter(([, value]) => value !== undefined).map(([word, value]) => `, ${word} ${value}`).join('');
}

// The server

function exchange(options, octets) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', agent: false, timeout: ANSWER_MS_MAX, ...options }, (answer) => {
      answer.setEncoding('utf8');
      let text = '';
      answer.on('data', (more) => { text += more; });
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
      answer.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${ANSWER_MS_MAX} ms`)));
    request.on('error', reject);
    request.end(octets);
  });
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/** The ports that the server says first. */
function firstLine(child, smsim) {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(() => fail(`did not say its ports within ${START_MS_MAX} ms`), START_MS_MAX);
    function fail(why, cause) {
      clearTimeout(timer);
      child.kill();
      reject(new SmsimError(`${smsim} serve ${why}\n${stderr}`, undefined, { cause }));
    }
    child.on('error', (error) => fail(`does not start: ${error.message}; install it, or set SMSIM to where it is`, error));
    child.on('close', (code) => fail(`ended with ${code}`));
    child.stderr.setEncoding('utf8').on('data', (more) => { stderr = (stderr + more).slice(-STDERR_CHARS_MAX); });
    child.stdout.setEncoding('utf8').on('data', (more) => {
      stdout += more;
      if (!stdout.includes('\n')) return;
      clearTimeout(timer);
      const ports = parsed(stdout.slice(0, stdout.indexOf('\n')));
      if (!ports?.http) return fail(`said ${JSON.stringify(stdout)}`);
      child.stdout.removeAllListeners('data').resume();
      child.removeAllListeners('close');
      // Tests that forget to stop it still come to their end, and it ends with them.
      for (const part of [child, child.stdout, child.stderr]) part.unref();
      resolve(ports);
    });
  });
}

/** Ends a server in order, and by force when it takes too long. */
function ended(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    child.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill();
  });
}
