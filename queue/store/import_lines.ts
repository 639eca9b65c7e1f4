// Lines of JSON as changes that add them to a queue, in whatever store.

import { createHash, type Hash } from "node:crypto";
import { BadLine } from "./flat_json.ts";
import { type LineEntry, readLine } from "./json_lines.ts";
import type { Change } from "./store.ts";
import { laterJob, laterSchedule } from "./stored_times.ts";

/** The result of an import. */
export interface Imported {
  /** How many jobs were added. */
  readonly jobs: number;
  /** How many were left out, because their queue has a job of the same name. */
  readonly duplicates: number;
  /** Whether jobs got new numbers: there were jobs before, or numbers tell shards that these do not fit. */
  readonly renumbered: boolean;
  /** When the same lines were imported before, in ms since the Unix epoch: now nothing was added. Absent if they were not. */
  readonly before?: number;
}

/** Options of an import. */
export interface ImportOptions {
  /** Adds the lines even if the file has them from an earlier import. Default false. */
  again?: boolean;
}

/** An import that has begun: its first line is read. */
export interface BegunImport {
  /** The highest number that the queue of the lines has given; 0 if they do not say. */
  readonly given: number;
  /** How many shards that queue has. */
  readonly shards: number;
  /** The entries behind that. */
  readonly entries: Iterable<NumberedEntry>;
  /** The time of the import, in ms since the Unix epoch. */
  readonly now: number;
  /** What the lines are known by. Call it once all entries are read. */
  digest(): Uint8Array;
}

/** Begins to read lines. Throws an `Error` if there is none, or if the first is wrong. */
export function readImport(lines: Iterable<string>): BegunImport {
  const now = Date.now();
  const hash = createHash("sha256");
  const all = readAll(lines, now, hash);
  const first = all.next();
  if (first.done) throw new Error("there is no line to import");
  const [begin] = first.value;
  const digest = (): Uint8Array => hash.digest();
  if (begin.kind === "queue") {
    return { given: begin.last, shards: begin.shards, entries: all, now, digest };
  }
  return { given: 0, shards: 1, entries: behind(first.value, all), now, digest };
}

/** The content of a line, and its number. */
export type NumberedEntry = readonly [entry: LineEntry, line: number];

function* behind<T>(first: T, rest: Iterable<T>): Generator<T, void, void> {
  yield first;
  yield* rest;
}

/** Entries with their times on the clock of a queue, which is so many ms ahead of the time of day. */
export function* timesHere(
  entries: Iterable<NumberedEntry>,
  ahead: number,
): Generator<NumberedEntry, void, void> {
  for (const [entry, line] of entries) {
    if (entry.kind === "put") yield [{ ...entry, job: laterJob(entry.job, ahead) }, line];
    else if (entry.kind !== "schedule") yield [entry, line];
    else yield [{ ...entry, schedule: laterSchedule(entry.schedule, ahead) }, line];
  }
}

/** The changes that add entries. Counts them in `result`. Throws an `Error` that names a line which cannot be added. */
export function* importChanges(
  entries: Iterable<NumberedEntry>,
  names: Set<string>,
  lastId: number,
  result: { jobs: number; duplicates: number; readonly renumbered: boolean },
): Generator<Change, void, void> {
  for (const [entry, line] of entries) {
    if (entry.kind === "queue") {
      throw new Error(`line ${line} is wrong: kind queue is for the first line`);
    }
    if (entry.kind !== "put") {
      yield entry;
      continue;
    }
    const { job, body } = entry;
    const numbered = !result.renumbered && job.id > 0;
    if (numbered && job.id <= lastId) {
      throw new Error(`line ${line} is wrong: job ${job.id} is behind job ${lastId}`);
    }
    if (job.unique !== "") {
      const name = JSON.stringify([job.queue, job.unique]);
      if (names.has(name)) {
        result.duplicates++;
        continue;
      }
      names.add(name);
    }
    lastId = numbered ? job.id : lastId + 1;
    result.jobs++;
    yield { kind: "put", job: { ...job, id: lastId }, body };
  }
}

function* readAll(
  lines: Iterable<string>,
  now: number,
  hash: Hash,
): Generator<NumberedEntry, void, void> {
  let at = 0;
  for (const line of lines) {
    at++;
    if (line.trim() === "") continue;
    hash.update(`${line}\n`);
    yield [read(line, at, now), at];
  }
}

function read(line: string, at: number, now: number): LineEntry {
  try {
    return readLine(line, now);
  } catch (error) {
    if (error instanceof BadLine) throw new Error(`line ${at} is wrong: ${error.message}`);
    throw error;
  }
}
