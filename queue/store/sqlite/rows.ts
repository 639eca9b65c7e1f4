// How changes become rows of the tables, and rows jobs. Runs in the worker.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Change, JobProgress, QueueLimits, Schedule, StoredJob } from "../store.ts";
import { hasRules, states } from "../store.ts";

/** Writes changes: each may be made again, and none is sure to be written before `flush`. */
export interface RowsWriter {
  /** Makes a change. */
  apply(change: Change): void;
  /** Writes what is left. */
  flush(): void;
  /** Forgets what is left. */
  forget(): void;
}

/** How many rows a statement writes where there are as many: a statement costs as much as a row or two. */
const ROWS = 16;
/** From how many numbers in a row on to remove them as a range costs less. */
const SHORT_RUN = 4;
/** How many moves and drops gather at most, as an import may have millions. */
const MOST = 10_000;
/** The columns that differ from row to row of `job` in most batches: id, key, put, ready, body. */
const PUT_OWN = columns(14, [0, 2, 9, 12, 13]);
/** Those of `progress`: id, ready, until. */
const MOVE_OWN = columns(8, [0, 4, 5]);

/**
 * What writes changes to the tables. Rows gather by what is done to them, and each kind goes together: first new jobs,
 * then how far jobs have come, then those that are gone. For any one job that is the order in which it happens.
 */
export function rowsWriter(db: DatabaseSync): RowsWriter {
  const row = (columns: number): string => `(${Array(columns).fill("?").join(", ")})`;
  const insert = (table: string, columns: number): StatementSync =>
    db.prepare(`INSERT OR REPLACE INTO ${table} VALUES ${row(columns)}`);
  const putRows = inRows(db, PUT_OWN, (rows) => `INSERT OR REPLACE INTO job ${rows}`);
  const moveRows = inRows(
    db,
    MOVE_OWN,
    (rows) =>
      `INSERT OR REPLACE INTO progress SELECT * FROM (${rows})
        WHERE EXISTS (SELECT 1 FROM job WHERE id = column1)`,
  );
  const drops = (table: string): RowsOf =>
    inRows(db, [true], (rows) => `DELETE FROM ${table} WHERE id IN (${rows})`);
  const dropJobs = drops("job");
  const dropProgress = drops("progress");
  const dropJobRun = db.prepare("DELETE FROM job WHERE id BETWEEN ? AND ?");
  const dropProgressRun = db.prepare("DELETE FROM progress WHERE id BETWEEN ? AND ?");
  const setBody = db.prepare("UPDATE job SET body = ?2 WHERE id = ?1");
  const ruleRow = insert("rules", 8);
  const scheduleRow = insert("schedule", 14);
  const dropRules = db.prepare("DELETE FROM rules WHERE queue = ? AND key = ?");
  const moveSchedule = db.prepare("UPDATE schedule SET next = ?2 WHERE name = ?1");
  const dropSchedule = db.prepare("DELETE FROM schedule WHERE name = ?");

  // The last of a job's moves is all that is kept of them.
  const moves = new Map<number, JobProgress>();
  const results = new Map<number, Uint8Array>();
  const dropped: number[] = [];
  let highest = 0;

  const put = (job: StoredJob, body: Uint8Array): void => {
    const {
      id,
      queue,
      key,
      priority,
      attempts,
      lease,
      backoff,
      unique,
      expiresAt: expires,
      readyAt: ready,
    } = job;
    // A number above all that was written or is to be is that of no job so far.
    if (id <= highest) flush();
    highest = id;
    const [keep, state] = [Number(job.keep), states.indexOf(job.state)];
    // In one list, not from parts: this is done most often of all.
    // deno-fmt-ignore
    putRows.add(id, queue, key, priority, attempts, lease, backoff, keep, unique, job.enqueuedAt, expires, state, ready, body);
    if (job.attempt === 0 && job.endsAt === 0 && job.reason === "") return;
    change(id);
    moves.set(id, job);
  };
  const setRules = (each: QueueLimits): void => {
    const { queue, key, paused, running, rate, weight, depth, paid = 0 } = each;
    if (hasRules(each)) ruleRow.run(queue, key, Number(paused), running, rate, weight, depth, paid);
    else dropRules.run(queue, key);
  };
  const setSchedule = (schedule: Schedule): void => {
    const { name, queue, key, priority, attempts, lease, backoff, keep, body } = schedule;
    const { cron, zone, interval, next, expires } = schedule;
    const terms = [queue, key, priority, attempts, lease, backoff, Number(keep)];
    scheduleRow.run(name, ...terms, cron, zone, interval, next, expires, body);
  };
  const change = (id: number): void => {
    if (moves.size + dropped.length >= MOST) flush();
    if (id > highest) highest = id;
  };
  const apply = (each: Change): void => {
    switch (each.kind) {
      case "put":
        return put(each.job, each.body);
      case "move":
        change(each.id);
        moves.set(each.id, each.progress);
        return;
      case "finish":
        change(each.id);
        moves.set(each.id, each.progress);
        results.set(each.id, each.result);
        return;
      case "drop":
        change(each.id);
        dropped.push(each.id);
        return;
      case "rules":
        return setRules(each.rules);
      case "schedule":
        return setSchedule(each.schedule);
      case "reschedule":
        moveSchedule.run(each.name, each.next);
        return;
      case "unschedule":
        dropSchedule.run(each.name);
    }
  };
  const flush = (): void => {
    putRows.flush();
    for (const [id, result] of results) setBody.run(id, result);
    for (const id of dropped) moves.delete(id);
    for (const [id, each] of moves) {
      const { attempt, uncountedAttempts, readyAt, endsAt, reason } = each;
      const [at, held] = [states.indexOf(each.state), Number(each.releaseOnDisconnect)];
      moveRows.add(id, at, attempt, uncountedAttempts, readyAt, endsAt, held, reason);
    }
    moveRows.flush();
    for (const [first, last] of runs(dropped)) {
      if (last - first < SHORT_RUN) {
        for (let id = first; id <= last; id++) {
          dropJobs.add(id);
          dropProgress.add(id);
        }
      } else {
        dropJobRun.run(first, last);
        dropProgressRun.run(first, last);
      }
    }
    dropJobs.flush();
    dropProgress.flush();
    forget();
  };
  const forget = (): void => {
    for (const rows of [putRows, moveRows, dropJobs, dropProgress]) rows.forget();
    moves.clear();
    results.clear();
    dropped.length = highest = 0;
  };
  return { apply, flush, forget };
}

type Value = number | string | Uint8Array;

/** Rows of one statement: many at a time, the last ones each by itself. */
interface RowsOf {
  add(...row: Value[]): void;
  flush(): void;
  forget(): void;
}

function columns(count: number, own: readonly number[]): boolean[] {
  return Array.from({ length: count }, (_, at) => own.includes(at));
}

/** `own` says of each column whether each row has its own value; what all others have in common is bound once. */
function inRows(
  db: DatabaseSync,
  own: readonly boolean[],
  sql: (rows: string) => string,
): RowsOf {
  const width = own.length;
  const [shared, ownColumns] = [false, true].map((each) =>
    own.flatMap((is, column) => is === each ? [column] : [])
  );
  const one = db.prepare(sql(valuesOf(width, 1)));
  const many = db.prepare(sql(valuesOf(width, ROWS)));
  const manyAlike = shared.length === 0 ? many : db.prepare(sql(alikeRows(own)));
  const values: Value[] = [];
  let alike = true;

  const writeMany = (): void => {
    if (!alike || shared.length === 0) many.run(...values);
    else {
      const bound = shared.map((column) => values[column]);
      for (let at = 0; at < values.length; at += width) {
        for (const column of ownColumns) bound.push(values[at + column]);
      }
      manyAlike.run(...bound);
    }
    forget();
  };
  const forget = (): void => {
    values.length = 0;
    alike = true;
  };
  return {
    add(...row: Value[]): void {
      if (alike && values.length > 0) {
        for (const column of shared) alike &&= row[column] === values[column];
      }
      for (const value of row) values.push(value);
      if (values.length === ROWS * width) writeMany();
    },
    flush(): void {
      for (let at = 0; at < values.length; at += width) {
        one.run(...values.slice(at, at + width));
      }
      forget();
    },
    forget,
  };
}

function valuesOf(width: number, rows: number): string {
  const row = `(${Array(width).fill("?").join(", ")})`;
  return `VALUES ${Array(rows).fill(row).join(", ")}`;
}

// Numbered parameters (`?1` in each row) would say it shorter, and cost more than they save.
function alikeRows(own: readonly boolean[]): string {
  const shared: string[] = [];
  let owned = 0;
  const columns = own.map((is, column) => {
    if (is) return `own.column${++owned} AS column${column + 1}`;
    shared.push(`? AS shared${column}`);
    return `shared${column} AS column${column + 1}`;
  });
  return `SELECT ${columns.join(", ")}
    FROM (SELECT ${shared.join(", ")}) CROSS JOIN (${valuesOf(owned, ROWS)}) AS own`;
}

/** The runs of numbers that follow each other, sorted. */
export function runs(ids: readonly number[]): [first: number, last: number][] {
  const found: [first: number, last: number][] = [];
  for (const id of [...ids].sort((a, b) => a - b)) {
    const run = found.at(-1);
    if (run !== undefined && id <= run[1] + 1) run[1] = id;
    else found.push([id, id]);
  }
  return found;
}

/** What `load` selects of a job, in its order. */
export type Row = readonly [
  id: number,
  queue: string,
  key: string,
  priority: number,
  attempts: number,
  lease: number,
  backoff: number,
  keep: number,
  unique: string,
  put: number,
  expires: number,
  size: number,
  state: number,
  attempt: number,
  spared: number,
  ready: number,
  until: number,
  held: number,
  reason: string,
];

/** The job of a row. */
export function storedJob(row: Row): StoredJob {
  return {
    id: row[0],
    queue: row[1],
    key: row[2],
    priority: row[3],
    attempts: row[4],
    lease: row[5],
    backoff: row[6],
    keep: row[7] === 1,
    unique: row[8],
    enqueuedAt: row[9],
    expiresAt: row[10],
    size: row[11],
    state: states[row[12]],
    attempt: row[13],
    uncountedAttempts: row[14],
    readyAt: row[15],
    endsAt: row[16],
    releaseOnDisconnect: row[17] === 1,
    reason: row[18],
  };
}
