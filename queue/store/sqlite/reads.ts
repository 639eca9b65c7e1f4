// Reads a queue's file. Each value is checked before it is used.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { columnOf, type StoredField } from "../field.ts";
import { jobFields, type StoredJob } from "../job_fields.ts";
import type { Moment, QueueLimits, StoredSchedule } from "../store.ts";
import { DAMAGED, explain } from "./explain.ts";
import { idRuns } from "./id_runs.ts";
import { rowCheck } from "./row_check.ts";
import {
  jobColumns,
  sizedScheduleFields,
  storedJob,
  storedLimits,
  storedSchedule,
  type TableRow,
} from "./rows.ts";
import { tables } from "./tables.ts";

/** Reads a file. Each method throws an `Error` that says what is wrong with which file. */
export interface FileReads {
  /** At most `limit` jobs with numbers above `after`. */
  load(after: number, limit: number): StoredJob[];
  /** The limits of all queues and keys. */
  limits(): QueueLimits[];
  /** All schedules. */
  schedules(): StoredSchedule[];
  /** The body of each schedule. */
  scheduleBodies(names: readonly string[]): (Uint8Array | undefined)[];
  /** The highest number that was ever put. */
  lastId(): number;
  /** The moment of the last commit that had one. */
  moment(): Moment | undefined;
  /** The body of each job, or its result. */
  bodies(ids: readonly number[]): (Uint8Array | undefined)[];
}

const SLICE = "LIMIT 1000 OFFSET ?";
const LEAST_ROW = -(2n ** 63n);

const checkJob = rowCheck("job", jobFields);
const checkLast = rowCheck("last", tables.last.fields);
const checkClock = rowCheck("clock", tables.clock.fields);

/** Reads from an open file; `path` is how errors name it. */
export function fileReads(db: DatabaseSync, path: string): FileReads {
  const page = db.prepare(`SELECT ${jobColumns}
    FROM job LEFT JOIN progress USING (id) WHERE job.id > ? ORDER BY job.id LIMIT ?`);
  const bodies = db.prepare("SELECT id, body FROM job WHERE id BETWEEN ? AND ?");
  const last = db.prepare("SELECT id FROM last LIMIT 2");
  const clock = db.prepare("SELECT one, now, wall FROM clock LIMIT 1");
  const limits = db.prepare(`SELECT ${columns(tables.rules.fields)} FROM rules ${SLICE}`);
  const schedules = db.prepare(
    `SELECT ${columns(tables.schedule.fields)}, length(body) FROM schedule ${SLICE}`,
  );
  const scheduleBody = db.prepare("SELECT body FROM schedule WHERE name = ?");
  for (const each of [page, bodies, last, clock, limits, schedules]) returnArrays(each);

  const reading =
    <A extends unknown[], R>(read: (...args: A) => R): (...args: A) => R => (...args) => {
      try {
        return read(...args);
      } catch (error) {
        throw new Error(explain(error, path), { cause: error });
      }
    };
  const lastId = (): number => {
    const found = rowsOf(last);
    if (found.length !== 1) throw new Error(DAMAGED);
    checkLast(found[0]);
    return Number(found[0][0]);
  };
  return {
    load: reading((after: number, limit: number): StoredJob[] => {
      const highest = lastId();
      // From the very first: a number below 1 must be refused, not skipped.
      const from = after === 0 ? LEAST_ROW : after;
      return rowsOf(page, from, limit).map((row) => {
        checkJob(row);
        const id = row[0] as number;
        if (id <= after) throw new Error(DAMAGED);
        if (id > highest) {
          throw new Error(`job ${id} has a number above ${highest}, the last one given`);
        }
        after = id;
        return storedJob(row);
      });
    }),
    limits: reading(() => all(limits, "rules", tables.rules.fields, 2).map(storedLimits)),
    schedules: reading(() =>
      all(schedules, "schedule", sizedScheduleFields, 1).map(storedSchedule)
    ),
    scheduleBodies: reading((names: readonly string[]) =>
      names.map((name) => scheduleBody.get(name)?.body as Uint8Array | undefined)
    ),
    lastId: reading(lastId),
    moment: reading((): Moment | undefined => {
      const [row] = rowsOf(clock);
      if (row === undefined) return undefined;
      checkClock(row);
      return { now: Number(row[1]), wall: Number(row[2]) };
    }),
    // Most jobs are taken in the order in which they were put. Cost model: a row of a range costs half of a single one.
    bodies: reading((ids: readonly number[]): (Uint8Array | undefined)[] => {
      const found = new Map<number, Uint8Array>();
      for (const [first, last] of idRuns(ids)) {
        for (const [id, body] of rowsOf(bodies, first, last)) {
          found.set(id as number, body as Uint8Array);
        }
      }
      return ids.map((id) => found.get(id));
    }),
  };
}

/**
 * The rows of a small table. A damaged table may return the same rows for ever, so no two may share their first `key`
 * columns. Not by `iterate`, which ends without an error where a row cannot be read (Deno 2.9).
 */
function all(
  statement: StatementSync,
  table: string,
  fields: readonly StoredField[],
  key: number,
): TableRow[] {
  const check = rowCheck(table, fields);
  const keys = new Set<string>();
  const found: TableRow[] = [];
  for (;;) {
    const rows = rowsOf(statement, found.length);
    if (rows.length === 0) return found;
    for (const row of rows) {
      check(row);
      const own = JSON.stringify(row.slice(0, key));
      if (keys.has(own)) throw new Error(DAMAGED);
      keys.add(own);
      found.push(row);
    }
  }
}

function columns(fields: readonly StoredField[]): string {
  return fields.map(columnOf).join(", ");
}

// A row as an object is slow, and there may be millions. Deno's types do not know this method yet.
function returnArrays(statement: StatementSync): void {
  (statement as StatementSync & { setReturnArrays(on: boolean): void }).setReturnArrays(true);
}

function rowsOf(statement: StatementSync, ...values: (number | bigint)[]): TableRow[] {
  return statement.all(...values) as unknown as TableRow[];
}
