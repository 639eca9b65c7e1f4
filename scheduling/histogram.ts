/** Each doubling of the value is split into this many buckets: a percentile is at most 1/16 high. */
const STEPS = 16;
/** Values are kept in microseconds, up to 2^31 of them (36 minutes). */
const BUCKETS = 28 * STEPS;
const MOST = 2 ** 31 - 1;

/**
 * Percentiles of recent durations in fixed memory: a histogram whose buckets grow with the value
 * (after HdrHistogram), one for the present span of time and one for the span before it.
 *
 * @example
 * ```ts
 * import { Histogram } from "@lineup/lineup/scheduling";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const waits = new Histogram();
 * for (let ms = 1; ms <= 100; ms++) waits.record(ms, 0);
 * assertAlmostEquals(waits.percentile(0.5), 50, 50 / 16);
 * assertEquals(waits.percentile(1), 100);
 * ```
 */
export class Histogram {
  #span: number;
  #turn = -Infinity;
  #now: Uint32Array = new Uint32Array(BUCKETS);
  #before: Uint32Array = new Uint32Array(BUCKETS);
  #most = 0;
  #mostBefore = 0;

  /**
   * Starts empty.
   *
   * @param span the length of a span, in milliseconds (default 30 000): percentiles cover between
   * one and two spans
   */
  constructor(span: number = 30_000) {
    this.#span = span;
  }

  /**
   * Takes in a duration.
   *
   * @param ms in milliseconds; below 0 counts as 0, and above 36 minutes as that
   * @param now the time, in milliseconds
   */
  record(ms: number, now: number): void {
    if (now >= this.#turn) this.#rotate(now);
    const micros = ms <= 0 ? 0 : Math.min(MOST, ms * 1_000) | 0;
    this.#now[bucketOf(micros)]++;
    if (ms > this.#most) this.#most = ms;
  }

  /**
   * The duration that a share of those recorded lately does not exceed, in milliseconds: at most 1/16
   * too high. 0 if there were none.
   *
   * @param share from 0 to 1; 0.99 for the 99th percentile
   */
  percentile(share: number): number {
    const most = Math.max(this.#most, this.#mostBefore);
    let left = Math.ceil(share * this.count);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#now[bucket] + this.#before[bucket];
      if (left <= 0) return Math.min(most, upperEnd(bucket) / 1_000);
    }
    return most;
  }

  /** How many durations were recorded lately. */
  get count(): number {
    let count = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      count += this.#now[bucket] + this.#before[bucket];
    }
    return count;
  }

  #rotate(now: number): void {
    const stale = now >= this.#turn + this.#span;
    const spare = this.#before;
    this.#before = this.#now;
    this.#mostBefore = this.#most;
    if (stale) this.#before.fill(0);
    if (stale) this.#mostBefore = 0;
    this.#now = spare.fill(0);
    this.#most = 0;
    this.#turn = now + this.#span;
  }
}

function bucketOf(micros: number): number {
  if (micros < STEPS) return micros;
  const shift = 27 - Math.clz32(micros);
  return shift * STEPS + (micros >> shift);
}

function upperEnd(bucket: number): number {
  if (bucket < 2 * STEPS) return bucket;
  const shift = Math.floor(bucket / STEPS) - 1;
  return (bucket - shift * STEPS + 1) * 2 ** shift - 1;
}
