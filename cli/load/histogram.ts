// Latencies in the buckets of HdrHistogram: from 1 µs to an hour, exact to three digits, in fixed memory.

import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  Float64Histogram,
  initWebAssembly,
} from "hdr-histogram-js";

const MOST_US = 3_600_000_000;
const DIGITS = 3;

/** Must have resolved before a `Recorder` is made. */
export const recorderReady: () => Promise<void> = initWebAssembly;

/** Takes durations in, as fast as they come. */
export class Recorder {
  // In WebAssembly, recording takes a third of the time.
  readonly #histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MOST_US,
    numberOfSignificantValueDigits: DIGITS,
    bitBucketSize: 32,
    useWebAssembly: true,
  });
  #ms = 0;
  #count = 0;

  /** A duration in ms. Answers that came with one read often share theirs, and are recorded at once. */
  record(ms: number): void {
    if (ms === this.#ms) {
      this.#count++;
      return;
    }
    this.#flush();
    this.#ms = ms;
    this.#count = 1;
  }

  /** What was recorded since the last call, in HdrHistogram's own encoding; `undefined` for nothing. */
  take(): string | undefined {
    this.#flush();
    if (this.#histogram.totalCount === 0) return undefined;
    const encoded = encodeIntoCompressedBase64(this.#histogram);
    this.#histogram.reset();
    return encoded;
  }

  #flush(): void {
    if (this.#count === 0) return;
    const micros = Math.min(MOST_US, Math.max(0, Math.round(this.#ms * 1000)));
    this.#histogram.recordValueWithCount(micros, this.#count);
    this.#count = 0;
  }
}

/** The figures of some durations, in ms. */
export interface LatencyFigures {
  readonly count: number;
  readonly least: number;
  readonly mean: number;
  readonly deviation: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly p9999: number;
  readonly most: number;
}

/** Durations of many recorders together. */
export class Latencies {
  // Counts of any size; the hot path is elsewhere.
  readonly #histogram = new Float64Histogram(1, MOST_US, DIGITS);

  /** Adds what a recorder has taken. */
  add(encoded: string | undefined): void {
    if (encoded === undefined) return;
    this.#histogram.add(decodeFromCompressedBase64(encoded, 64) as Float64Histogram);
  }

  /** How many there are. */
  get count(): number {
    return this.#histogram.totalCount;
  }

  /** The duration in ms that so many percent do not exceed; 0 where there is none. */
  percentile(percent: number): number {
    const { maxValue } = this.#histogram;
    return Math.min(maxValue, this.#histogram.getValueAtPercentile(percent)) / 1000;
  }

  /** All figures; 0 where there is none. */
  figures(): LatencyFigures {
    const { count } = this;
    const { mean, stdDeviation, maxValue } = this.#histogram;
    return {
      count,
      least: this.percentile(0),
      mean: count === 0 ? 0 : mean / 1000,
      deviation: count === 0 ? 0 : stdDeviation / 1000,
      p50: this.percentile(50),
      p75: this.percentile(75),
      p90: this.percentile(90),
      p99: this.percentile(99),
      p999: this.percentile(99.9),
      p9999: this.percentile(99.99),
      most: maxValue / 1000,
    };
  }

  /** Every value that occurs, ascending, in ms, and how often. */
  *values(): Generator<readonly [ms: number, count: number]> {
    const iterator = this.#histogram.recordedValuesIterator;
    iterator.reset();
    while (iterator.hasNext()) {
      const { valueIteratedTo, countAddedInThisIterationStep } = iterator.next();
      yield [valueIteratedTo / 1000, countAddedInThisIterationStep];
    }
  }

  /** Forgets all. */
  reset(): void {
    this.#histogram.reset();
  }
}
