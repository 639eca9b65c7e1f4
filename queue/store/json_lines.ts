// Jobs, rules and schedules as lines of JSON: what `lineup queue --export` writes and `--import` reads.

import { closestString } from "@std/text/closest-string";
import { Buffer } from "node:buffer";
import type { FieldSpec } from "../../protocol/spec.ts";
import { BadValue, formatValue, parseValue } from "../../protocol/values.ts";
import { BadCron, readCron } from "../cron/cron.ts";
import { readZone } from "../cron/cron_times.ts";
import { bounds } from "../bounds.ts";
import { BadLine, parseFlat } from "./flat_json.ts";
import { wrongRule } from "../index/rate_state.ts";
import {
  FURTHEST_IMPORTED,
  FURTHEST_SCHEDULED,
  HIGHEST_IMPORTED,
  LAST_TIME,
  LONGEST_BODY,
  LONGEST_REASON,
} from "./stored_bounds.ts";
import { type Change, type QueueLimits, type Schedule, states, type StoredJob } from "./store.ts";

/** What a line says; a job of number 0 gets the next one. */
export type Entry =
  | Extract<Change, { kind: "put" | "rules" | "schedule" }>
  | { readonly kind: "queue"; readonly last: number };

const VERSION = 1;

/** A field of a line: what it must be, unless it is what it is by default. */
interface Field {
  /** The field of a job that it becomes, where that has another name. */
  readonly as?: string;
  readonly is: FieldSpec;
  readonly default?: unknown;
  /** For a time: how far ahead it may be, in ms. */
  readonly ahead?: number;
}

/** In place of a default: when the line is read. */
const NOW = Symbol("now");

const time: Pick<Field, "is" | "ahead"> = {
  is: { type: "number", min: 0, max: LAST_TIME },
  ahead: FURTHEST_IMPORTED,
};
const number: FieldSpec = { type: "integer", min: 0, max: HIGHEST_IMPORTED };
const no: Field = { is: { type: "boolean" }, default: false };

/** As PUT has it; durations are whole ms here. */
function asPut(name: "priority" | "attempts" | "lease" | "backoff", type: "integer" | "duration") {
  const bound = bounds[name];
  return { is: integer(bound), default: parseValue(bound.default, { type }) };
}

function integer({ min, max }: { readonly min: number; readonly max: number }): FieldSpec {
  return { type: "integer", min, max };
}

function word({ max }: { readonly max: number }): FieldSpec {
  return { type: "word", max };
}

const terms = {
  queue: { is: word(bounds.queue) },
  key: { is: word(bounds.key), default: "" },
  priority: asPut("priority", "integer"),
  attempts: asPut("attempts", "integer"),
  lease: asPut("lease", "duration"),
  backoff: asPut("backoff", "duration"),
  keep: no,
};
const fields: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  queue: {
    version: { is: { type: "integer", min: VERSION, max: VERSION } },
    last: { is: number },
  },
  job: {
    id: { is: { type: "integer", min: 1, max: HIGHEST_IMPORTED }, default: 0 },
    ...terms,
    unique: { is: word(bounds.unique), default: "" },
    put: { ...time, default: NOW, as: "enqueuedAt" },
    expires: { ...time, default: 0, as: "expiresAt" },
    state: { is: { type: "enum", values: states }, default: "ready" },
    attempt: { is: number, default: 0 },
    spared: { is: number, default: 0, as: "uncountedAttempts" },
    ready: { ...time, default: NOW, as: "readyAt" },
    until: { ...time, default: 0, as: "endsAt" },
    held: { ...no, as: "releaseOnDisconnect" },
    reason: { is: { type: "text", max: LONGEST_REASON }, default: "" },
  },
  rules: {
    queue: { is: word(bounds.queue) },
    key: { is: word(bounds.key), default: "" },
    paused: no,
    running: { is: integer(bounds.running), default: 0 },
    rate: { is: { type: "number", ...bounds.rate }, default: 0 },
    weight: { is: { type: "number", ...bounds.weight }, default: 0 },
    depth: { is: integer(bounds.depth), default: 0 },
  },
  schedule: {
    name: { is: word(bounds.schedule) },
    ...terms,
    cron: { is: { type: "text", ...bounds.cron }, default: "" },
    zone: { is: word(bounds.zone), default: "" },
    interval: { is: integer(bounds.interval), default: 0 },
    next: { ...time, ahead: FURTHEST_SCHEDULED },
    expires: { is: integer(bounds.expires), default: 0 },
  },
};

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as JSON: text where they are, base64 where they are not. */
function written(body: Uint8Array): { body: string } | { base64: string } {
  try {
    return { body: decoder.decode(body) };
  } catch {
    return { base64: Buffer.from(body).toString("base64") };
  }
}

/** One line, without its end. */
export function lineOf(entry: Entry): string {
  switch (entry.kind) {
    case "queue":
      return JSON.stringify({ kind: "queue", version: VERSION, last: entry.last });
    case "put": {
      const job = Object.entries(fields.job).map(([name, { as = name }]) =>
        [name, entry.job[as as keyof StoredJob]] as const
      );
      return JSON.stringify({ kind: "job", ...Object.fromEntries(job), ...written(entry.body) });
    }
    case "rules":
      // What is owed at a rate is owed to the clock of this queue.
      return JSON.stringify({ kind: "rules", ...entry.rules, paid: undefined });
    case "schedule": {
      const { body, ...schedule } = entry.schedule;
      return JSON.stringify({ kind: "schedule", ...schedule, ...written(body) });
    }
  }
}

/** What a line that is read now says. Throws `BadLine`. */
export function readLine(line: string, now: number): Entry {
  const { kind = "job", ...said } = parseFlat(line);
  if (typeof kind !== "string" || !Object.hasOwn(fields, kind)) {
    throw new BadLine(`kind must be one of ${Object.keys(fields).join(", ")}`);
  }
  const { body: _, base64: __, ...rest } = said;
  const hasBody = kind === "job" || kind === "schedule";
  const value = readFields(kind, hasBody ? rest : said, now);
  if (kind === "queue") return { kind, last: value.last as number };
  if (kind === "rules") {
    const rules = value as unknown as QueueLimits;
    const wrong = wrongRule(rules);
    if (wrong !== undefined) throw new BadLine(wrong);
    return { kind, rules };
  }
  const body = bytes(said);
  if (body.length > LONGEST_BODY) {
    throw new BadLine(`the body must have at most ${LONGEST_BODY} bytes, not ${body.length}`);
  }
  if (kind === "schedule") {
    const schedule = { ...value, body } as unknown as Schedule;
    return { kind, schedule: { ...schedule, zone: zoneOf(schedule) } };
  }
  const job = { ...value, size: body.length } as unknown as StoredJob;
  checkJob(job);
  return { kind: "put", job, body };
}

function readFields(
  kind: string,
  said: Readonly<Record<string, unknown>>,
  now: number,
): Record<string, unknown> {
  const known = fields[kind];
  const extra = Object.keys(said).find((name) => !Object.hasOwn(known, name));
  if (extra !== undefined) {
    const hasBody = kind === "job" || kind === "schedule";
    const names = [...Object.keys(known), ...hasBody ? ["body", "base64"] : []];
    throw new BadLine(
      `a ${kind} has no ${extra}; its nearest field is ${closestString(extra, names)}`,
    );
  }
  const value: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(known)) {
    const { as = name } = field;
    if (Object.hasOwn(said, name)) value[as] = readField(name, said[name], field, now);
    else if (field.default === undefined) throw new BadLine(`a ${kind} needs ${name}`);
    else value[as] = field.default === NOW ? now : field.default;
  }
  return value;
}

function readField(name: string, value: unknown, field: Field, now: number): unknown {
  if (value === field.default) return value;
  if (field.is.type === "boolean" && typeof value !== "boolean") {
    throw new BadLine(`${name} must be true or false, not ${JSON.stringify(value)}`);
  }
  try {
    formatValue(value, field.is);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    // JSON has no word for a number that is too large, such as 1e400, and is read as Infinity.
    const why = Math.abs(value as number) === Infinity
      ? error.message.replace(/not ("null"|number)$/, "not one as large")
      : error.message;
    throw new BadLine(`${name} must be ${why}`);
  }
  const latest = now + (field.ahead ?? Infinity);
  if ((value as number) > latest) {
    const until = new Date(latest).toISOString().slice(0, 10);
    throw new BadLine(
      `${name} must be a time before ${until}, ${Math.floor(latest)} ms, not ${value}`,
    );
  }
  return value;
}

function checkJob(
  { state, endsAt: until, releaseOnDisconnect: held, attempt, uncountedAttempts: spared }:
    StoredJob,
): void {
  const ends = state === "taken" || state === "done";
  if (ends !== until > 0) {
    throw new BadLine(`until must be ${ends ? "when that ends" : "0"} for a job that is ${state}`);
  }
  if (held && state !== "taken") throw new BadLine(`held must be false for a job that is ${state}`);
  if (state === "taken" && attempt === 0) throw new BadLine("a job that is taken has an attempt");
  if (spared > attempt) throw new BadLine(`spared must be at most ${attempt}, its attempts`);
}

/** The zone of a schedule as it is stored. Throws `BadLine` where it does not say when. */
function zoneOf({ cron, zone, interval }: Schedule): string {
  if (cron !== "" && interval !== 0) {
    throw new BadLine("it has cron and interval, and takes one of them");
  }
  if (cron === "" && interval === 0) throw new BadLine("it has neither cron nor interval");
  if (cron === "" && zone !== "") throw new BadLine("zone goes with cron only");
  if (cron === "") return "";
  try {
    readCron(cron);
    return readZone(zone || "UTC", "zone");
  } catch (error) {
    throw error instanceof BadCron ? new BadLine(error.message) : error;
  }
}

function bytes({ body, base64 }: Record<string, unknown>): Uint8Array {
  if (body !== undefined && base64 !== undefined) {
    throw new BadLine("it has body and base64, and takes one of them");
  }
  if (body === undefined && base64 === undefined) {
    throw new BadLine("it has neither body nor base64");
  }
  if (body !== undefined) {
    if (typeof body !== "string" || !body.isWellFormed()) throw new BadLine("body must be text");
    return new TextEncoder().encode(body);
  }
  const decoded = typeof base64 === "string" ? Buffer.from(base64, "base64") : undefined;
  // Buffer leaves out what it does not understand.
  if (decoded?.toString("base64") !== base64) throw new BadLine("base64 must be base64");
  return new Uint8Array(decoded!);
}
