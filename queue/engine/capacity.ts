// How much there may be: everything that clients can make more of.

import type { Jobs } from "../index/jobs.ts";
import { WAITING_SHARE } from "../memory.ts";
import type { Queue } from "../index/queue.ts";
import { busy, noRows } from "../refusals.ts";
import type { WorkQueue } from "./work_queue.ts";

/** How much there may be. */
export interface Capacity {
  /** Bytes of memory, of which `WAITING_SHARE` is for requests that wait. */
  readonly maxMemory: number;
  readonly maxJobs: number;
  readonly maxQueues: number;
  readonly maxTakers: number;
  readonly maxRules: number;
  readonly maxSchedules: number;
  readonly maxResults: number;
  /** How long results are kept, in ms. */
  readonly resultTime: number;
}

/** Whether more may be kept in memory. */
export function hasRoom({ bounds: { maxMemory }, kept }: WorkQueue): boolean {
  return kept < maxMemory * (1 - WAITING_SHARE);
}

/** Throws `busy` where no more may be kept in memory. */
export function roomInMemory(work: WorkQueue): void {
  if (hasRoom(work)) return;
  const { bounds: { maxMemory }, kept } = work;
  throw busy(
    `The queue holds ${kept} bytes in memory, and its maxMemory is ${maxMemory}, some of which is for ` +
      "requests that wait; DONE, DROP and PURGE make room.",
  );
}

/** What a job takes in a store beside its body, in bytes. */
const STORED_JOB = 320;

/**
 * Throws `busy` where a store has no room for so many bytes more. What makes room is not asked, nor what takes little:
 * for that a store keeps some.
 */
export function roomInStore(work: WorkQueue, bytes: number): void {
  const room = work.storeRoom();
  if (room === undefined) return;
  // What is not stored yet may be in a log before it is where it stays, and takes its place twice.
  const enough = bytes + STORED_JOB + 2 * work.journal.pending <= room.left;
  work.tellRoom(enough);
  if (enough) return;
  throw busy(
    `The disk, or the size that the queue's file may have, leaves room for ${room.left} bytes of new jobs; ` +
      "DONE, DROP and PURGE make room.",
  );
}

/** What is stored of a job or queue beside the job itself, in bytes, where it finds half a page to itself. */
const STORED_ROW = 128;

/** For how many more rows of what becomes of jobs and queues a store has room. */
export function rowsLeft(work: WorkQueue): number {
  const { rows = Infinity } = work.storeRoom() ?? {};
  return rows === Infinity ? rows : Math.floor((rows - work.journal.pending) / STORED_ROW);
}

/**
 * Throws `busy` where a store has no room for what becomes of a job or queue, and so many bytes with it. What removes jobs
 * is not asked, nor what leaves a row as large as it was: for that a store keeps some.
 */
export function roomForRow(work: WorkQueue, bytes = 0): void {
  if (rowsLeft(work) * STORED_ROW >= STORED_ROW + 2 * bytes) return;
  throw noRows();
}

/** A reason where there is room to keep it, in memory and in the store; else none. */
export function reasonIn(work: WorkQueue, reason: string): string {
  if (reason === "" || !hasRoom(work)) return "";
  const { left } = work.storeRoom() ?? { left: Infinity };
  return 2 * (reason.length + work.journal.pending) <= left ? reason : "";
}

/** Throws `busy` where there may be no further job. */
export function roomForJob({ maxJobs }: Capacity, jobs: Jobs): void {
  if (jobs.size >= maxJobs) throw busy(`There are ${maxJobs} jobs, as many as may be.`);
}

/** Throws `busy` where not all of these queues are there or may be. */
export function roomForQueues(work: WorkQueue, names: readonly string[]): void {
  const { jobs: { queues }, bounds: { maxQueues } } = work;
  if (names.every((name) => queues.has(name))) return;
  roomInMemory(work);
  if (queues.size + names.length <= maxQueues) return;
  throw busy(`There may be ${maxQueues} queues, and there is no room for another.`);
}

/** Throws `busy` where a queue or one of its keys has as many unfinished jobs as its limit allows. */
export function roomInDepth(queue: Queue, key: string): void {
  const { name, unfinished, limits } = queue;
  const depth = limits?.rules.depth ?? 0;
  if (depth > 0 && unfinished >= depth) {
    throw busy(`${name} is full: it has ${unfinished} unfinished jobs, and its depth is ${depth}.`);
  }
  const tenant = queue.find(key);
  const room = tenant?.limits?.rules.depth ?? 0;
  if (room > 0 && tenant!.unfinished >= room) {
    const jobs = `${tenant!.unfinished} unfinished jobs in ${name}`;
    throw busy(`${key} has ${jobs}, and the depth of that key is ${room}.`);
  }
}

/** Throws `busy` where no further queue or key may have rules. */
export function roomForRules({ maxRules }: Capacity, rules: number): void {
  if (rules >= maxRules) throw busy(`${maxRules} queues and keys have limits, as many as may.`);
}

/** Throws `busy` where there may be no further schedule. */
export function roomForSchedule({ maxSchedules }: Capacity, schedules: number): void {
  if (schedules >= maxSchedules) {
    throw busy(`There are ${maxSchedules} schedules, as many as may be.`);
  }
}

/** Throws `busy` where no further request may wait for a job or a result. */
export function roomForTaker({ bounds, takers, results, memory }: WorkQueue): void {
  const { maxTakers, maxMemory } = bounds;
  if (takers.size + results.waiting >= maxTakers) {
    throw busy(`${maxTakers} requests wait for a job, as many as may.`);
  }
  const most = maxMemory * WAITING_SHARE;
  if (memory.waiting < most) return;
  throw busy(
    `Requests that wait hold ${memory.waiting} bytes in memory, and may hold ${most}, a share of maxMemory.`,
  );
}
