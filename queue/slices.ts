import { setImmediate } from "node:timers";
import type { Client } from "../server/handlers.ts";

/** What is done to each of several things, one in a turn of the event loop. */
export class OneATurn<T> {
  readonly #things = new Set<T>();
  readonly #action: (thing: T) => void;

  constructor(action: (thing: T) => void) {
    this.#action = action;
  }

  /** It is done to this one in one of the next turns, once. */
  add(thing: T): void {
    if (this.#things.size === 0) setImmediate(this.#next);
    this.#things.add(thing);
  }

  readonly #next = (): void => {
    const [thing] = this.#things;
    this.#things.delete(thing);
    // Before what may add it again.
    if (this.#things.size > 0) setImmediate(this.#next);
    this.#action(thing);
  };
}

/** Who waits for a turn. */
interface Waiting {
  readonly signal: AbortSignal;
  readonly resolve: () => void;
}

/**
 * The turns of the event loop for long work that goes in slices: one slice a turn for all of it together, and clients take
 * turns, however many requests one of them has made. So any number of them leaves the same room for others' requests.
 */
export class Slices {
  readonly #waiting = new Map<Client, Waiting[]>();
  /** Whether this turn has had its slice. */
  #taken = false;

  /** Resolves when a client's next slice may begin: now where none has in this turn. An aborted one takes no turn. */
  turn(client: Client, signal: AbortSignal): Promise<void> {
    if (!this.#taken) {
      this.#take();
      return Promise.resolve();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(client);
    if (waiting === undefined) this.#waiting.set(client, [{ signal, resolve }]);
    else waiting.push({ signal, resolve });
    return promise;
  }

  #take(): void {
    this.#taken = true;
    setImmediate(() => {
      this.#taken = false;
      this.#next();
    });
  }

  #next(): void {
    for (const [client, waiting] of this.#waiting) {
      this.#waiting.delete(client);
      const live = waiting.findIndex(({ signal }) => !signal.aborted);
      const ended = live === -1 ? waiting : waiting.splice(0, live);
      for (const { resolve } of ended) resolve();
      if (live === -1) continue;
      this.#take();
      waiting.shift()!.resolve();
      if (waiting.length > 0) this.#waiting.set(client, waiting);
      return;
    }
  }
}
