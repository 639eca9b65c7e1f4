// Collects a counted body from the chunks in which it arrives.

const LEAST = 4096;
const MOST = 65_536;
/** Bodies up to this length that arrive in one chunk share one copy: an array of its own costs more than its bytes. */
const SMALL = 512;
/** The longest shared copy. One short body can keep all of it in memory. */
const SHARED = 2048;

/** Free blocks of the largest size, for reuse: to allocate and to collect a block takes longer than to fill it. */
const SPARE: Uint8Array[] = [];
const MOST_SPARE = 32;

/** Reads or skips one body at a time. Allocates memory as bytes arrive, never for the announced length. */
export class BodyReader {
  /** The announced length. */
  length = 0;
  // A list of blocks: an array that grows leaves its own size again to the garbage collector.
  #blocks: Uint8Array[] = [];
  /** Free bytes of the last block. */
  #free = 0;
  #read = 0;
  #keeps = false;
  /** A copy of the chunk from `#sharedFrom` on. */
  #shared: Uint8Array | undefined = undefined;
  #sharedFrom = 0;

  /** The memory in use, in bytes. */
  held = 0;

  /** Begins a body of `length` bytes, which is kept or skipped. */
  begin(length: number, keep: boolean): void {
    this.length = length;
    this.#keeps = keep;
    this.#read = 0;
    this.clear();
  }

  /** Takes the bytes of the body from `chunk`, beginning at `at`. Returns the position behind them. */
  fill(chunk: Uint8Array, at: number): number {
    const end = Math.min(at + this.length - this.#read, chunk.length);
    if (this.#keeps && end > at) {
      if (end - at === this.length) this.#add(this.#copy(chunk, at, end), 0);
      else this.#keep(chunk, at, end);
    }
    this.#read += end - at;
    return end;
  }

  /** Ends the use of the current chunk. */
  nextChunk(): void {
    this.#shared = undefined;
  }

  #copy(chunk: Uint8Array, at: number, end: number): Uint8Array {
    let shared = this.#shared;
    if (shared === undefined || end > this.#sharedFrom + shared.length) {
      // A body that is most of the rest gains nothing from sharing.
      if (end - at > SMALL || chunk.length - end < end - at) return chunk.slice(at, end);
      this.#shared = shared = chunk.slice(at, at + SHARED);
      this.#sharedFrom = at;
    }
    return shared.subarray(at - this.#sharedFrom, end - this.#sharedFrom);
  }

  /** Whether the body is complete. */
  get whole(): boolean {
    return this.#read === this.length;
  }

  /** Returns the body and releases it. */
  take(): Uint8Array {
    const blocks = this.#blocks;
    this.clear();
    if (blocks.length === 1) return blocks[0];
    const bytes = new Uint8Array(this.#keeps ? this.length : 0);
    let at = 0;
    for (const block of blocks) {
      bytes.set(block, at);
      at += block.length;
      if (block.length === MOST && SPARE.length < MOST_SPARE) SPARE.push(block);
    }
    return bytes;
  }

  /** Releases the body and its memory. */
  clear(): void {
    this.#blocks = [];
    this.#free = this.held = 0;
  }

  /** Copies `chunk[at, end)` into blocks; a new block is about as large as all before it. */
  #keep(chunk: Uint8Array, at: number, end: number): void {
    while (at < end) {
      if (this.#free === 0) {
        const wanted = Math.max(LEAST, this.held, 2 * (end - at));
        const size = Math.min(wanted, MOST, this.length - this.held);
        this.#add(size === MOST && SPARE.pop() || new Uint8Array(size), size);
      }
      const block = this.#blocks[this.#blocks.length - 1];
      const part = chunk.subarray(at, Math.min(end, at + this.#free));
      block.set(part, block.length - this.#free);
      this.#free -= part.length;
      at += part.length;
    }
  }

  #add(block: Uint8Array, free: number): void {
    this.#blocks.push(block);
    this.#free = free;
    this.held += block.length;
  }
}
