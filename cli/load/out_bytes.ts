// A buffer for the bytes of the next write; it is used again for each write.

const encoder = new TextEncoder();
const FIRST_SIZE = 4096;

/** Bytes, one after the other. */
export class OutBytes {
  #bytes = new Uint8Array(FIRST_SIZE);
  length = 0;

  /** The bytes since `clear`. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  add(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#reserve(length);
    this.#bytes.set(bytes, this.length);
    this.length += length;
  }

  addText(text: string): void {
    // UTF-8 takes up to 3 bytes for each unit of a string.
    this.#reserve(text.length * 3);
    this.length += encoder.encodeInto(text, this.#bytes.subarray(this.length)).written;
  }

  clear(): void {
    this.length = 0;
  }

  #reserve(size: number): void {
    if (this.length + size <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + size));
    larger.set(this.bytes);
    this.#bytes = larger;
  }
}
