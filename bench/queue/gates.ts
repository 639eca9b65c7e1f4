// The figures that the queue must reach.

/** A bound of a figure. */
export type Gate = { readonly least: number } | { readonly most: number };

/** The ratios to peers, by peer and shape of the load. */
export const RATIOS: Readonly<Record<string, Readonly<Record<string, Gate>>>> = {
  beanstalkd: {
    "PUT, 16 deep": { least: 2 },
    "TAKE and DONE, 16 deep": { least: 3 },
  },
  "beanstalkd to its own clients": {
    "PUT, 16 deep": { least: 1 },
    "TAKE and DONE, 16 deep": { least: 1 },
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

/** The figures of 10,000 requests that wait for a job. */
export const WAITING = {
  /** The live heap of each, in bytes. */
  heap: { most: 4096 },
  /** The median time from a PUT to the answer of the taker, in milliseconds. */
  wake: { most: 5 },
  /** How many takers a PUT wakes. */
  woken: { least: 1, most: 1 },
  /** The CPU time in milliseconds a second, above that of a server without requests, which is the cost of measuring. */
  idle: { most: 2 },
} as const;

/** The figures of a million ready jobs of 100 bytes over 10,000 keys. */
export const SCALE = {
  /** The resident memory after they were put or loaded, in MiB. */
  resident: { most: 400 },
  /** The time from the start of the program until it listens, in seconds. */
  start: { most: 8 },
  /** How many lines of progress it writes to standard error meanwhile. */
  progress: { least: 1 },
  /** The rates over those with a thousand jobs. */
  rate: { least: 0.7 },
} as const;

/** A gate in words, and whether the figure meets it or was not measured. */
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
