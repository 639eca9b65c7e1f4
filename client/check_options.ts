// The options of a client and of its calls, for callers whose types nobody has checked: a wrong one is told, not ignored.

import type { CallOptions, ClientOptions } from "./client.ts";
import type { ClientTls } from "../net/dial_options.ts";
import type { RetryOptions } from "./retry.ts";
import type { WorkOptions } from "./work_options.ts";

/** The kinds of options, by what `typeof` says; `any` is checked elsewhere, or not. */
type Kind = "function" | "number" | "boolean" | "string" | "any";

const CLIENT: Readonly<Record<keyof ClientOptions, Kind>> = {
  agent: "any",
  clock: "any",
  dial: "function",
  heartbeat: "number",
  maxBody: "number",
  maxInFlight: "number",
  maxLine: "number",
  maxWaiting: "number",
  onEvent: "function",
  onReply: "function",
  onRetry: "function",
  random: "function",
  resolve: "function",
  retry: "any",
  signal: "any",
  timeout: "number",
  timing: "any",
  tls: "any",
  token: "any",
  trace: "function",
};

const TLS: Readonly<Record<keyof ClientTls, Kind>> = {
  caCerts: "any",
  cert: "string",
  key: "string",
  serverName: "string",
};

const RETRY: Readonly<Record<keyof RetryOptions, Kind>> = {
  attempts: "number",
  base: "number",
  budget: "number",
  cap: "number",
};

const CALL: Readonly<Record<keyof CallOptions, Kind>> = {
  class: "any",
  onReply: "function",
  onRetry: "function",
  retries: "number",
  signal: "any",
  trace: "any",
  within: "number",
};

const WORK: Readonly<Record<keyof WorkOptions, Kind>> = {
  clock: "any",
  concurrency: "number",
  grace: "number",
  lease: "number",
  most: "number",
  onEvent: "function",
  prefetch: "number",
  random: "function",
  untilEmpty: "boolean",
};

/** Throws `TypeError` for options of `connect` that there are not, or that cannot be. */
export function needClientOptions(options: ClientOptions): void {
  needOptions(options, CLIENT, "connect", "");
  if (options.retry !== undefined) needOptions(options.retry, RETRY, "retry of connect", "retry.");
  if (options.tls !== undefined) needTls(options.tls);
}

function needTls(tls: ClientTls): void {
  needOptions(tls, TLS, "tls of connect", "tls.");
  const { caCerts = [], cert, key } = tls;
  if (!Array.isArray(caCerts) || !caCerts.every((each) => typeof each === "string")) {
    throw new TypeError("tls.caCerts must be a list of texts in PEM");
  }
  if ((cert === undefined) === (key === undefined)) return;
  throw new TypeError(
    `tls.${cert === undefined ? "key needs tls.cert" : "cert needs tls.key"} too`,
  );
}

/** Throws `TypeError` for options of a call that there are not, or that cannot be, and `RangeError` for `retries` below 0. */
export function needCallOptions(options: CallOptions): void {
  needOptions(options, CALL, "a call", "");
  const { retries = 0, signal } = options;
  if (!(retries >= 0)) throw new RangeError(`retries must be a number, 0 or more, not ${retries}`);
  if (signal !== undefined && typeof signal?.throwIfAborted !== "function") {
    throw new TypeError(`signal must be an AbortSignal, not ${shown(signal)}`);
  }
}

/** Throws `TypeError` for options of `work` that there are not, or that cannot be. */
export function needWorkOptions(options: WorkOptions): void {
  needOptions(options, WORK, "work", "");
}

function needOptions(
  options: object,
  kinds: Readonly<Record<string, Kind>>,
  whose: string,
  prefix: string,
): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`the options of ${whose} must be an object, not ${shown(options)}`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(kinds, name)) {
      const hint = nearest(name, Object.keys(kinds));
      throw new TypeError(`${whose} has no option ${name.slice(0, 100)}; ${hint}`);
    }
    const kind = kinds[name];
    if (kind === "any" || typeof value === kind) continue;
    const wanted = kind === "number" && IN_MS.has(name) ? "a number of milliseconds" : `a ${kind}`;
    throw new TypeError(`${prefix}${name} must be ${wanted}, not ${shown(value)}`);
  }
}

const IN_MS = new Set(["within", "timeout", "heartbeat", "base", "cap", "grace", "lease"]);

/** The end of a sentence about an unknown name: the known name that is nearest, or all known names. */
function nearest(name: string, known: readonly string[]): string {
  const short = name.slice(0, 100).toLowerCase();
  const distances = known.map((each) => changes(short, each.toLowerCase()));
  const least = Math.min(...distances);
  const isNear = least <= Math.max(2, name.length / 2);
  return isNear
    ? `did you mean ${known[distances.indexOf(least)]}?`
    : `its options are ${known.join(", ")}`;
}

/**
 * The letters to add, remove or replace to get from one word to the other (Levenshtein). By hand, because the client needs
 * no package.
 */
function changes(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      next.push(Math.min(row[j] + (letter === to[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1));
    }
    row = next;
  }
  return row[to.length];
}

/** A value for a message. A text has quotes, so that "3" is no number. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  return value === null || typeof value === "number" ? String(value) : typeof value;
}
