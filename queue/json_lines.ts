// Jobs, rules and schedules as lines of JSON: what `lineup queue --export` writes and `--import` reads.

import { Buffer } from "node:buffer";
import { type Change, type Rules, type Schedule, states, type StoredJob } from "./store.ts";

/** What a line says. */
export type Entry =
  | Extract<Change, { kind: "put" | "rules" | "schedule" }>
  | { readonly kind: "queue"; readonly last: number };

/** A line that is none of ours; the message says why, without its number. */
export class BadLine extends Error {
  override readonly name = "BadLine";
}

const VERSION = 1;

type Check = (value: unknown) => boolean;

const number = (least: number, most = Infinity): Check => (value) =>
  typeof value === "number" && value >= least && value <= most;
const whole = (least: number, most: number = Number.MAX_SAFE_INTEGER): Check => (value) =>
  Number.isSafeInteger(value) && number(least, most)(value);
const text: Check = (value) => typeof value === "string" && !/[\ud800-\udfff]/u.test(value);
const word: Check = (value) => text(value) && /^[^\s\p{Cc}]{1,128}$/u.test(value as string);
const maybe = (check: Check): Check => (value) => value === "" || check(value);
const yesNo: Check = (value) => typeof value === "boolean";

const terms = {
  queue: word,
  key: maybe(word),
  priority: whole(0, 9),
  attempts: whole(1),
  lease: number(1),
  backoff: number(0),
  keep: yesNo,
};
const fields = {
  queue: { version: whole(VERSION, VERSION), last: whole(0) },
  job: {
    id: whole(1),
    ...terms,
    unique: maybe(word),
    put: number(0),
    expires: number(0),
    state: (value: unknown): boolean => states.includes(value as StoredJob["state"]),
    attempt: whole(0),
    spared: whole(0),
    ready: number(0),
    until: number(0),
    held: yesNo,
    reason: text,
  },
  rules: {
    queue: word,
    key: maybe(word),
    paused: yesNo,
    running: whole(0),
    rate: number(0),
    weight: number(0),
    depth: whole(0),
  },
  schedule: {
    name: word,
    ...terms,
    cron: text,
    zone: text,
    interval: number(0),
    next: number(0),
    expires: number(0),
  },
} satisfies Record<string, Record<string, Check>>;

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
      const { size: _, ...job } = entry.job;
      return JSON.stringify({ kind: "job", ...job, ...written(entry.body) });
    }
    case "rules":
      return JSON.stringify({ kind: "rules", ...entry.rules });
    case "schedule": {
      const { body, ...schedule } = entry.schedule;
      return JSON.stringify({ kind: "schedule", ...schedule, ...written(body) });
    }
  }
}

/** What a line says. Throws `BadLine`. */
export function readLine(line: string): Entry {
  const { kind, ...said } = parse(line);
  if (typeof kind !== "string" || !Object.hasOwn(fields, kind)) {
    throw new BadLine(`kind must be one of ${Object.keys(fields).join(", ")}`);
  }
  const known: Record<string, Check> = fields[kind as keyof typeof fields];
  for (const [name, check] of Object.entries(known)) {
    if (!check(said[name])) throw new BadLine(`${name} is ${JSON.stringify(said[name])}`);
  }
  const hasBody = kind === "job" || kind === "schedule";
  const extra = Object.keys(said).find((name) =>
    !Object.hasOwn(known, name) && !(hasBody && (name === "body" || name === "base64"))
  );
  if (extra !== undefined) throw new BadLine(`a ${kind} has no ${extra}`);
  if (kind === "queue") return { kind, last: said.last as number };
  if (kind === "rules") return { kind, rules: said as unknown as Rules };
  const { body: _, base64: __, ...rest } = said;
  const body = bytes(said);
  return kind === "job"
    ? { kind: "put", job: { ...rest, size: body.length } as StoredJob, body }
    : { kind: "schedule", schedule: { ...rest, body } as unknown as Schedule };
}

function parse(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new BadLine(`it is not JSON: ${(error as Error).message}`);
  }
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw new BadLine("it is not a JSON object");
}

function bytes({ body, base64 }: Record<string, unknown>): Uint8Array {
  if ((body === undefined) === (base64 === undefined)) {
    throw new BadLine("it needs body or base64, and not both");
  }
  if (body !== undefined) {
    if (!text(body)) throw new BadLine("body is no text");
    return new TextEncoder().encode(body as string);
  }
  const decoded = typeof base64 === "string" ? Buffer.from(base64, "base64") : undefined;
  // Buffer leaves out what it does not understand.
  if (decoded?.toString("base64") !== base64) throw new BadLine("base64 is no base64");
  return new Uint8Array(decoded!);
}
