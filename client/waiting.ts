// Requests that wait, in order, bounded in number and bytes.

import { Throttled } from "./errors.ts";

const MOST_BYTES = 1 << 26;
const FEW = 64;

/** What can wait. */
interface Waiter {
  readonly text: string;
  readonly body?: Uint8Array | undefined;
  /** For the queue: the bytes that it takes there; 0 while it does not wait. */
  waits: number;
}

/** A queue from whose middle requests may be taken. A request waits in one queue at a time. */
export class Waiting<T extends Waiter> {
  /** From `#first` on; one that was taken out of the middle is still here. */
  #all: (T | undefined)[] = [];
  #first = 0;
  #bytes = 0;
  readonly #most: number;
  /** How many wait. */
  size = 0;

  /** For at most `most` requests, and 64 MiB of them. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Adds one. Throws `Throttled` where too many wait. */
  add(request: T): void {
    const bytes = 1 + request.text.length + (request.body?.length ?? 0);
    if (this.size >= this.#most || this.#bytes + bytes > MOST_BYTES) {
      throw new Throttled(`${this.size} requests wait to be sent; try again later`);
    }
    if (this.#all.length > 2 * this.size + FEW) {
      this.#all = this.#all.filter((each) => each !== undefined && each.waits > 0);
      this.#first = 0;
    }
    this.#all.push(request);
    request.waits = bytes;
    this.#bytes += bytes;
    this.size++;
  }

  /** Takes one out that waits here or nowhere; false for nowhere. */
  delete(request: T): boolean {
    if (request.waits === 0) return false;
    this.#bytes -= request.waits;
    request.waits = 0;
    this.size--;
    return true;
  }

  /** Takes the first out. */
  shift(): T | undefined {
    while (this.#first < this.#all.length) {
      const request = this.#all[this.#first]!;
      this.#all[this.#first++] = undefined;
      if (this.delete(request)) return request;
    }
    this.#all = [];
    this.#first = 0;
  }
}
