/** How many buckets each doubling of the value has: a percentile is at most 1/16 too high. */
const STEPS = 16;
/** Buckets for values in microseconds, up to 2^31 of them (36 minutes). */
const BUCKETS = 28 * STEPS;
const MAX_MICROS = 2 ** 31 - 1;

/**
 * Percentiles of recent durations in fixed memory: a histogram whose buckets grow with the value (as HdrHistogram has
 * them) for the present span of time, and one for the span before.
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
  #rotateAt = -Infinity;
  #now: Uint32Array = new Uint32Array(BUCKETS);
  #before: Uint32Array = new Uint32Array(BUCKETS);
  #max = 0;
  #maxBefore = 0;

  /**
   * Starts empty.
   *
   * @param span the length of a span, in milliseconds (default 30 000); percentiles cover one to two spans
   */
  constructor(span: number = 30_000) {
    this.#span = span;
  }

  /**
   * Records a duration.
   *
   * @param ms in milliseconds; below 0 counts as 0, and above 36 minutes as that
   * @param now the time, in milliseconds
   */
  record(ms: number, now: number): void {
    if (now >= this.#rotateAt) this.#rotate(now);
    const micros = ms <= 0 ? 0 : Math.min(MAX_MICROS, ms * 1_000) | 0;
    this.#now[bucketOf(micros)]++;
    if (ms > this.#max) this.#max = ms;
  }

  /**
   * The duration that this share of the recent ones does not exceed, in milliseconds, at most 1/16 too high; 0 if there
   * were none.
   *
   * @param share from 0 to 1, such as 0.99 for the 99th percentile
   */
  percentile(share: number): number {
    const max = Math.max(this.#max, this.#maxBefore);
    let left = Math.ceil(share * this.count);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#now[bucket] + this.#before[bucket];
      if (left <= 0) return Math.min(max, upperEnd(bucket) / 1_000);
    }
    return max;
  }

  /** How many durations the two spans hold. */
  get count(): number {
    let count = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      count += this.#now[bucket] + this.#before[bucket];
    }
    return count;
  }

  #rotate(now: number): void {
    const stale = now >= this.#rotateAt + this.#span;
    const spare = this.#before;
    this.#before = this.#now;
    this.#maxBefore = this.#max;
    if (stale) this.#before.fill(0);
    if (stale) this.#maxBefore = 0;
    this.#now = spare.fill(0);
    this.#max = 0;
    this.#rotateAt = now + this.#span;
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
