// The numbers that an engine gives to jobs. An engine with a part of the jobs leaves gaps, so a number tells whose it is.

/** Which numbers an engine gives to its jobs. */
export interface JobNumbers {
  /** The numbers of jobs that follow each other differ by this much, or by a multiple of it. */
  readonly stride: number;
  /** The number of the next job, where this is the highest of all before. */
  after(last: number): number;
}

/** All numbers from 1. */
export const allNumbers: JobNumbers = { stride: 1, after: (last) => last + 1 };

/** The numbers of one of so many shards, counted from 0: those whose remainder is the shard. */
export function shardNumbers(shard: number, shards: number): JobNumbers {
  return {
    stride: shards,
    after: (last) => last - last % shards + shard + (last % shards < shard ? 0 : shards),
  };
}
