import type { Row } from "./fair_order.ts";
import type { Placed } from "./heap.ts";
import { SharedOptions } from "./job_options.ts";
import type { RateState } from "./rate_state.ts";
import type { Queue } from "./queue.ts";
import type { JobOptions, State } from "../store/store.ts";

/** How many kinds of jobs a key remembers. */
const KINDS = 4;

/** The jobs of one key in one queue; those of no key are one too. There while it has a job or limits. */
export class KeyState implements Placed {
  place = -1;
  /** How many jobs it has in each state. */
  delayed = 0;
  ready = 0;
  taken = 0;
  dead = 0;
  done = 0;
  limits: RateState | undefined = undefined;
  /** Whether none of its jobs may be taken now. */
  blocked = false;
  /** Where its ready jobs wait, by priority, once the queue has several keys or priorities. */
  rows: readonly Row[] = [];
  /** The kinds of its latest jobs, the latest first. */
  #kinds: readonly SharedOptions[] = [];

  constructor(
    readonly queue: Queue,
    readonly key: string,
  ) {}

  /** How many jobs are not finished. */
  get unfinished(): number {
    return this.delayed + this.ready + this.taken;
  }

  /** How many there are, in whatever state. */
  get size(): number {
    return this.unfinished + this.dead + this.done;
  }

  /** Its share beside the other keys. */
  get weight(): number {
    return this.limits?.rules.weight || 1;
  }

  /** Counts one more or less in a state. */
  count(state: State, change: number): void {
    this[state] += change;
  }

  /** The kind of a job on these terms: one that others have, or a new one. */
  kind(terms: JobOptions): SharedOptions {
    for (const kind of this.#kinds) if (kind.fits(terms)) return kind;
    const kind = new SharedOptions(this, terms);
    this.#kinds = [kind, ...this.#kinds.slice(0, KINDS - 1)];
    return kind;
  }
}

/** The order of the list of keys: who has most jobs that are ready. */
export function hasMoreReady(a: KeyState, b: KeyState): boolean {
  return a.ready > b.ready || (a.ready === b.ready && a.taken > b.taken);
}
