import { standardError } from "../net/standard_error.ts";
import { printable } from "../protocol/printable.ts";
import { formatWord } from "../protocol/quoting.ts";
import type { Clock } from "../scheduling/clock.ts";

/** One line of a server's log. */
export interface LogEntry {
  /** `info` is for handlers that log, and for clients that are none of ours; `error` is what the server could not do. */
  readonly level: "info" | "error";
  /** What happened. */
  readonly message: string;
  /** What it happened to: `client`, `verb`, `incident`, `error`, … */
  readonly [detail: string]: unknown;
}

// More would cost those their time who do no harm, and bury what else is logged.
const A_SECOND = 10;

/** Entries of which clients can cause any number: so many a second, of more only how many they were. */
export class ClientLog {
  readonly #clock: Clock;
  readonly #log: (entry: LogEntry) => void;
  #second = 0;
  #count = 0;
  #unsaid = 0;

  constructor(clock: Clock, log: (entry: LogEntry) => void) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Logs an entry, where there is room also how many were left out before it. */
  add(entry: LogEntry): void {
    const second = Math.floor(this.#clock.now() / 1000);
    if (second !== this.#second) this.#count = 0;
    this.#second = second;
    if (++this.#count > A_SECOND) {
      this.#unsaid++;
      return;
    }
    this.flush();
    this.#log(entry);
  }

  /** Says how many were left out since it was last said. */
  flush(): void {
    if (this.#unsaid === 0) return;
    const message = `more was logged of clients than ${A_SECOND} entries a second`;
    this.#log({ level: "info", message, "left-out": this.#unsaid });
    this.#unsaid = 0;
  }
}

const FIRST_MS = 1000, LONGEST_MS = 60_000;

/** So many keys are known at a time. */
const MOST_KNOWN = 1000;

/**
 * Entries that come again by themselves: one at once, then after pauses that double from a second to a minute, with how
 * often it was (`times`); quiet for two minutes, it begins anew. What goes on again (`info`) is always told where an error
 * was told since, so that the last word is right.
 */
export class RepeatingLog {
  readonly #clock: Clock;
  readonly #log: (entry: LogEntry) => void;
  readonly #known = new Map<string, { next: number; pause: number; times: number }>();
  #wasWrong = false;

  constructor(clock: Clock, log: (entry: LogEntry) => void) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Logs an entry, or counts it with those of the same key, of which there must be few. */
  add(entry: LogEntry, key: string = entry.message): void {
    const now = this.#clock.now();
    const known = this.#known.get(key);
    const isWrong = entry.level === "error";
    if (known === undefined || now >= known.next + 2 * LONGEST_MS) {
      const [oldest] = this.#known.keys();
      if (this.#known.size >= MOST_KNOWN) this.#known.delete(oldest);
      this.#known.set(key, { next: now + FIRST_MS, pause: FIRST_MS, times: 0 });
      this.#wasWrong = isWrong;
      return this.#log(entry);
    }
    known.times++;
    if (now < known.next && (isWrong || !this.#wasWrong)) return;
    this.#wasWrong = isWrong;
    this.#log({ ...entry, times: known.times });
    known.pause = Math.min(2 * known.pause, LONGEST_MS);
    known.next = now + known.pause;
    known.times = 0;
  }
}

/**
 * Writes a log entry as one line on standard error, with the place of an error in lines below that begin with spaces.
 * Waits for nobody: where standard error is not read, entries are dropped, and a line says how many.
 */
export function logToConsole(entry: LogEntry): void {
  standardError().line(formatEntry(entry));
}

/** Resolves once all that `logToConsole` was given is written, or is not read for a second. */
export function logWritten(): Promise<void> {
  return standardError().flush();
}

/** A log entry as it is written. No text of a client ends its line, begins another, or acts on a terminal. */
export function formatEntry({ level, message, error, ...details }: LogEntry): string {
  const words = Object.entries(details).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${printable(name)}=${word(value)}`);
  if (error !== undefined) words.push(`error=${word(nameOf(error))}`);
  const line = [new Date().toISOString(), level, printable(message), ...words].join(" ");
  return error === undefined ? line : [line, ...placesOf(error)].join("\n");
}

function word(value: unknown): string {
  return printable(formatWord(textOf(value).toWellFormed()));
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return String(JSON.stringify(value));
  } catch {
    // It holds itself, or what JSON has no form for.
    return Deno.inspect(value, { depth: 2, colors: false });
  }
}

const MOST_FRAMES = 20, MOST_CAUSES = 4;

/** What an error says. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return textOf(error);
  return error.message === "" ? error.name : `${error.name}: ${error.message}`;
}

/** Where an error comes from, and what caused it. */
function placesOf(error: unknown, depth: number = 0): string[] {
  if (!(error instanceof Error) || !canTrace()) return [];
  const lines = framesOf(error).map((frame) => `    ${printable(frame)}`);
  const { cause } = error;
  if (cause === undefined || depth === MOST_CAUSES) return lines;
  return [...lines, `  cause=${word(nameOf(cause))}`, ...placesOf(cause, depth + 1)];
}

/**
 * Whether the stack of an error may be asked for. Deno opens files to write one in the lines of the source, and aborts the
 * process where no file descriptors are left.
 */
function canTrace(): boolean {
  const path = "/dev/null";
  // Nobody is to be asked for a permission.
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return true;
  try {
    Deno.openSync(path).close();
    return true;
  } catch (error) {
    // As on Windows.
    return error instanceof Deno.errors.NotFound;
  }
}

/** The frames of the stack: name and message stand before them, and may look like some. */
function framesOf(error: Error): string[] {
  const { message, stack = "" } = error;
  // An error that came from a worker has lost its name, but not in its stack.
  const heads = [nameOf(error), (/^[\w$.]+: /.exec(stack)?.[0] ?? "") + message];
  const head = heads.find((each) => stack.startsWith(`${each}\n`));
  if (head === undefined) return stack === "" ? [] : [`stack=${word(stack)}`];
  return stack.slice(head.length + 1).split("\n").slice(0, MOST_FRAMES)
    .map((line) => line.trim());
}
