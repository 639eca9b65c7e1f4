// Lines of JSON into a queue's file.

import { createHash, type Hash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { BadLine } from "../flat_json.ts";
import { type LineEntry, readLine } from "../json_lines.ts";
import type { Change } from "../store.ts";
import { aheadOfWall, laterJob, laterSchedule } from "../stored_times.ts";
import { openSqliteFile, type SqliteFile } from "./file.ts";
import type { Import } from "./import_log.ts";

/** How many jobs are read at once. */
const PAGE = 1000;

/** The result of an import. */
export interface Imported {
  /** How many jobs were added. */
  readonly jobs: number;
  /** How many were left out, because their queue has a job of the same name. */
  readonly duplicates: number;
  /** Whether jobs got new numbers, because there were jobs before. */
  readonly renumbered: boolean;
  /** When the same lines were imported before, in ms since the Unix epoch: now nothing was added. Absent if they were not. */
  readonly before?: number;
}

/** Options of an import. */
export interface ImportOptions {
  /** Adds the lines even if the file has them from an earlier import. Default false. */
  again?: boolean;
}

/**
 * Adds the lines of an export to a queue's file, which is made if it does not exist: all of them in one transaction, or
 * none. In a file that has given no number yet the jobs keep their numbers; otherwise they get new ones, in order. A job is
 * left out if its queue has a job of its `unique` name. Limits and schedules replace those of the same names.
 *
 * The file remembers the lines by a digest, in the same transaction. So an import whose program was killed may be made again:
 * nothing is added twice. The last 1,000 imports are remembered.
 *
 * A line may leave out what has a default: `{"queue":"mail","body":"hello"}` is a job as PUT puts it. Times are in ms
 * since the Unix epoch, durations in ms.
 *
 * Throws an `Error` that names the line where one is wrong, and one that says why where the file cannot be written.
 *
 * @param path the file, which no server uses
 * @param lines without their ends; empty ones are passed over
 */
export function importSqliteFile(
  path: string,
  lines: Iterable<string>,
  { again = false }: ImportOptions = {},
): Imported {
  const now = Date.now();
  const hash = createHash("sha256");
  const entries = readAll(lines, now, hash);
  const first = entries.next();
  if (first.done) throw new Error("there is no line to import");
  const [begin] = first.value;
  const [given, rest] = begin.kind === "queue"
    ? [begin.last, entries]
    : [0, behind(first.value, entries)];
  const isNew = !existsSync(path);
  let isWhole = false;
  const file = openSqliteFile(path);
  try {
    const last = file.lastId();
    const result = { jobs: 0, duplicates: 0, renumbered: last > 0 };
    const all = function* (): Generator<Change, void, void> {
      const here = timesHere(rest, aheadOfWall(file.moment()));
      yield* changes(here, namesIn(file), last, result);
      const digest = hash.digest();
      const made = file.imported(digest);
      if (made !== undefined && !again) throw new MadeBefore(made);
      file.noteImport(digest, { at: now, jobs: result.jobs });
    };
    file.commit(all(), undefined, result.renumbered ? 0 : given);
    isWhole = true;
    return result;
  } catch (error) {
    if (!(error instanceof MadeBefore)) throw error;
    return { jobs: 0, duplicates: 0, renumbered: false, before: error.made.at };
  } finally {
    file.close();
    // Nothing was added to it, and it was not there.
    if (isNew && !isWhole) rmSync(path);
  }
}

/** Ends the transaction of an import that was made before, without changes. */
class MadeBefore extends Error {
  constructor(readonly made: Import) {
    super("these lines were imported before");
  }
}

type NumberedEntry = readonly [entry: LineEntry, line: number];

function* behind<T>(first: T, rest: Iterable<T>): Generator<T, void, void> {
  yield first;
  yield* rest;
}

/** Entries with their times on the clock of a file. */
function* timesHere(
  entries: Iterable<NumberedEntry>,
  ahead: number,
): Generator<NumberedEntry, void, void> {
  for (const [entry, line] of entries) {
    if (entry.kind === "put") yield [{ ...entry, job: laterJob(entry.job, ahead) }, line];
    else if (entry.kind !== "schedule") yield [entry, line];
    else yield [{ ...entry, schedule: laterSchedule(entry.schedule, ahead) }, line];
  }
}

function* changes(
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

function namesIn(file: SqliteFile): Set<string> {
  const names = new Set<string>();
  for (let after = 0;;) {
    const page = file.load(after, PAGE);
    if (page.length === 0) return names;
    for (const { queue, unique } of page) {
      if (unique !== "") names.add(JSON.stringify([queue, unique]));
    }
    after = page[page.length - 1].id;
  }
}
