// Two hours of a server's figures, in a ring of bounded size.

import type { Clock } from "../../scheduling/clock.ts";
import type { QueueSample } from "./queue_sample.ts";
import { UrgentQueueSearch } from "./urgent_queues.ts";

/** A figure of STATS. */
export type RecordedFigure = readonly [name: string, value: string | number];

/** The figures that a history records. */
export interface HistorySources {
  readonly clock: Clock;
  /** The figures of the server, as STATS tells them. */
  readonly figures: () => Iterable<RecordedFigure>;
  /** Its queues by name, if it has some; those behind `after`. */
  readonly queues?: (after?: string) => Iterable<QueueSample>;
}

/** The bounds of a history; each has a default. */
export interface HistoryBounds {
  /** From one sample to the next, in ms. Default 3000. */
  interval?: number;
  /** How many samples it keeps. Default 2400, which is two hours. */
  samples?: number;
  /** The most figures; further ones are left out. Default 256, which takes 5 MB. */
  figures?: number;
  /** The most queues; of more, those that have been there first. Default 64, which takes 3 MB. */
  queues?: number;
}

const QUEUE_FIGURES = ["ready", "delayed", "taken", "dead", "oldest"] as const;
/** A sample looks at so many queues. */
const MOST_LOOKED = 1_000;
/** A text is cut to so many characters. */
const LONGEST_TEXT = 256;

/** A ring of numbers; absent ones are NaN. */
type FigureRing = Float64Array | Float32Array;

/** Samples of a server's figures, taken at equal times. */
export class FigureHistory {
  readonly #sources: HistorySources;
  readonly #bounds: Required<HistoryBounds>;
  readonly #figures = new Map<string, FigureRing>();
  readonly #queues = new Map<string, readonly FigureRing[]>();
  readonly #urgent = new UrgentQueueSearch(MOST_LOOKED);
  /** The figures of the latest sample that are text. */
  #texts: Record<string, string> = {};
  /** The number of the latest sample; 0 before the first. */
  #last = 0;
  /** The time of day of the latest sample, in ms. */
  #at = 0;
  /** When it began, in ms by the time of day: no other history of this server has the same. */
  readonly since: number;
  #cancel: () => void = () => {};
  /** The answers for the latest sample, by the sample that they begin behind: many pages ask for the same. */
  readonly #answers = new Map<number, string>();

  /** Takes its first sample at once. */
  constructor(sources: HistorySources, bounds: HistoryBounds = {}) {
    this.#sources = sources;
    this.#bounds = { interval: 3000, samples: 2400, figures: 256, queues: 64, ...bounds };
    this.since = Math.round(wallOf(sources.clock));
    this.#tick();
  }

  /** Takes no more samples. */
  close(): void {
    this.#cancel();
  }

  /**
   * The samples behind number `after`, as JSON; all if `since` is not this history's or they are gone. Figures and queues
   * are arrays by their names, the latest number last, `null` where there was none; one number where all are equal.
   */
  answer(since = 0, after = 0): string {
    const { samples } = this.#bounds;
    const isOurs = since === this.since && after <= this.#last && after >= this.#last - samples;
    const first = isOurs ? after : Math.max(0, this.#last - samples);
    let answer = this.#answers.get(first);
    if (answer === undefined) {
      answer = JSON.stringify(this.#behind(first));
      this.#answers.set(first, answer);
    }
    return answer;
  }

  #behind(first: number): unknown {
    const read = (column: FigureRing): number | (number | null)[] => this.#read(column, first);
    return {
      since: this.since,
      interval: this.#bounds.interval,
      last: this.#last,
      at: this.#at,
      count: this.#last - first,
      figures: Object.fromEntries([...this.#figures].map(([name, column]) => [name, read(column)])),
      texts: this.#texts,
      mostQueues: this.#bounds.queues,
      urgent: this.#urgent.found,
      queues: Object.fromEntries(
        [...this.#queues].map(([name, columns]) => [
          name,
          Object.fromEntries(QUEUE_FIGURES.map((figure, i) => [figure, read(columns[i])])),
        ]),
      ),
    };
  }

  #read(column: FigureRing, first: number): number | (number | null)[] {
    const { samples } = this.#bounds;
    const values: (number | null)[] = [];
    for (let n = first + 1; n <= this.#last; n++) {
      const value = column[n % samples];
      values.push(Number.isNaN(value) ? null : Math.round(value * 1000) / 1000);
    }
    const [one] = values;
    return typeof one === "number" && values.every((value) => value === one) ? one : values;
  }

  #tick(): void {
    const { clock } = this.#sources;
    this.#cancel = clock.after(this.#bounds.interval, () => this.#tick());
    this.#last++;
    this.#at = Math.round(wallOf(clock));
    this.#answers.clear();
    this.#sampleFigures();
    this.#sampleQueues(clock.now());
    this.#urgent.look(this.#sources.queues ?? (() => []), clock.now());
  }

  #sampleFigures(): void {
    this.#clear(this.#figures.values());
    this.#texts = {};
    let texts = 0;
    for (const [name, value] of this.#sources.figures()) {
      if (typeof value === "string") {
        if (++texts <= this.#bounds.figures) this.#texts[name] = value.slice(0, LONGEST_TEXT);
        continue;
      }
      let column = this.#figures.get(name);
      if (column === undefined) {
        if (this.#figures.size === this.#bounds.figures) continue;
        // A total that is not there yet is 0: its first event is a step, not a beginning.
        column = new Float64Array(this.#bounds.samples).fill(name.endsWith("-total") ? 0 : NaN);
        this.#figures.set(name, column);
      }
      this.#set(column, value);
    }
  }

  #sampleQueues(now: number): void {
    for (const columns of this.#queues.values()) this.#clear(columns);
    const seen = new Set<string>();
    const others: QueueSample[] = [];
    let looked = 0;
    let left = this.#bounds.queues;
    for (const sample of this.#sources.queues?.() ?? []) {
      // With the course of each that has one, there is no room for others.
      if (left === 0 || ++looked > MOST_LOOKED) break;
      seen.add(sample.queue);
      const columns = this.#queues.get(sample.queue);
      if (columns !== undefined) {
        this.#setQueue(columns, sample, now);
        left--;
      } else if (others.length < this.#bounds.queues) others.push(sample);
    }
    for (const sample of others) {
      if (this.#queues.size === this.#bounds.queues && !this.#forgetQueue(seen)) return;
      const columns = QUEUE_FIGURES.map(() => new Float32Array(this.#bounds.samples).fill(NaN));
      this.#queues.set(sample.queue, columns);
      this.#setQueue(columns, sample, now);
    }
  }

  /** Makes room by a queue that is gone. Returns whether there was one. */
  #forgetQueue(seen: ReadonlySet<string>): boolean {
    for (const name of this.#queues.keys()) {
      if (!seen.has(name)) return this.#queues.delete(name);
    }
    return false;
  }

  #setQueue(columns: readonly FigureRing[], { counts, oldest }: QueueSample, now: number): void {
    const { ready, delayed, taken, dead } = counts;
    const age = oldest === undefined ? 0 : Math.max(0, now - oldest);
    for (const [i, value] of [ready, delayed, taken, dead, age].entries()) {
      this.#set(columns[i], value);
    }
  }

  #set(column: FigureRing, value: number): void {
    column[this.#last % this.#bounds.samples] = value;
  }

  #clear(columns: Iterable<FigureRing>): void {
    for (const column of columns) this.#set(column, NaN);
  }
}

function wallOf(clock: Clock): number {
  return clock.wall?.() ?? clock.now();
}
