// Seconds of beanstalkd as ms of the queue, whose leases and delays have bounds of their own.

import { bounds } from "../bounds.ts";

/** The lease of a job with this TTR: at least a second, as in beanstalkd. */
export function leaseOf(ttr: number): number {
  return Math.min(1000 * Math.max(ttr, 1), bounds.lease.max);
}

/** The delay of a job. */
export function delayOf(seconds: number): number {
  return Math.min(1000 * seconds, bounds.delay.max);
}
