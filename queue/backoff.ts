// The pauses between the attempts of a job.

import { DAY } from "./bounds.ts";

/** The longest pause that backoff makes, in ms. */
const LONGEST_PAUSE = DAY;

/** The longest pause before a job is tried again, in ms, after `used` attempts that count. */
export function longestPause(backoff: number, used: number): number {
  return Math.min(backoff * 2 ** Math.max(0, used - 1), LONGEST_PAUSE);
}
