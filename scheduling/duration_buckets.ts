/** The upper bounds of the buckets in seconds, from 0.1 ms to 10 s. */
const BOUNDS: readonly number[] = [
  0.0001,
  0.00025,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
];
const BOUNDS_MS: readonly number[] = BOUNDS.map((bound) => bound * 1000);

/**
 * Counts durations in buckets with fixed bounds, since the start, as a histogram of Prometheus does. To record allocates
 * nothing.
 *
 * @example
 * ```ts
 * import { DurationBuckets } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * const waits = new DurationBuckets();
 * waits.record(0.2);
 * waits.record(20_000);
 * assertEquals(waits.bounds[1], 0.00025);
 * assertEquals([waits.counts[1], waits.counts.at(-1), waits.sum], [1, 1, 20.0002]);
 * const all = new DurationBuckets();
 * all.add(waits);
 * assertEquals([all.counts[1], all.sum], [1, 20.0002]);
 * ```
 */
export class DurationBuckets {
  /** The upper bounds of the buckets, in seconds; a last bucket has none. */
  readonly bounds: readonly number[] = BOUNDS;
  /** How many durations each bucket has, without those of the buckets before it. */
  readonly counts: Float64Array = new Float64Array(BOUNDS.length + 1);
  #sum = 0;

  /** Records a duration in milliseconds. */
  record(ms: number): void {
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && ms > BOUNDS_MS[bucket]) bucket++;
    this.counts[bucket]++;
    if (ms > 0) this.#sum += ms;
  }

  /** Counts all durations of others too. */
  add(other: DurationBuckets): void {
    for (const [bucket, count] of other.counts.entries()) this.counts[bucket] += count;
    this.#sum += other.#sum;
  }

  /** The sum of all durations, in seconds. */
  get sum(): number {
    return this.#sum / 1000;
  }
}
