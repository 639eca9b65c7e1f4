import type { Client, Context } from "../../server/request/handlers.ts";

/** Calls `go` once the event loop has looked after everything else. */
export type Yield = (go: () => void) => void;

/** What is done to each of several things, one in a turn of the event loop. */
export class OneATurn<T> {
  readonly #things = new Set<T>();
  readonly #yield: Yield;
  readonly #action: (thing: T) => void;

  constructor(yieldTo: Yield, action: (thing: T) => void) {
    this.#yield = yieldTo;
    this.#action = action;
  }

  /** It is done to this one in one of the next turns, once. */
  add(thing: T): void {
    if (this.#things.size === 0) this.#yield(this.#next);
    this.#things.add(thing);
  }

  readonly #next = (): void => {
    const [thing] = this.#things;
    this.#things.delete(thing);
    // Before what may add it again.
    if (this.#things.size > 0) this.#yield(this.#next);
    this.#action(thing);
  };
}

/** Work of one client that is done in slices. */
interface SlicedWork {
  /** Called when its next slice may begin. */
  begin: (() => void) | undefined;
  /** The works of the client that begin once this one is over, in order. */
  readonly behind: Set<() => void>;
}

/**
 * The turns of the event loop for long work that goes in slices: one slice a turn for all of it together. The works of one
 * client go one after the other, and clients take turns, however many works one of them has asked for. So any number of
 * them leaves the same room for others' requests.
 */
export class Slices {
  readonly #yield: Yield;
  readonly #works = new Map<Client, SlicedWork>();
  /** Whose next slice waits for its turn. */
  readonly #waiting = new Set<SlicedWork>();
  /** Whether this turn has had its slice. */
  #taken = false;

  constructor(yieldTo: Yield) {
    this.#yield = yieldTo;
  }

  /**
   * Does work of a client, once what it asked for before is done: until then the request is parked, so that it has no
   * seat and nothing of it has begun. `turn` resolves when the next slice may begin. Rejects with what `park` or the work
   * rejects with.
   */
  async run<T>(
    { client, park }: Pick<Context, "client" | "park">,
    work: (turn: () => Promise<void>) => Promise<T>,
  ): Promise<T> {
    let own = this.#works.get(client);
    if (own === undefined) this.#works.set(client, own = { begin: undefined, behind: new Set() });
    else await this.#wait(own, client, park);
    try {
      return await work(() => this.#turn(own));
    } finally {
      this.#goOn(own, client);
    }
  }

  async #wait(own: SlicedWork, client: Client, park: Context["park"]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    own.behind.add(resolve);
    try {
      await park(promise);
    } catch (error) {
      // It may have been its turn already.
      if (!own.behind.delete(resolve)) this.#goOn(own, client);
      throw error;
    }
  }

  /** One work of a client is over. */
  #goOn(own: SlicedWork, client: Client): void {
    const [next] = own.behind;
    if (next === undefined) this.#works.delete(client);
    else {
      own.behind.delete(next);
      next();
    }
  }

  #turn(own: SlicedWork): Promise<void> {
    if (!this.#taken) {
      this.#take();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      own.begin = resolve;
      this.#waiting.add(own);
    });
  }

  #take(): void {
    this.#taken = true;
    this.#yield(() => {
      this.#taken = false;
      const [next] = this.#waiting;
      if (next === undefined) return;
      this.#waiting.delete(next);
      this.#take();
      next.begin!();
    });
  }
}
