import type { Queue } from "./queue.ts";
import type { Taker } from "./takers.ts";

/** A taker's place in the line of one queue. */
export interface Spot {
  readonly taker: Taker;
  readonly line: Line;
  before: Spot | undefined;
  behind: Spot | undefined;
  /** The taker's place in another line. */
  readonly next: Spot | undefined;
}

/** The takers that wait at one queue, first come, first served: joining and leaving from anywhere cost O(1). */
export class Line {
  readonly queue: Queue;
  /** How many wait. */
  size = 0;
  #first: Spot | undefined = undefined;
  #last: Spot | undefined = undefined;

  constructor(queue: Queue) {
    this.queue = queue;
  }

  /** Who has waited for longest. */
  get first(): Taker | undefined {
    return this.#first?.taker;
  }

  /** A taker lines up. */
  join(taker: Taker): void {
    const before = this.#last;
    const spot: Spot = { taker, line: this, before, behind: undefined, next: taker.spots };
    taker.spots = spot;
    if (before === undefined) this.#first = spot;
    else before.behind = spot;
    this.#last = spot;
    this.size++;
  }

  /** A taker waits here no longer. */
  leave({ before, behind }: Spot): void {
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    this.size--;
  }
}
