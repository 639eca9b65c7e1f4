// Requests that wait, in order, bounded in number and bytes.

import { Throttled } from "./errors.ts";

const MOST_BYTES = 1 << 26;

/** The parts of a waiting request that take room. */
export interface QueuedRequest {
  readonly text: string;
  readonly body?: Uint8Array | undefined;
}

/** A queue from whose middle requests may be taken. */
export class SendQueue<T> {
  /** The bytes of each, in the order in which they came. */
  readonly #bytesOf = new Map<T, number>();
  // One iterator for many in a row, for a new one would pass over the places of all that were taken out. It is not kept
  // where others are taken out: behind it the map could not forget what it was.
  #order: Iterator<T, undefined> | undefined;
  #bytes = 0;
  readonly #most: number;

  /** For at most `most` requests, and 64 MiB of them. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many wait. */
  get size(): number {
    return this.#bytesOf.size;
  }

  /** Adds one. Throws `Throttled` where too many wait. */
  add(request: T, { text, body }: QueuedRequest): void {
    const bytes = 1 + text.length + (body?.length ?? 0);
    if (this.size >= this.#most || this.#bytes + bytes > MOST_BYTES) {
      throw new Throttled(`${this.size} requests wait`);
    }
    this.#bytesOf.set(request, bytes);
    this.#bytes += bytes;
  }

  /** Takes one out; false where it does not wait here. */
  delete(request: T): boolean {
    const bytes = this.#bytesOf.get(request);
    if (!bytes) return false;
    this.#order = undefined;
    this.#bytes -= bytes;
    return this.#bytesOf.delete(request);
  }

  /** Takes the first out. */
  shift(): T | undefined {
    const order = this.#order ?? this.#bytesOf.keys();
    const { value } = order.next();
    this.#order = value && this.delete(value) ? order : undefined;
    return value;
  }
}
