// The turns of the event loop for long work that clients ask for.

import type { Yield } from "../index/job_slice.ts";
import type { Caller, QueueClient } from "./caller.ts";

/** The work of one client that goes in slices. */
interface ClientWork {
  /** Called when its next slice may begin. */
  begin: (() => void) | undefined;
  /** Begins the next work of the client once this one is over; in order. */
  readonly waiting: Set<() => void>;
}

/**
 * Schedules slices: all long work together has one slice in each turn of the event loop. The works of one client go one
 * after the other, and clients take turns, however many works each has asked for. So any number of works leaves the same
 * room for the requests of others.
 */
export class SliceScheduler {
  readonly #yield: Yield;
  readonly #works = new Map<QueueClient, ClientWork>();
  /** The works whose next slice waits for its turn. */
  readonly #waiting = new Set<ClientWork>();
  /** Whether this turn has had its slice. */
  #used = false;

  constructor(yieldTo: Yield) {
    this.#yield = yieldTo;
  }

  /**
   * Does work of a client, once the works that it asked for before are done. Until then the request is parked: it has no
   * seat, and nothing of it has begun. `turn` resolves when the next slice may begin. Rejects with what `park` or the work
   * rejects with.
   */
  async run<T>(
    { client, park }: Pick<Caller, "client" | "park">,
    work: (turn: () => Promise<void>) => Promise<T>,
  ): Promise<T> {
    let own = this.#works.get(client);
    if (own === undefined) this.#works.set(client, own = { begin: undefined, waiting: new Set() });
    else await this.#wait(own, client, park);
    try {
      return await work(() => this.#turn(own));
    } finally {
      this.#beginNext(own, client);
    }
  }

  async #wait(own: ClientWork, client: QueueClient, park: Caller["park"]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    own.waiting.add(resolve);
    try {
      await park(promise);
    } catch (error) {
      // Its time may have come already.
      if (!own.waiting.delete(resolve)) this.#beginNext(own, client);
      throw error;
    }
  }

  /** A work of a client is over. */
  #beginNext(own: ClientWork, client: QueueClient): void {
    const [next] = own.waiting;
    if (next === undefined) this.#works.delete(client);
    else {
      own.waiting.delete(next);
      next();
    }
  }

  #turn(own: ClientWork): Promise<void> {
    if (!this.#used) {
      this.#use();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      own.begin = resolve;
      this.#waiting.add(own);
    });
  }

  #use(): void {
    this.#used = true;
    this.#yield(() => {
      this.#used = false;
      const [next] = this.#waiting;
      if (next === undefined) return;
      this.#waiting.delete(next);
      this.#use();
      next.begin!();
    });
  }
}
