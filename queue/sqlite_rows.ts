// How changes become rows of the tables, and rows jobs. Runs in the worker.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Change, Progress, Rules, Schedule, StoredJob } from "./store.ts";
import { hasRules, states } from "./store.ts";

/** What makes a change; each may be made again. */
export function applier(db: DatabaseSync): (change: Change) => void {
  const insert = (table: string, columns: number): StatementSync =>
    db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${Array(columns).fill("?").join(", ")})`);
  const putRow = insert("job", 14);
  const ruleRow = insert("rules", 7);
  const scheduleRow = insert("schedule", 14);
  const moveRow = db.prepare(
    "INSERT OR REPLACE INTO progress SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM job WHERE id = ?1)",
  );
  const setBody = db.prepare("UPDATE job SET body = ?2 WHERE id = ?1");
  const dropJob = db.prepare("DELETE FROM job WHERE id = ?");
  const dropProgress = db.prepare("DELETE FROM progress WHERE id = ?");
  const dropRules = db.prepare("DELETE FROM rules WHERE queue = ? AND key = ?");
  const dropSchedule = db.prepare("DELETE FROM schedule WHERE name = ?");

  const move = (id: number, progress: Progress): void => {
    const { state, attempt, spared, ready, until, held, reason } = progress;
    moveRow.run(id, states.indexOf(state), attempt, spared, ready, until, Number(held), reason);
  };
  const put = (job: StoredJob, body: Uint8Array): void => {
    const { id, queue, key, priority, attempts, lease, backoff, keep, unique, state, ready } = job;
    const terms = [queue, key, priority, attempts, lease, backoff, Number(keep)];
    putRow.run(
      id,
      ...terms,
      unique,
      job.put,
      job.expires,
      states.indexOf(state),
      ready,
      body,
    );
    if (job.attempt > 0 || job.until > 0 || job.reason !== "") move(id, job);
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

  return (change) => {
    switch (change.kind) {
      case "put":
        return put(change.job, change.body);
      case "move":
        return move(change.id, change.progress);
      case "finish":
        setBody.run(change.id, change.result);
        return move(change.id, change.progress);
      case "drop":
        dropJob.run(change.id);
        dropProgress.run(change.id);
        return;
      case "rules":
        return setRules(change.rules);
      case "schedule":
        return setSchedule(change.schedule);
      case "unschedule":
        dropSchedule.run(change.name);
    }
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
