const EMPTY = new Uint8Array(0);
const LEAST = 256;

/**
 * The beginning of a line whose end has not arrived: at most `most` bytes, which the caller sees to. Once it has as
 * many, its array has no more.
 */
export class PartialLine {
  /** What there is of it, in the first `length` bytes. */
  bytes: Uint8Array = EMPTY;
  /** How long it is. */
  length = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Adds `chunk[start, end)`. */
  add(chunk: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.bytes.length) {
      const grown = new Uint8Array(Math.min(Math.max(LEAST, length * 2), this.#most));
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes.set(chunk.subarray(start, end), this.length);
    this.length = length;
  }

  /** Forgets it and its memory. */
  clear(): void {
    this.bytes = EMPTY;
    this.length = 0;
  }
}
