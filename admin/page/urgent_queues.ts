// Which queues an operator should look at: found for all open pages at once, by a look at some of the queues at each sample.

import type { QueueSample } from "./queue_sample.ts";

/** A ready job that has waited for longer, in ms, makes its queue late. */
const LATE_MS = 5 * 60_000;
/** So many queues are named of each kind. */
const MOST_NAMED = 10;

/** The queues of one kind. */
interface Ranking {
  /** How many there are. */
  count: number;
  /** Those with the highest figure, the highest first. */
  readonly first: (readonly [queue: string, figure: number])[];
}

/** The queues to look at: those whose oldest ready job has waited for long, and those with dead jobs. */
export interface FoundQueues {
  /** With the time in ms since when. */
  readonly late: Ranking;
  /** With their number. */
  readonly dead: Ranking;
}

/** Goes through all queues, again and again, some at a time. */
export class UrgentQueueSearch {
  readonly #most: number;
  /** Found by the present round. */
  #finding = nothing();
  /** Found by the last whole round; before the first, the present one. */
  #found = this.#finding;
  /** The last queue of the present round; `undefined` where it begins. */
  #last: string | undefined = undefined;

  /** Looks at so many queues at a time. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Goes on. `queuesAfter` has the queues by name, those behind one. */
  look(queuesAfter: (queue?: string) => Iterable<QueueSample>, now: number): void {
    let left = this.#most;
    for (const { queue, counts: { dead }, oldest } of queuesAfter(this.#last)) {
      if (left-- === 0) return;
      this.#last = queue;
      const age = oldest === undefined ? 0 : now - oldest;
      if (age > LATE_MS) rank(this.#finding.late, queue, age);
      if (dead > 0) rank(this.#finding.dead, queue, dead);
    }
    this.#found = this.#finding;
    this.#finding = nothing();
    this.#last = undefined;
  }

  /** The queues that were found. */
  get found(): FoundQueues {
    return this.#found;
  }
}

function nothing(): FoundQueues {
  return { late: { count: 0, first: [] }, dead: { count: 0, first: [] } };
}

function rank(ranking: Ranking, queue: string, figure: number): void {
  const { first } = ranking;
  ranking.count++;
  const place = first.findIndex(([, other]) => other < figure);
  if (place === -1 && first.length === MOST_NAMED) return;
  first.splice(place === -1 ? first.length : place, 0, [queue, figure]);
  first.length = Math.min(first.length, MOST_NAMED);
}
