// What is required of the queue, and whether a figure meets it.

/** What is required of a figure: this much at least, or at most. */
export type Gate = { readonly least: number } | { readonly most: number };

/** Of ratios to peers, by the peer and what is measured. */
export const RATIOS: Readonly<Record<string, Readonly<Record<string, Gate>>>> = {
  beanstalkd: {
    "PUT, 16 deep": { least: 2 },
    "TAKE and DONE, 16 deep": { least: 3 },
  },
  "beanstalkd -f0": {
    "PUT, 16 deep": { least: 20 },
    "PUT, one at a time, 50 connections": { least: 1 },
    "TAKE and DONE, one at a time, 50 connections": { least: 1 },
  },
  BullMQ: {
    "PUT, 16 deep": { least: 10 },
    "TAKE and DONE, 16 deep": { least: 10 },
  },
};

/** Of 10,000 requests that wait for a job. */
export const WAITING = {
  /** Live heap of each, in bytes. */
  heap: { most: 4096 },
  /** From PUT to the taker's answer, in ms, at the median. */
  wake: { most: 5 },
  /** How many a PUT wakes. */
  woken: { least: 1, most: 1 },
  /** CPU, in ms a second, beyond what a server uses to which nobody says anything: what measuring itself costs. */
  idle: { most: 2 },
} as const;

/** Of a million ready jobs of 100 bytes over 10,000 keys. */
export const SCALE = {
  /** The process, in MiB, once they were put or loaded. */
  resident: { most: 400 },
  /** From the start of the program until it listens, in s. */
  start: { most: 8 },
  /** Lines on standard error meanwhile that say how far it is. */
  progress: { least: 1 },
  /** Rates beside those with a thousand jobs. */
  rate: { least: 0.7 },
} as const;

/** The gate in words, and whether it is met; without a figure, that it was not measured. */
export function verdict(gate: Gate | undefined, figure?: number): string {
  if (gate === undefined) return "";
  const { least = -Infinity, most = Infinity } = gate as { least?: number; most?: number };
  const wanted = least === most
    ? `exactly ${least}`
    : least > -Infinity
    ? `at least ${least}`
    : `at most ${most}`;
  if (figure === undefined) return `[${wanted} is required: not measured]`;
  return `[${wanted} is required: ${figure >= least && figure <= most ? "met" : "not met"}]`;
}
