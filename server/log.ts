// Log entries, and their form on standard error.

import { standardError } from "../net/standard_error.ts";
import { printable } from "../protocol/printable.ts";
import { formatWord } from "../protocol/quoting.ts";

/** The level of a log entry. */
export type LogLevel = "debug" | "info" | "error";

/** The levels of log entries, the least important first. */
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "error"];

/** Whether an entry of a level is wanted by a log that begins at `least`. */
export function isLogged(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}

/** One line of a server's log. */
export interface LogEntry {
  /**
   * `error`: the server could not do something. `info`: a handler logs, the input of a client ended its connection, or
   * the server shuts down. `debug`: a client left that had not introduced itself.
   */
  readonly level: LogLevel;
  /** The event, in words. */
  readonly message: string;
  /** The subject of the event: `client`, `verb`, `incident`, `error`, … */
  readonly [detail: string]: unknown;
}

/**
 * Writes a log entry as one line on standard error; lines below it, which begin with spaces, give the stack of an
 * error. Never waits: where standard error is not read, entries are dropped, and a line says how many.
 *
 * @example
 * ```ts
 * import { logToConsole, logWritten } from "@lineup/lineup/server";
 *
 * logToConsole({ level: "info", message: "backup done", files: 3 });
 * await logWritten();
 * ```
 */
export function logToConsole(entry: LogEntry): void {
  standardError().line(formatEntry(entry));
}

/**
 * As `logToConsole`, with an entry as one line of JSON: `time` (ISO 8601, UTC), `level`, `message`, and the details. An
 * error is an object with `name`, `message`, `stack`, and perhaps `cause`.
 *
 * @example
 * ```ts
 * import { logJsonToConsole, logWritten } from "@lineup/lineup/server";
 *
 * logJsonToConsole({ level: "info", message: "backup done", files: 3 });
 * await logWritten();
 * ```
 */
export function logJsonToConsole(entry: LogEntry): void {
  standardError().line(formatJsonEntry(entry));
}

/**
 * Resolves once every entry of `logToConsole` and `logJsonToConsole` is written, or standard error was not read for a
 * second. Wait for it before a program ends.
 *
 * @example
 * ```ts
 * import { logToConsole, logWritten } from "@lineup/lineup/server";
 *
 * logToConsole({ level: "info", message: "the last words" });
 * await logWritten();
 * ```
 */
export function logWritten(): Promise<void> {
  return standardError().flush();
}

/** A log entry as text. No text of a client ends the line, begins another one, or acts on a terminal. */
export function formatEntry({ level, message, error, ...details }: LogEntry): string {
  const words = Object.entries(details).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${printable(name)}=${word(value)}`);
  if (error !== undefined) words.push(`error=${word(nameOf(error))}`);
  const line = [new Date().toISOString(), level, printable(message), ...words].join(" ");
  return error === undefined ? line : [line, ...stackLines(error)].join("\n");
}

/** A log entry as a line of JSON. */
export function formatJsonEntry({ level, message, ...details }: LogEntry): string {
  const { time: _, ...rest } = details;
  const entry = { time: new Date().toISOString(), level, message, ...rest };
  const values = Object.entries(entry).map(([name, value]) => [name, jsonOf(value)]);
  // JSON leaves the controls above ASCII as they are, and a terminal acts on them.
  return JSON.stringify(Object.fromEntries(values)).replaceAll(
    /[\x7f-\x9f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A value that JSON can have. */
function jsonOf(value: unknown, depth: number = 0): unknown {
  if (value instanceof Error) {
    const { name, message, cause } = value;
    const frames = canTrace() ? framesOf(value) : [];
    const stack = frames.length === 0 ? undefined : frames;
    const below = cause === undefined || depth === MAX_CAUSES
      ? undefined
      : jsonOf(cause, depth + 1);
    return { name, message, stack, cause: below };
  }
  try {
    JSON.stringify(value);
    return value;
  } catch {
    return textOf(value);
  }
}

function word(value: unknown): string {
  return printable(formatWord(textOf(value).toWellFormed()));
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return String(JSON.stringify(value));
  } catch {
    // The value contains itself, or a value without a form in JSON.
    return Deno.inspect(value, { depth: 2, colors: false });
  }
}

const MAX_FRAMES = 20, MAX_CAUSES = 4;

/** The name and the message of an error. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return textOf(error);
  return error.message === "" ? error.name : `${error.name}: ${error.message}`;
}

/** The stack of an error, and those of its causes. */
function stackLines(error: unknown, depth: number = 0): string[] {
  if (!(error instanceof Error) || !canTrace()) return [];
  const lines = framesOf(error).map((frame) => `    ${printable(frame)}`);
  const { cause } = error;
  if (cause === undefined || depth === MAX_CAUSES) return lines;
  return [...lines, `  cause=${word(nameOf(cause))}`, ...stackLines(cause, depth + 1)];
}

/**
 * Whether reading the stack of an error is safe. Deno opens files to map a stack to the lines of the source, and aborts
 * the process where no file descriptors are left.
 */
function canTrace(): boolean {
  const path = "/dev/null";
  // Do not prompt for a permission.
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return true;
  try {
    Deno.openSync(path).close();
    return true;
  } catch (error) {
    // Windows has no such file.
    return error instanceof Deno.errors.NotFound;
  }
}

/** The frames of the stack, without the name and the message before them, which may look like frames. */
function framesOf(error: Error): string[] {
  const { message, stack = "" } = error;
  // An error from a worker has lost its name; its stack still has it.
  const heads = [nameOf(error), (/^[\w$.]+: /.exec(stack)?.[0] ?? "") + message];
  const head = heads.find((each) => stack.startsWith(`${each}\n`));
  if (head === undefined) return stack === "" ? [] : [`stack=${word(stack)}`];
  return stack.slice(head.length + 1).split("\n").slice(0, MAX_FRAMES)
    .map((line) => line.trim());
}
