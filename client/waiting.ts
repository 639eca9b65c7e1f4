// Requests that wait, in order, bounded in number and bytes.

import { Throttled } from "./errors.ts";

const MOST_BYTES = 1 << 26;

/** What a request takes. */
interface Sized {
  readonly text: string;
  readonly body?: Uint8Array | undefined;
}

/** A queue from whose middle requests may be taken. */
export class Waiting<T extends Sized> {
  readonly #all = new Map<T, number>();
  // One iterator for all: a map that lost its first entries is slow to find the first one left.
  #next: Iterator<T> = this.#all.keys();
  #bytes = 0;
  readonly #most: number;

  /** For at most `most` requests, and 64 MiB of them. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many wait. */
  get size(): number {
    return this.#all.size;
  }

  /** Adds one. Throws `Throttled` where too many wait. */
  add(request: T): void {
    const bytes = request.text.length + (request.body?.length ?? 0);
    if (this.size >= this.#most || this.#bytes + bytes > MOST_BYTES) {
      throw new Throttled(`${this.size} requests wait to be sent; try again later`);
    }
    this.#all.set(request, bytes);
    this.#bytes += bytes;
  }

  /** Takes one out; false where it does not wait. */
  delete(request: T): boolean {
    this.#bytes -= this.#all.get(request) ?? 0;
    return this.#all.delete(request);
  }

  /** Takes the first out. */
  shift(): T | undefined {
    let { value } = this.#next.next();
    if (value === undefined) value = (this.#next = this.#all.keys()).next().value;
    if (value !== undefined) this.delete(value);
    return value;
  }
}
