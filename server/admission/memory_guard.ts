// Memory for clients is bounded: when it is full, the client that holds most is dropped.

import type { Pressure } from "./pressure.ts";

/** A connection whose memory counts. */
export interface Weighed {
  /** The bytes held for it at the last count. */
  readonly weight: number;
  readonly closed: boolean;
  /** Closes it at once, and counts its bytes again. */
  drop(why: string, bytes: number): void;
}

/** Counts the memory of all connections of a server. */
export class MemoryGuard {
  readonly #pressure: Pressure;
  readonly #connections: Iterable<Weighed>;

  /** Guards the memory of `connections`, a collection that may change. */
  constructor(pressure: Pressure, connections: Iterable<Weighed>) {
    this.#pressure = pressure;
    this.#connections = connections;
  }

  /** Counts `bytes` more for a connection, or fewer. Drops the heaviest ones while all together hold too much. */
  weigh(bytes: number): void {
    this.#pressure.held += bytes;
    while (bytes > 0 && this.#pressure.overflows) {
      const heaviest = this.#heaviest();
      if (heaviest === undefined) return;
      heaviest.drop("it holds most, and the memory for clients is full", heaviest.weight);
    }
  }

  #heaviest(): Weighed | undefined {
    let heaviest: Weighed | undefined;
    for (const each of this.#connections) {
      if (!each.closed && each.weight > (heaviest?.weight ?? 0)) heaviest = each;
    }
    return heaviest;
  }
}
