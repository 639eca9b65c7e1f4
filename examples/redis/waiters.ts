// Clients that wait for an element of one of several lists: the one that waits longest is served first.

import type { ConnectedClient } from "@lineup/lineup/server";
import type { End } from "./list.ts";

/** An element with its key. */
export type Popped = [key: string, element: string];

/** A client that waits. */
export interface Waiter {
  readonly keys: readonly string[];
  readonly end: End;
  readonly client: ConnectedClient;
  /** The element that it got. */
  popped: Popped | undefined;
  /** Ends its wait. */
  readonly resolve: () => void;
}

/** The clients that wait, in order, by the keys for which they wait. */
export class Waiters {
  readonly #byKey = new Map<string, Set<Waiter>>();

  /** Adds a waiter behind all others. */
  add(waiter: Waiter): void {
    for (const key of waiter.keys) {
      const waiters = this.#byKey.get(key);
      if (waiters === undefined) this.#byKey.set(key, new Set([waiter]));
      else waiters.add(waiter);
    }
  }

  /** Removes a waiter, if it is still there. */
  remove(waiter: Waiter): void {
    for (const key of waiter.keys) {
      const waiters = this.#byKey.get(key);
      if (waiters?.delete(waiter) && waiters.size === 0) this.#byKey.delete(key);
    }
  }

  /** The waiter that waits longest for a key. */
  first(key: string): Waiter | undefined {
    for (const waiter of this.#byKey.get(key) ?? []) {
      if (!waiter.client.closed) return waiter;
      // Its connection is lost, and it has not noticed yet: an element would be lost with it.
      this.remove(waiter);
    }
  }
}
