// The limits of queues and keys as values: none, wrong, in bounds.

import { bounds } from "./bounds.ts";
import type { QueueLimits } from "./store/store.ts";

/** The least share, and the least rate: one job in 28 hours. Less would be a pause under another name. */
const LEAST = { rate: 0.00001, weight: 0.001 } as const;

/** No limit for a queue or key. */
export function noLimits(queue: string, key: string): QueueLimits {
  return { queue, key, paused: false, running: 0, rate: 0, weight: 0, depth: 0 };
}

/** Whether there is any limit. */
export function hasLimits({ paused, running, rate, weight, depth }: QueueLimits): boolean {
  return paused || running > 0 || rate > 0 || weight > 0 || depth > 0;
}

/** Says what is wrong with limits; `undefined` if nothing is. */
export function wrongLimit(limits: Pick<QueueLimits, keyof typeof LEAST>): string | undefined {
  for (const name of ["rate", "weight"] as const) {
    const [value, least, { max }] = [limits[name], LEAST[name], bounds[name]];
    if (value === 0 || (value >= least && value <= max)) continue;
    return `${name} must be ${least} to ${max}, or 0 to lift it, not ${value}`;
  }
}

/** The nearest limits whose rate and weight are in bounds. */
export function limitsInBounds(limits: QueueLimits): QueueLimits {
  const nearest = (name: keyof typeof LEAST): number =>
    limits[name] > 0 ? Math.min(Math.max(limits[name], LEAST[name]), bounds[name].max) : 0;
  return { ...limits, rate: nearest("rate"), weight: nearest("weight") };
}
