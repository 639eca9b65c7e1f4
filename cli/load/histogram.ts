// Latencies in an HdrHistogram: from 1 µs to an hour, exact to three digits, in fixed memory.

import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  Float64Histogram,
  initWebAssembly,
} from "hdr-histogram-js";

const MOST_US = 3_600_000_000;
const DIGITS = 3;

/** Resolves once a `Recorder` can be made. */
export const recorderReady: () => Promise<void> = initWebAssembly;

/** Records durations on the hot path. */
export class Recorder {
  // The WebAssembly version records three times as fast.
  readonly #histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MOST_US,
    numberOfSignificantValueDigits: DIGITS,
    bitBucketSize: 32,
    useWebAssembly: true,
  });
  #ms = 0;
  #count = 0;

  /** Records a duration in ms. Answers of one read often have the same duration; those are recorded together. */
  record(ms: number): void {
    if (ms === this.#ms) {
      this.#count++;
      return;
    }
    this.#flush();
    this.#ms = ms;
    this.#count = 1;
  }

  /** The durations since the last call, in HdrHistogram's encoding; `undefined` if there are none. */
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

/** Figures of durations, in ms. */
export interface LatencyFigures {
  readonly count: number;
  readonly least: number;
  readonly mean: number;
  readonly deviation: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly p9999: number;
  readonly most: number;
}

/** The durations of many recorders. */
export class Latencies {
  // Float64 counts do not overflow.
  readonly #histogram = new Float64Histogram(1, MOST_US, DIGITS);

  /** Adds what `Recorder.take` returned. */
  add(encoded: string | undefined): void {
    if (encoded === undefined) return;
    this.#histogram.add(decodeFromCompressedBase64(encoded, 64) as Float64Histogram);
  }

  /** The number of durations. */
  get count(): number {
    return this.#histogram.totalCount;
  }

  /** The duration in ms that `percent` of all durations do not exceed; 0 if there are none. */
  percentile(percent: number): number {
    const { maxValue } = this.#histogram;
    return Math.min(maxValue, this.#histogram.getValueAtPercentile(percent)) / 1000;
  }

  /** All figures; each is 0 if there are no durations. */
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
      p95: this.percentile(95),
      p99: this.percentile(99),
      p999: this.percentile(99.9),
      p9999: this.percentile(99.99),
      most: maxValue / 1000,
    };
  }

  /** Each value in ms, ascending, and how often it occurs. */
  *values(): Generator<readonly [ms: number, count: number]> {
    const iterator = this.#histogram.recordedValuesIterator;
    iterator.reset();
    while (iterator.hasNext()) {
      const { valueIteratedTo, countAddedInThisIterationStep } = iterator.next();
      yield [valueIteratedTo / 1000, countAddedInThisIterationStep];
    }
  }

  /** Removes all durations. */
  reset(): void {
    this.#histogram.reset();
  }
}

/** Bounds that a person reads easily: 1, 2 and 5 of each power of ten, in ms. */
const STEPS = [1, 2, 5];

/** The number of durations up to each bound and above the bound before it. */
export function buckets(latencies: Latencies): (readonly [upTo: number, count: number])[] {
  const found: [number, number][] = [];
  let power = -3;
  let step = 0;
  let bound = 0.001;
  let last: [number, number] | undefined;
  for (const [ms, count] of latencies.values()) {
    while (ms > bound) {
      step = (step + 1) % STEPS.length;
      if (step === 0) power++;
      bound = Number(`${STEPS[step]}e${power}`);
      if (last !== undefined) found.push(last = [bound, 0]);
    }
    if (last === undefined) found.push(last = [bound, 0]);
    last[1] += count;
  }
  return found;
}
