// The bounds of the values that clients give, each once: the protocol shows them, the engine and the store keep them.

/** A day in ms. */
export const DAY = 86_400_000;
/** The longest delay, expiry or interval, in ms. */
const YEAR = 366 * DAY;

/** The most jobs that one TAKE is given. */
export const MAX_TAKE = 100;
/** The most bytes of bodies that one TAKE is given, unless the first job alone has more. */
export const MAX_TAKE_BYTES = 4 << 20;
/** The most queues that one TAKE names. */
export const MAX_TAKE_QUEUES = 100;

/** The most tubes that a client of beanstalkd watches. */
export const MAX_WATCHED = 1000;

/**
 * The least and the most of each value, and the default of PUT, as a client writes it. Names and texts are measured in
 * characters, durations in ms.
 */
export const bounds = {
  queue: { max: 128 },
  key: { max: 128 },
  unique: { max: 128 },
  trace: { max: 128 },
  priority: { min: 0, max: 9, default: "5" },
  rank: { min: 0, max: 2 ** 32 - 1 },
  attempts: { min: 1, max: 1000, default: "10" },
  lease: { min: 1, max: 30 * DAY, default: "60s" },
  backoff: { min: 0, max: DAY, default: "0ms" },
  delay: { min: 0, max: YEAR, default: "0ms" },
  expires: { min: 1, max: YEAR },
  running: { min: 0, max: 10_000_000 },
  rate: { min: 0, max: 1_000_000 },
  weight: { min: 0, max: 1000 },
  depth: { min: 0, max: 10_000_000 },
  schedule: { max: 96 },
  cron: { max: 128 },
  zone: { max: 64 },
  interval: { min: 1000, max: YEAR },
} as const;

/** The ways in which an attempt can end. */
export const outcomes = [
  "done",
  "failed",
  "released",
  "timeout",
  "disconnected",
  "undelivered",
  "unreadable",
] as const;
