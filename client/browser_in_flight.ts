// What in_flight.ts is for browsers, where a small file is worth more than what a map costs.

import type { Sent } from "./session.ts";

/** Requests by tag. Tags count up and are never used again. */
export class InFlight {
  readonly #byTag = new Map<string, Sent>();
  #last = 0;

  /** How many there are. */
  get size(): number {
    return this.#byTag.size;
  }

  /** Adds one: its tag is set. */
  add(sent: Sent): void {
    sent.tag = String(++this.#last);
    this.#byTag.set(sent.tag, sent);
  }

  /** The request of this tag. */
  get(tag: string): Sent | undefined {
    return this.#byTag.get(tag);
  }

  /** Takes one out, if it is in here. */
  delete(sent: Sent): void {
    if (this.get(sent.tag) === sent) this.#byTag.delete(sent.tag);
  }

  /** All, in the order in which they were added. */
  all(): Sent[] {
    return [...this.#byTag.values()];
  }
}
