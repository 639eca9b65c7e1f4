// What the queue holds in memory, in bytes: each thing counts for what it was measured to take.

/**
 * What one of each takes, in bytes, beside its texts and bodies: of V8's heap and beside it, as the growth of a process
 * divided by how many there are, garbage collected. tests/queue/cost/memory_test.ts measures again and compares.
 */
export const BYTES = {
  /** A job: 86 to 95 in its columns, 40 more where it is taken. */
  job: 128,
  /** What few jobs have: a name, an expiry, a reason. */
  extras: 136,
  /** Terms that no other job of its key has. */
  kind: 104,
  /** A text beside its characters. */
  text: 32,
  /** A key of a queue. */
  key: 400,
  /** The turns of a key in a priority. */
  row: 650,
  /** A queue. */
  queue: 2048,
  /** The turns of keys and priorities, where a queue has several. */
  turns: 5632,
  /** The limits of a queue or key. */
  limits: 448,
  /** A schedule. */
  schedule: 480,
  /** A change that is not stored yet. */
  change: 320,
  /** A job that a store in memory keeps, and its body. */
  kept: 480,
  /** A request that waits for a job, and its place in the line of each queue. */
  taker: 512,
  spot: 104,
  /** A request that waits for a result. */
  waiter: 448,
};

const LATIN1 = /^[\0-\xff]*$/;

/** What a text takes, in bytes. */
export function textBytes(text: string): number {
  if (text === "") return 0;
  return BYTES.text + (LATIN1.test(text) ? text.length : 2 * text.length);
}

/** The share of its memory that a queue keeps free for requests that wait: those who make room are not kept out by jobs. */
export const WAITING_SHARE = 1 / 8;

/** What a queue holds in memory, in bytes. */
export class Memory {
  /** For jobs, keys, queues, limits, schedules, and for what is not stored yet. */
  kept = 0;
  /** For requests that wait for jobs and results. */
  waiting = 0;
}
