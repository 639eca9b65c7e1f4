// Counts the results of the requests of one kind.

import { Histogram } from "../../scheduling/mod.ts";
import { percentile } from "../statistics.ts";

/** Percentiles in milliseconds. */
export interface Percentiles {
  p50: number;
  p99: number;
  max: number;
}

/** The results of the requests that were due in the measured time. */
export interface Report {
  name: string;
  /** The length of the measured time, in seconds. */
  seconds: number;
  /** How many were due by the plan. */
  due: number;
  /** How many were written to a socket. The others found no open one, or a full one. */
  sent: number;
  /** How many were answered OK within the deadline, counted from the time at which they were due. */
  good: number;
  /** How many were answered OK, but later. */
  late: number;
  /** How many were answered ERR, by code. */
  refused: Record<string, number>;
  /** How many were not answered, also because their connection was lost. */
  unanswered: number;
  /** The times from due to answer of those answered OK, in milliseconds, ordered by size. */
  latencies: number[];
  /** The times from due to sent. */
  behind: Percentiles;
  /** How many connections were opened. */
  opened: number;
  /** How many connections the server did not accept, by reason. */
  barred: Record<string, number>;
  /** How many open connections were lost. */
  lost: number;
}

/** Counts the results of the requests of one kind, and its connections. */
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

  /** Counts only requests that are due between these times, and forgets the earlier ones. */
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

  /** The figures so far; `latencies` only on request, as there may be many thousands. */
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

/** The sum of all counts. */
export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The 99th percentile of the latencies of a report. */
export function p99({ latencies }: Pick<Report, "latencies">): number {
  return percentile(latencies, 0.99);
}

function percentiles(histogram: Histogram): Percentiles {
  return {
    p50: histogram.percentile(0.5),
    p99: histogram.percentile(0.99),
    max: histogram.percentile(1),
  };
}
