// The memory of a queue, in bytes. Each thing counts as many bytes as it was measured to take.

/**
 * The bytes of one of each, without its texts and bodies: the growth of the heap and of the buffers of a process after a
 * garbage collection, divided by their number. tests/queue/cost/memory_test.ts measures again and compares.
 */
export const BYTES = {
  /** A job: 94 to 103 in its columns, 40 more if it is taken. */
  job: 128,
  /** The fields that few jobs have: a name, an expiry, a reason. */
  extras: 136,
  /** The counts of what happened to a job. */
  history: 96,
  /** Options that no other job of the key has. */
  options: 104,
  /** A text without its characters. */
  text: 32,
  /** A key of a queue. */
  key: 400,
  /** The ready jobs of a key in a priority. */
  row: 650,
  /** A queue. */
  queue: 2048,
  /** The turns of the keys and priorities of a queue that has several. */
  turns: 5632,
  /** The limits of a queue or key. */
  limits: 448,
  /** A schedule. */
  schedule: 480,
  /** A change that is not stored yet. */
  change: 320,
  /** A job in a store in memory. */
  kept: 480,
  /** A request that waits for a job, and its place in the wait list of each queue. */
  consumer: 512,
  waitNode: 104,
  /** A request that waits for a result. */
  resultWaiter: 448,
};

const LATIN1 = /^[\0-\xff]*$/;

/** The bytes of a text. */
export function textBytes(text: string): number {
  if (text === "") return 0;
  return BYTES.text + (LATIN1.test(text) ? text.length : 2 * text.length);
}

/** The share of its memory that a queue keeps for requests that wait: jobs must not keep out those who make room. */
export const WAITING_SHARE = 1 / 8;

/** The bytes that a queue holds in memory. */
export class Memory {
  /** For jobs, keys, queues, limits, schedules and changes that are not stored yet. */
  kept = 0;
  /** For requests that wait for jobs and results. */
  waiting = 0;
}
