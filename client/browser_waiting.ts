// What waiting.ts is for browsers, where a small file is worth more than what a long queue costs.

import { Throttled } from "./errors.ts";
import type { Held } from "./waiting.ts";

const MOST_BYTES = 1 << 26;

/** A queue from whose middle requests may be taken. */
export class Waiting<T> extends Map<T, number> {
  #bytes = 0;
  readonly #most: number;

  /** For at most `most` requests, and 64 MiB of them. */
  constructor(most: number) {
    super();
    this.#most = most;
  }

  /** Adds one. Throws `Throttled` where too many wait. */
  add(request: T, { text, body }: Held): void {
    const bytes = 1 + text.length + (body?.length ?? 0);
    if (this.size >= this.#most || this.#bytes + bytes > MOST_BYTES) {
      throw new Throttled(`${this.size} requests wait`);
    }
    this.#bytes += bytes;
    this.set(request, bytes);
  }

  /** Takes one out; false where it does not wait here. */
  override delete(request: T): boolean {
    this.#bytes -= this.get(request) ?? 0;
    return super.delete(request);
  }

  /** Takes the first out. */
  shift(): T | undefined {
    for (const request of this.keys()) {
      this.delete(request);
      return request;
    }
  }
}
