import { AssertionError } from 'node:assert';

/** A time as smsim writes it, `61s` or `1h 30m`, or milliseconds. */
export type Duration = string | number;
/** A text exactly, a pattern with `*`, or what the text holds. */
export type Expected = string | Glob | RegExp;

export interface Glob {
  readonly pattern: string;
}

/** A pattern in which `*` stands for anything. */
export function glob(pattern: string): Glob;

/** Starts `smsim serve` on free ports, from `smsim`, `$SMSIM` or the PATH. */
export function startServer(options?: { smsim?: string; args?: string[] }): Promise<Server>;

/** A server that runs already, by its ports. */
export function connect(ports: { http: number; smpp?: number }): Server;

/** smsim could not be started, or did not grant a request. */
export class SmsimError extends Error {
  /** The HTTP status, if there was one. */
  readonly status?: number;
}

/** A line failed or is no line; its message is smsim's own, with carets. */
export class StepsFailed extends AssertionError {
  readonly diagnostics: Diagnostic[];
  readonly answer: unknown;
}

export interface Diagnostic {
  code: string;
  message: string;
  /** As a terminal shows it. */
  rendered: string;
  at: { path: string; line: number; column: number; end_line: number; end_column: number; text: string };
}

export interface StepsAnswer {
  ok: true;
  performed: number;
  /** An object per line; `at` is in microseconds since the epoch. */
  lines: { line: number; text: string; ok: true; at: number; records: { from: number; to: number } }[];
  captures: Record<string, string>;
}

export interface ClockState {
  /** Microseconds since the epoch. */
  now: number;
  time: string;
  zone: string;
  abbreviation: string;
  mode: string;
  speed: number;
  holds: { kind: string; name: string }[];
  next: { at: number; in_ms: number; what: string; kind: string } | null;
}

/** What happened: its number, when (in microseconds since the epoch), and what; the rest depends on `event`. */
export interface WorldRecord {
  seq: number;
  at: number;
  event: string;
  [field: string]: unknown;
}

/** A conversation of a person with an app. */
export interface Session {
  readonly id: string;
  readonly capture: string;
}

/** A text that an app has sent. */
export interface Sent {
  readonly capture: string;
}

export class Server {
  private constructor();
  readonly httpPort: number;
  readonly smppPort: number;
  readonly url: string;
  readonly restUrl: string;
  /** Makes a world of declarations in the scenario language; `clock` is `virtual` (unless said), `real` or `x20`. */
  world(source: string, options?: { seed?: number; clock?: string; id?: string }): Promise<World>;
  /** Stops the server that `startServer` started, in order. */
  stop(): Promise<void>;
}

export class World {
  private constructor();
  readonly id: string;
  readonly clock: Clock;
  /** Performs lines of the scenario language; rejects with StepsFailed. */
  steps(lines: string, options?: { timeout?: Duration; fresh?: boolean }): Promise<StepsAnswer>;
  user(name: string): User;
  app(name: string): App;
  /** Lets so much time of the world pass. */
  wait(time: Duration): Promise<void>;
  /** The platform gets a receipt of that text. */
  seesReceipt(sent: Sent, state?: string, options?: { within?: Duration }): Promise<void>;
  /** Users, apps, carriers, ESMEs, clock. */
  state(): Promise<any>;
  /** The number that the next record will have. */
  nextRecord(): Promise<number>;
  /** What has happened, in order, from that record on. */
  records(since?: number): Promise<WorldRecord[]>;
  delete(): Promise<void>;
}

export class User {
  private constructor();
  readonly name: string;
  /** Texts 32665, another number, or the number of a session. */
  texts(text: string, options?: { to?: string; inSession?: Session }): Promise<void>;
  /** The next text on the phone that nothing has claimed is this. */
  sees(
    expected: Expected,
    options?: { within?: Duration; after?: Duration; fromNumber?: string; parts?: number; encoding?: string },
  ): Promise<void>;
  /** Nothing arrives so long, and nothing is left unclaimed. */
  seesNothing(time: Duration): Promise<void>;
}

export class App {
  private constructor();
  readonly name: string;
  /** Calls sms.send, which must answer `result`. */
  sends(user: User | string, text: string, options: { inSession?: Session; result: number | string }): Promise<undefined>;
  /** Calls sms.send, which must succeed; gives the text, for its receipt. */
  sends(user: User | string, text: string, options?: { inSession?: Session }): Promise<Sent>;
  /** Calls sms.send with a request for an answer; gives the session that the answer belongs to. */
  asks(user: User | string, text: string): Promise<Session>;
  /** The next callback is this text of that person; gives its session. `new`: the person is new to the app. */
  sees(
    user: User | string,
    expected: Expected,
    options?: { new?: boolean; inSession?: Session; within?: Duration; after?: Duration },
  ): Promise<Session>;
  /** No callback comes so long, and none is left unclaimed. */
  seesNothing(time: Duration): Promise<void>;
  /** Makes any call of the API, signed. */
  calls(method: string, params?: Record<string, string | number>, options?: { result?: number | string }): Promise<void>;
  /** The key that the server gave it, for an app of one's own; the secret is the one that the world declares. */
  apiKey(): Promise<string>;
}

/** A world's clock; every command gives what it shows then. */
export class Clock {
  private constructor();
  state(): Promise<ClockState>;
  advance(by: Duration): Promise<ClockState>;
  /** `23:30`, `+1d 09:00`, `2009-03-03 09:00`, or microseconds since the epoch. */
  jump(to: string | number): Promise<ClockState>;
  /** Goes to the next event. */
  step(): Promise<ClockState>;
  pause(): Promise<ClockState>;
  run(speed?: number): Promise<ClockState>;
  virtual(): Promise<ClockState>;
  hold(name: string): Promise<ClockState>;
  release(name: string): Promise<ClockState>;
}
