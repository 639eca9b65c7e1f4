// Which of the queues that one TAKE names is next.

import type { KeyChoice } from "../patterns.ts";
import type { QueueView } from "./queue.ts";

/** The keys that are meant, by queue; all keys of the other queues. */
export type QueueKeys = ReadonlyMap<string, KeyChoice>;

/** A queue, as far as its turns need it. */
export type RingQueue = Pick<QueueView, "name" | "weight" | "next" | "nextOf">;

/** The slot of the next job of a queue: of these keys only, if there are any for this queue. */
export function nextIn(queue: RingQueue, keys: QueueKeys | undefined): number | undefined {
  const some = keys?.get(queue.name);
  return some === undefined ? queue.next : queue.nextOf(some);
}

/** How many sets of queues are remembered. */
const SETS = 1_000;

/**
 * The turns of a set of queues, by their weights: start-time fair queuing, as among keys, with a clock for each set. So
 * consumers of other queues change nothing here, and a queue that was empty comes back with neither credit nor debt.
 */
export class QueueRing {
  /** When each queue has its next turn, in virtual time, and the weight that was used to compute it. */
  readonly #turns = new Map<string, { tag: number; weight: number }>();
  /** The virtual time: when the last turn began. */
  #now = 0;

  /** The next queue with a job that may be taken, of these keys only if there are any for it; `undefined` for none. */
  next<Q extends RingQueue>(queues: readonly Q[], keys?: QueueKeys): Q | undefined {
    let best: Q | undefined;
    let bestTag = Infinity;
    for (const queue of queues) {
      const tag = this.#tag(queue);
      if (tag < bestTag && nextIn(queue, keys) !== undefined) [best, bestTag] = [queue, tag];
    }
    return best;
  }

  /** A job of the `next` queue is taken. */
  charge(queue: Pick<RingQueue, "name" | "weight">): void {
    const { name, weight } = queue;
    this.#now = this.#tag(queue);
    this.#turns.set(name, { tag: this.#now + 1 / weight, weight });
  }

  /** Jobs for which the queue was charged were not there. */
  refund({ name }: Pick<RingQueue, "name">, jobs: number): void {
    const turn = this.#turns.get(name);
    if (turn !== undefined) turn.tag -= jobs / turn.weight;
  }

  // A change of the weight holds for the debt of a queue too: a small weight must not outlast itself.
  #tag({ name, weight }: Pick<RingQueue, "name" | "weight">): number {
    const turn = this.#turns.get(name);
    if (turn === undefined || turn.tag <= this.#now) return this.#now;
    if (turn.weight !== weight) {
      turn.tag = this.#now + (turn.tag - this.#now) * turn.weight / weight;
      turn.weight = weight;
    }
    return turn.tag;
  }
}

/** Several queues as if they were one: the foremost job of all is next. */
export class RankTurns {
  readonly #isBefore: (a: number, b: number) => boolean;
  readonly #nextIn: (queue: RingQueue) => number | undefined;

  /** `isBefore` is the order of jobs by slot; `nextIn` tells the slot of the next job of a queue. */
  constructor(
    isBefore: (a: number, b: number) => boolean,
    nextIn: (queue: RingQueue) => number | undefined,
  ) {
    this.#isBefore = isBefore;
    this.#nextIn = nextIn;
  }

  /** The queue with the foremost job; `undefined` if there is none. */
  next<Q extends RingQueue>(queues: readonly Q[]): Q | undefined {
    let best: Q | undefined;
    let first: number | undefined;
    for (const queue of queues) {
      const slot = this.#nextIn(queue);
      if (slot === undefined || (first !== undefined && !this.#isBefore(slot, first))) continue;
      [best, first] = [queue, slot];
    }
    return best;
  }

  /** Nothing is charged: the order follows from the jobs alone. */
  charge(): void {}
}

/** The rings of the sets of queues that were named lately. */
export class QueueRotation {
  readonly #rings = new Map<string, QueueRing>();

  /** The ring of the queues of these names; a new one for a single queue, which has nothing to take turns with. */
  of(names: readonly string[]): QueueRing {
    if (names.length === 1) return new QueueRing();
    const set = [...names].sort().join(" ");
    const ring = this.#rings.get(set) ?? new QueueRing();
    this.#rings.delete(set);
    if (this.#rings.size === SETS) this.#rings.delete(this.#rings.keys().next().value!);
    this.#rings.set(set, ring);
    return ring;
  }
}
