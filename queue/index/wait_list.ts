import type { Queue } from "./queue.ts";
import type { Consumer } from "../engine/consumers.ts";

/** A taker's place in the line of one queue. */
export interface WaitNode {
  readonly taker: Consumer;
  readonly line: WaitList;
  list: SpotList;
  before: WaitNode | undefined;
  behind: WaitNode | undefined;
  /** The taker's place in another line. */
  readonly next: WaitNode | undefined;
}

/** Spots in the order in which they came: adding one, and removing one from anywhere, cost O(1). */
class SpotList {
  first: WaitNode | undefined = undefined;
  #last: WaitNode | undefined = undefined;

  add(spot: WaitNode): void {
    const before = this.#last;
    spot.list = this;
    spot.before = before;
    spot.behind = undefined;
    if (before === undefined) this.first = spot;
    else before.behind = spot;
    this.#last = spot;
  }

  remove({ before, behind }: WaitNode): void {
    if (before === undefined) this.first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
  }
}

/**
 * The takers that wait at one queue, first come, first served; but those whose clients have ended their side come behind
 * all others, since such a client may be gone.
 */
export class WaitList {
  readonly queue: Queue;
  /** How many wait. */
  size = 0;
  readonly #whole = new SpotList();
  /** Those of clients that have ended their side, as far as they have come to the front. */
  readonly #half = new SpotList();

  constructor(queue: Queue) {
    this.queue = queue;
  }

  /** Who is served next. */
  get first(): Consumer | undefined {
    let spot: WaitNode | undefined;
    while ((spot = this.#whole.first)?.taker.wish.client.halfClosed) {
      this.#whole.remove(spot);
      this.#half.add(spot);
    }
    return (spot ?? this.#half.first)?.taker;
  }

  /** A taker lines up. */
  join(taker: Consumer): void {
    const spot: WaitNode = {
      taker,
      line: this,
      list: this.#whole,
      before: undefined,
      behind: undefined,
      next: taker.spots,
    };
    taker.spots = spot;
    this.#whole.add(spot);
    this.size++;
  }

  /** A taker waits here no longer. */
  leave(spot: WaitNode): void {
    spot.list.remove(spot);
    this.size--;
  }
}
