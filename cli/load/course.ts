// The course of a run: one report an interval, however long the run is.

import { Latencies } from "./histogram.ts";
import type { IntervalReport } from "./report.ts";

/** The most intervals that are kept. Beyond them, each two neighbours become one. */
const MOST_INTERVALS = 600;

/** The interval that has not ended yet. */
export class IntervalRecorder {
  readonly #latency = new Latencies();
  #errors = 0;
  /** The beginning of the interval, in seconds since the measured time began. */
  since = 0;

  /** Adds latencies, in HdrHistogram's encoding, and a number of errors. */
  add(latency: string | undefined, errors: number): void {
    this.#latency.add(latency);
    this.#errors += errors;
  }

  /** Ends the interval and begins the next one. */
  end(at: number): IntervalReport {
    const latency = this.#latency;
    const report = {
      at,
      seconds: at - this.since,
      ok: latency.count,
      errors: this.#errors,
      p50: latency.percentile(50),
      p99: latency.percentile(99),
      p999: latency.percentile(99.9),
      most: latency.percentile(100),
    };
    latency.reset();
    this.#errors = 0;
    this.since = at;
    return report;
  }
}

/** All intervals of a run. */
export class Course {
  readonly #present = new IntervalRecorder();
  #ended: IntervalReport[] = [];

  /** Adds to the present interval. */
  add(latency: string | undefined, errors: number): void {
    this.#present.add(latency, errors);
  }

  /** Ends the present interval at `at`, in seconds, if it is at least `least` seconds long. */
  end(at: number, least: number): void {
    if (at - this.#present.since <= least) return;
    this.#ended.push(this.#present.end(at));
    if (this.#ended.length > MOST_INTERVALS) this.#ended = mergeNeighbours(this.#ended);
  }

  /** The intervals up to `at`. The last one takes in what came since it ended. */
  intervals(at: number): readonly IntervalReport[] {
    const rest = this.#present.end(at);
    if (rest.seconds <= 0) return this.#ended;
    return [
      ...this.#ended.slice(0, -1),
      ...mergeNeighbours([...this.#ended.slice(-1), rest]),
    ];
  }
}

/** Merges each two neighbours. Percentiles cannot be added: the higher one stands for both. */
function mergeNeighbours(course: readonly IntervalReport[]): IntervalReport[] {
  const merged: IntervalReport[] = [];
  for (let i = 0; i < course.length; i += 2) {
    const [a, b] = [course[i], course[i + 1]];
    if (b === undefined) {
      merged.push(a);
      continue;
    }
    merged.push({
      at: b.at,
      seconds: a.seconds + b.seconds,
      ok: a.ok + b.ok,
      errors: a.errors + b.errors,
      p50: Math.max(a.p50, b.p50),
      p99: Math.max(a.p99, b.p99),
      p999: Math.max(a.p999, b.p999),
      most: Math.max(a.most, b.most),
    });
  }
  return merged;
}
