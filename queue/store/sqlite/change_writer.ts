// Writes changes to the tables. Runs in the worker.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { JobProgress, StoredJob } from "../job_fields.ts";
import { hasLimits } from "../../queue_limits.ts";
import type { Change } from "../store.ts";
import { type BulkStatement, bulkStatement } from "./bulk_statement.ts";
import { idRuns } from "./id_runs.ts";
import { isNew } from "./job_columns.ts";
import { jobRow, limitsRow, progressRow, scheduleRow } from "./rows.ts";
import { tables } from "./tables.ts";

/** Writes changes. Each may be made again, and each is written by the next `flush` at the latest. */
export interface ChangeWriter {
  /** Makes a change. */
  apply(change: Change): void;
  /** Writes the changes that are left. */
  flush(): void;
  /** Forgets the changes that are left. */
  forget(): void;
}

/** From so many numbers in a row on it costs less to remove them as a range. */
const SHORT_RUN = 4;
/** At most so many moves and drops gather: an import may have millions. */
const MOST = 10_000;

/**
 * Writes changes to the tables. Changes of one kind gather and are written together: first new jobs, then progress, then
 * removals. For each job that is the order of its changes.
 */
export function changeWriter(db: DatabaseSync): ChangeWriter {
  const varying = (table: "job" | "progress"): boolean[] =>
    tables[table].fields.map(({ varies = false }) => varies);
  const puts = bulkStatement(
    db,
    [...varying("job"), true],
    (rows) => `INSERT OR REPLACE INTO job ${rows}`,
  );
  const moveRows = bulkStatement(
    db,
    varying("progress"),
    (rows) =>
      `INSERT OR REPLACE INTO progress SELECT * FROM (${rows})
        WHERE EXISTS (SELECT 1 FROM job WHERE id = column1)`,
  );
  const drops = (table: string): BulkStatement =>
    bulkStatement(db, [true], (rows) => `DELETE FROM ${table} WHERE id IN (${rows})`);
  const [dropJobs, dropProgress] = [drops("job"), drops("progress")];
  const dropJobRun = db.prepare("DELETE FROM job WHERE id BETWEEN ? AND ?");
  const dropProgressRun = db.prepare("DELETE FROM progress WHERE id BETWEEN ? AND ?");
  const setBody = db.prepare("UPDATE job SET body = ?2 WHERE id = ?1");
  const setLimits = insertion(db, "rules", tables.rules.fields.length);
  const setSchedule = insertion(db, "schedule", tables.schedule.fields.length + 1);
  const dropLimits = db.prepare("DELETE FROM rules WHERE queue = ? AND key = ?");
  const moveSchedule = db.prepare("UPDATE schedule SET next = ?2, paused = ?3 WHERE name = ?1");
  const dropSchedule = db.prepare("DELETE FROM schedule WHERE name = ?");

  // Only the last progress of a job is written.
  const moves = new Map<number, JobProgress>();
  const results = new Map<number, Uint8Array>();
  const dropped: number[] = [];
  let highest = 0;

  const put = (job: StoredJob, body: Uint8Array): void => {
    // Only a number above all so far is sure to be that of no job with changes that wait.
    if (job.id <= highest) flush();
    highest = job.id;
    puts.add(jobRow(job, body));
    if (!isNew(job)) move(job.id, job);
  };
  const move = (id: number, progress: JobProgress): void => {
    change(id);
    moves.set(id, progress);
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
        return move(each.id, each.progress);
      case "finish":
        move(each.id, each.progress);
        results.set(each.id, each.result);
        return;
      case "drop":
        change(each.id);
        dropped.push(each.id);
        return;
      case "limits":
        if (hasLimits(each.limits)) setLimits.run(...limitsRow(each.limits));
        else dropLimits.run(each.limits.queue, each.limits.key);
        return;
      case "schedule":
        setSchedule.run(...scheduleRow(each.schedule));
        return;
      case "reschedule":
        moveSchedule.run(each.name, each.next, Number(each.paused));
        return;
      case "unschedule":
        dropSchedule.run(each.name);
    }
  };
  const flush = (): void => {
    puts.flush();
    for (const [id, result] of results) setBody.run(id, result);
    for (const id of dropped) moves.delete(id);
    for (const [id, progress] of moves) moveRows.add(progressRow(id, progress));
    moveRows.flush();
    for (const [first, last] of idRuns(dropped)) {
      if (last - first < SHORT_RUN) {
        for (let id = first; id <= last; id++) {
          dropJobs.add([id]);
          dropProgress.add([id]);
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
    for (const rows of [puts, moveRows, dropJobs, dropProgress]) rows.forget();
    moves.clear();
    results.clear();
    dropped.length = highest = 0;
  };
  return { apply, flush, forget };
}

function insertion(db: DatabaseSync, table: string, columns: number): StatementSync {
  const values = Array(columns).fill("?").join(", ");
  return db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${values})`);
}
