// The beginning of a line.

const EMPTY = new Uint8Array(0);
const LEAST = 256;

/**
 * Keeps the bytes of a line until its end arrives. The caller adds at most `most` bytes; the array never grows beyond
 * that.
 */
export class PartialLine {
  /** Its first `length` bytes are the line so far. */
  bytes: Uint8Array = EMPTY;
  /** The length of the line so far. */
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

  /** Releases the line and its memory. */
  clear(): void {
    this.bytes = EMPTY;
    this.length = 0;
  }
}
