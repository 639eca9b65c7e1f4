// A counted body out of the chunks in which it arrives.

const EMPTY = new Uint8Array(0);
const LEAST = 4096;

/** Reads one body at a time, or reads over it. Memory is allocated as the bytes arrive, never for what was announced. */
export class BodyReader {
  /** The bytes announced. */
  length = 0;
  #bytes: Uint8Array = EMPTY;
  #read = 0;
  #keeps = false;

  /** The memory in use, in bytes. */
  get held(): number {
    return this.#bytes.length;
  }

  /** The next `length` bytes are a body, to be kept or not. */
  begin(length: number, keep: boolean): void {
    this.length = length;
    this.#keeps = keep;
    this.#read = 0;
    this.#bytes = EMPTY;
  }

  /** Takes from `chunk`, from `at` on, what belongs to the body; answers with where that ends. */
  fill(chunk: Uint8Array, at: number): number {
    const before = this.#read;
    const end = Math.min(at + this.length - before, chunk.length);
    this.#read += end - at;
    if (!this.#keeps || end === at) return end;
    if (end - at === this.length) this.#bytes = chunk.slice(at, end);
    else {
      if (this.#read > this.#bytes.length) this.#grow(before);
      this.#bytes.set(chunk.subarray(at, end), before);
    }
    return end;
  }

  /** Whether all of it was read. */
  get whole(): boolean {
    return this.#read === this.length;
  }

  /** Hands the body out, and forgets it. */
  take(): Uint8Array {
    const bytes = this.#bytes;
    this.clear();
    return bytes;
  }

  /** Forgets it and its memory. */
  clear(): void {
    this.#bytes = EMPTY;
  }

  #grow(used: number): void {
    const size = Math.min(Math.max(LEAST, this.#read * 2), this.length);
    const grown = new Uint8Array(size);
    grown.set(this.#bytes.subarray(0, used));
    this.#bytes = grown;
  }
}
