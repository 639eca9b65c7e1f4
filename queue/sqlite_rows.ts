// How changes become rows of the tables, and rows jobs. Runs in the worker.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Change, Progress, Rules, Schedule, StoredJob } from "./store.ts";
import { hasRules, states } from "./store.ts";

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
/** How many moves and drops gather at most, as an import may have millions. */
const MOST = 10_000;

/**
 * What writes changes to the tables. Rows gather by what is done to them, and each kind goes together: first new jobs,
 * then how far jobs have come, then those that are gone. For any one job that is the order in which it happens.
 */
export function rowsWriter(db: DatabaseSync): RowsWriter {
  const row = (columns: number): string => `(${Array(columns).fill("?").join(", ")})`;
  const insert = (table: string, columns: number): StatementSync =>
    db.prepare(`INSERT OR REPLACE INTO ${table} VALUES ${row(columns)}`);
  const putRows = inRows(db, 14, (values) => `INSERT OR REPLACE INTO job VALUES ${values}`);
  const moveRows = inRows(
    db,
    8,
    (values) =>
      `INSERT OR REPLACE INTO progress SELECT * FROM (VALUES ${values})
        WHERE EXISTS (SELECT 1 FROM job WHERE id = column1)`,
  );
  const dropJobs = inRows(db, 1, (values) => `DELETE FROM job WHERE id IN (VALUES ${values})`);
  const dropProgress = inRows(
    db,
    1,
    (values) => `DELETE FROM progress WHERE id IN (VALUES ${values})`,
  );
  const setBody = db.prepare("UPDATE job SET body = ?2 WHERE id = ?1");
  const ruleRow = insert("rules", 7);
  const scheduleRow = insert("schedule", 14);
  const dropRules = db.prepare("DELETE FROM rules WHERE queue = ? AND key = ?");
  const dropSchedule = db.prepare("DELETE FROM schedule WHERE name = ?");

  // The last of a job's moves is all that is kept of them.
  const moves = new Map<number, Progress>();
  const results = new Map<number, Uint8Array>();
  const dropped: number[] = [];
  let highest = 0;

  const put = (job: StoredJob, body: Uint8Array): void => {
    const { id, queue, key, priority, attempts, lease, backoff, unique, expires, ready } = job;
    // A number above all that was written or is to be is that of no job so far.
    if (id <= highest) flush();
    highest = id;
    const [keep, state] = [Number(job.keep), states.indexOf(job.state)];
    // In one list, not from parts: this is done most often of all.
    // deno-fmt-ignore
    putRows.add(id, queue, key, priority, attempts, lease, backoff, keep, unique, job.put, expires, state, ready, body);
    if (job.attempt === 0 && job.until === 0 && job.reason === "") return;
    change(id);
    moves.set(id, job);
  };
  const setRules = (each: Rules): void => {
    const { queue, key, paused, running, rate, weight, depth } = each;
    if (hasRules(each)) ruleRow.run(queue, key, Number(paused), running, rate, weight, depth);
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
      case "unschedule":
        dropSchedule.run(each.name);
    }
  };
  const flush = (): void => {
    putRows.flush();
    for (const [id, result] of results) setBody.run(id, result);
    for (const id of dropped) moves.delete(id);
    for (const [id, { state, attempt, spared, ready, until, held, reason }] of moves) {
      const at = states.indexOf(state);
      moveRows.add(id, at, attempt, spared, ready, until, Number(held), reason);
    }
    moveRows.flush();
    for (const id of dropped) {
      dropJobs.add(id);
      dropProgress.add(id);
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

function inRows(db: DatabaseSync, columns: number, sql: (values: string) => string): RowsOf {
  const row = `(${Array(columns).fill("?").join(", ")})`;
  const one = db.prepare(sql(row));
  const many = db.prepare(sql(Array(ROWS).fill(row).join(", ")));
  const values: Value[] = [];
  return {
    add(...row: Value[]): void {
      for (const value of row) values.push(value);
      if (values.length < ROWS * columns) return;
      many.run(...values);
      values.length = 0;
    },
    flush(): void {
      for (let at = 0; at < values.length; at += columns) {
        one.run(...values.slice(at, at + columns));
      }
      values.length = 0;
    },
    forget(): void {
      values.length = 0;
    },
  };
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
    put: row[9],
    expires: row[10],
    size: row[11],
    state: states[row[12]],
    attempt: row[13],
    spared: row[14],
    ready: row[15],
    until: row[16],
    held: row[17] === 1,
    reason: row[18],
  };
}
