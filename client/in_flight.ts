// What is in flight on one connection, by the tags that it goes under.

import type { Sent } from "./session.ts";

const SMALLEST = 64;

/**
 * Requests by tag. Tags count up and are never used again, so that an answer that comes twice, or too late, is seen for
 * what it is. A table with a place for each of some tags in a row is faster than a map, whose keys would all be new.
 */
export class InFlight {
  #places: (Sent | undefined)[] = new Array(SMALLEST);
  #last = 0;
  /** How many there are. */
  size = 0;

  /** Adds one: its tag is set. */
  add(sent: Sent): void {
    if (2 * this.size >= this.#places.length) this.#grow();
    const mask = this.#places.length - 1;
    // A place may be that of a request that takes long.
    do this.#last++; while (this.#places[this.#last & mask] !== undefined);
    sent.tag = String(this.#last);
    this.#places[this.#last & mask] = sent;
    this.size++;
  }

  #grow(): void {
    const all = this.all();
    this.#places = new Array(2 * this.#places.length);
    for (const sent of all) this.#places[this.#place(sent.tag)] = sent;
  }

  #place(tag: string): number {
    return Number(tag) & (this.#places.length - 1);
  }

  /** The request of this tag. */
  get(tag: string): Sent | undefined {
    const sent = this.#places[this.#place(tag)];
    return sent?.tag === tag ? sent : undefined;
  }

  /** Takes one out, if it is in here. */
  delete(sent: Sent): void {
    if (this.get(sent.tag) !== sent) return;
    this.#places[this.#place(sent.tag)] = undefined;
    this.size--;
  }

  /** All, in the order in which they were added. */
  all(): Sent[] {
    return this.#places.filter((sent) => sent !== undefined).sort((a, b) =>
      Number(a.tag) - Number(b.tag)
    );
  }
}
