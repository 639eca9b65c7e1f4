// What became of the requests of one kind.

import { Histogram } from "../../scheduling/mod.ts";

/** Milliseconds. */
export interface Percentiles {
  p50: number;
  p99: number;
  most: number;
}

/** What became of the requests that were due in the measured time. */
export interface Report {
  name: string;
  /** How long was measured, in seconds. */
  seconds: number;
  /** Due by the plan. */
  due: number;
  /** Handed to a socket; the others found none open, or one that took no more. */
  sent: number;
  /** Answered OK within the deadline, counted from when they were due. */
  good: number;
  /** Answered OK, but later. */
  late: number;
  /** Answered ERR, by code. */
  refused: Record<string, number>;
  /** Not answered, or on a connection that was lost. */
  unanswered: number;
  /** Of what was answered OK, from when it was due: each, in order of size. */
  latencies: number[];
  /** How long after it was due a request was sent. */
  behind: Percentiles;
  /** Connections: opened, not let in by reason, and lost later. */
  opened: number;
  barred: Record<string, number>;
  lost: number;
}

/** Counts. */
export class Tally {
  readonly #name: string;
  readonly #deadline: number;
  #latencies: number[] = [];
  #behind = new Histogram(Number.MAX_SAFE_INTEGER);
  #refused: Record<string, number> = {};
  readonly #barred: Record<string, number> = {};
  #from = Infinity;
  #until = Infinity;
  #due = 0;
  #sent = 0;
  #good = 0;
  #late = 0;
  #opened = 0;
  #lost = 0;

  constructor(name: string, deadline: number) {
    this.#name = name;
    this.#deadline = deadline;
  }

  /** Only what is due between these times counts; what was counted of requests before is forgotten. */
  measure(from: number, until: number): void {
    this.#from = from;
    this.#until = until;
    this.#due =
      this.#sent =
      this.#good =
      this.#late =
        0;
    this.#latencies = [];
    this.#behind = new Histogram(Number.MAX_SAFE_INTEGER);
    this.#refused = {};
  }

  #counts(due: number): boolean {
    return due >= this.#from && due < this.#until;
  }

  due(due: number): void {
    if (this.#counts(due)) this.#due++;
  }

  sent(due: number, now: number): void {
    if (!this.#counts(due)) return;
    this.#sent++;
    this.#behind.record(now - due, now);
  }

  answered(due: number, code: string, now: number): void {
    if (!this.#counts(due)) return;
    if (code !== "OK") return count(this.#refused, code);
    const latency = now - due;
    this.#latencies.push(latency);
    if (latency <= this.#deadline) this.#good++;
    else this.#late++;
  }

  opened(): void {
    this.#opened++;
  }

  barred(reason: string): void {
    count(this.#barred, reason);
  }

  lost(): void {
    this.#lost++;
  }

  /** With `latencies` only where they are wanted: there may be many thousands. */
  report(now: number, latencies: boolean): Report {
    const [sent, good, late, refused] = [this.#sent, this.#good, this.#late, this.#refused];
    const answered = good + late + sum(refused);
    return {
      name: this.#name,
      seconds: Math.max(0, Math.min(now, this.#until) - this.#from) / 1000,
      due: this.#due,
      sent,
      good,
      late,
      refused,
      unanswered: sent - answered,
      latencies: latencies ? this.#latencies.toSorted((a, b) => a - b) : [],
      behind: percentiles(this.#behind),
      opened: this.#opened,
      barred: this.#barred,
      lost: this.#lost,
    };
  }
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

/** All counts together. */
export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The value that a share of these, in order of size, does not exceed; `NaN` where there are none. */
export function percentile(ordered: readonly number[], share: number): number {
  return ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)] ?? NaN;
}

/** The result whose figure is the middle one. */
export function median<T>(results: readonly T[], figure: (result: T) => number): T {
  return results.toSorted((a, b) => figure(a) - figure(b))[results.length >> 1];
}

/** Of what was answered OK. */
export function p99({ latencies }: Pick<Report, "latencies">): number {
  return percentile(latencies, 0.99);
}

function percentiles(histogram: Histogram): Percentiles {
  return {
    p50: histogram.percentile(0.5),
    p99: histogram.percentile(0.99),
    most: histogram.percentile(1),
  };
}
