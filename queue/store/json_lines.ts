// Jobs, limits and schedules as lines of JSON, which `exportSqliteFile` writes and `importSqliteFile` reads.

import { Buffer } from "node:buffer";
import { BadCron, readCron } from "../cron/cron.ts";
import { readZone } from "../cron/cron_times.ts";
import { wrongLimit } from "../queue_limits.ts";
import { named, type StoredField } from "./field.ts";
import { BadLine, parseFlat } from "./flat_json.ts";
import { jobFields, type StoredJob } from "./job_fields.ts";
import { fromLine, toLine } from "./line_fields.ts";
import { limitFields, scheduleFields } from "./queue_fields.ts";
import { isPast } from "./past_attempts.ts";
import { HIGHEST_IMPORTED, LONGEST_BODY } from "./stored_bounds.ts";
import type { Change, QueueLimits, Schedule } from "./store.ts";

/** The content of a line. A job of number 0 gets the next number. */
export type LineEntry =
  | Extract<Change, { kind: "put" | "limits" | "schedule" }>
  | { readonly kind: "queue"; readonly last: number; readonly shards: number };

const VERSION = 1;
/** The most shards of a queue. */
const MOST_SHARDS = 32_767;

/** The fields of each kind of line. */
const kinds: Readonly<Record<string, readonly StoredField[]>> = {
  queue: named({
    version: { type: "integer", min: VERSION, max: VERSION },
    last: { type: "integer", min: 0, max: HIGHEST_IMPORTED },
    // The remainder of a job's number by this is the shard of its queue.
    shards: { type: "integer", min: 1, max: MOST_SHARDS, default: 1, brief: true },
  }),
  // A line may leave out the number of its job.
  job: jobFields.map((field) => field.name === "id" ? { ...field, default: 0 } : field),
  // Older than the word "limits", and in the files of users.
  rules: limitFields,
  schedule: scheduleFields,
};

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as JSON: text where they are UTF-8, base64 where they are not. */
function bodyFields(body: Uint8Array): { body: string } | { base64: string } {
  try {
    return { body: decoder.decode(body) };
  } catch {
    return { base64: Buffer.from(body).toString("base64") };
  }
}

/** One line, without its end. */
export function lineOf(entry: LineEntry): string {
  switch (entry.kind) {
    case "queue":
      return JSON.stringify({
        kind: "queue",
        version: VERSION,
        last: entry.last,
        ...entry.shards > 1 ? { shards: entry.shards } : {},
      });
    case "put":
      return JSON.stringify({
        kind: "job",
        ...toLine(jobFields, entry.job),
        ...bodyFields(entry.body),
      });
    case "limits":
      return JSON.stringify({ kind: "rules", ...toLine(limitFields, entry.limits) });
    case "schedule":
      return JSON.stringify({
        kind: "schedule",
        ...toLine(scheduleFields, entry.schedule),
        ...bodyFields(entry.schedule.body),
      });
  }
}

/** Reads a line. Throws `BadLine`. */
export function readLine(line: string, now: number): LineEntry {
  const { kind = "job", ...said } = parseFlat(line);
  if (typeof kind !== "string" || !Object.hasOwn(kinds, kind)) {
    throw new BadLine(`kind must be one of ${Object.keys(kinds).join(", ")}`);
  }
  const hasBody = kind === "job" || kind === "schedule";
  const record = fromLine(kind, kinds[kind], said, hasBody, now);
  if (kind === "queue") {
    return { kind, last: record.last as number, shards: record.shards as number };
  }
  if (kind === "rules") {
    const limits = record as unknown as QueueLimits;
    const wrong = wrongLimit(limits);
    if (wrong !== undefined) throw new BadLine(wrong);
    return { kind: "limits", limits };
  }
  const body = bodyOf(said);
  if (body.length > LONGEST_BODY) {
    throw new BadLine(`the body must have at most ${LONGEST_BODY} bytes, not ${body.length}`);
  }
  if (kind === "schedule") {
    const schedule = { ...record, body } as unknown as Schedule;
    return { kind, schedule: { ...schedule, zone: zoneOf(schedule) } };
  }
  const job = { ...record, size: body.length } as unknown as StoredJob;
  checkJob(job);
  return { kind: "put", job, body };
}

function checkJob(job: StoredJob): void {
  const { state, endsAt, releaseOnDisconnect, attempt, uncountedAttempts, takenAt, past } = job;
  const ends = state === "taken" || state === "done";
  if (ends !== endsAt > 0) {
    throw new BadLine(`until must be ${ends ? "when that ends" : "0"} for a job that is ${state}`);
  }
  if (releaseOnDisconnect && state !== "taken") {
    throw new BadLine(`held must be false for a job that is ${state}`);
  }
  if (takenAt > 0 && state !== "taken") {
    throw new BadLine(`taken must be 0 for a job that is ${state}`);
  }
  if (!isPast(past)) throw new BadLine("past must have the lines of an export");
  if (state === "taken" && attempt === 0) throw new BadLine("a job that is taken has an attempt");
  if (uncountedAttempts > attempt) {
    throw new BadLine(`spared must be at most ${attempt}, its attempts`);
  }
}

/** The zone of a schedule as it is stored. Throws `BadLine` where the schedule has no valid times. */
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

function bodyOf({ body, base64 }: Record<string, unknown>): Uint8Array {
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
  // Buffer skips characters that are no base64.
  if (decoded?.toString("base64") !== base64) throw new BadLine("base64 must be base64");
  return new Uint8Array(decoded!);
}
