// Whose turn it is among the queues that one TAKE names.

import type { Queue } from "./queue.ts";

/** How many sets of queues are remembered. */
const SETS = 1_000;

/**
 * The turns of the queues that are named together, by their weights: start-time fair queuing, as among keys, with a clock
 * for each set of queues. So workers of other queues change nothing here, and a queue that was empty comes back with
 * neither credit nor debt.
 */
export class QueueRing {
  /** When each queue has its next turn, in virtual time, and the weight by which that was reckoned. */
  readonly #turns = new Map<string, { tag: number; weight: number }>();
  /** The virtual time: when the last turn began. */
  #now = 0;

  /** The queue that is next of those of which a job may be taken; `undefined` where there is none. */
  next(queues: readonly Queue[]): Queue | undefined {
    let best: Queue | undefined;
    let bestTag = Infinity;
    for (const queue of queues) {
      const tag = this.#tag(queue);
      if (tag < bestTag && queue.next !== undefined) [best, bestTag] = [queue, tag];
    }
    return best;
  }

  /** A job of the `next` queue is taken. */
  charge(queue: Queue): void {
    const { name, weight } = queue;
    this.#now = this.#tag(queue);
    this.#turns.set(name, { tag: this.#now + 1 / weight, weight });
  }

  // Another weight is that of what a queue owes, too: a small one must not outlast itself.
  #tag({ name, weight }: Queue): number {
    const turn = this.#turns.get(name);
    if (turn === undefined || turn.tag <= this.#now) return this.#now;
    if (turn.weight !== weight) {
      turn.tag = this.#now + (turn.tag - this.#now) * turn.weight / weight;
      turn.weight = weight;
    }
    return turn.tag;
  }
}

/** The rotations of the sets that were named lately. */
export class QueueRotation {
  readonly #sets = new Map<string, QueueRing>();

  /** The turns of the queues of these names; for a single one there is nothing to take turns with. */
  of(names: readonly string[]): QueueRing {
    if (names.length === 1) return new QueueRing();
    const set = [...names].sort().join(" ");
    const rotation = this.#sets.get(set) ?? new QueueRing();
    this.#sets.delete(set);
    if (this.#sets.size === SETS) this.#sets.delete(this.#sets.keys().next().value!);
    this.#sets.set(set, rotation);
    return rotation;
  }
}
