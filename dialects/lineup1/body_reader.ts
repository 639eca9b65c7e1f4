// A counted body out of the chunks in which it arrives.

const LEAST = 4096;
const MOST = 65_536;
/** Bodies up to this length that came together are parts of one copy: an array of its own costs more than to fill it. */
const SMALL = 512;
/** How long that copy is at most: as much may be held for the last of them. */
const SHARED = 2048;

/** Blocks of the largest size that no body uses any more, for the next ones: to make and to collect them takes longer than to fill them. */
const SPARE: Uint8Array[] = [];
const MOST_SPARE = 32;

/** Reads one body at a time, or reads over it. Memory is allocated as the bytes arrive, never for what was announced. */
export class BodyReader {
  /** The bytes announced. */
  length = 0;
  // Blocks instead of one array that grows: what grows leaves as much behind for the garbage collector as it holds.
  #blocks: Uint8Array[] = [];
  /** The bytes of the last block that are free. */
  #free = 0;
  #read = 0;
  #keeps = false;
  /** A copy of the bytes of the chunk from `#sharedFrom` on. */
  #shared: Uint8Array | undefined = undefined;
  #sharedFrom = 0;

  /** The memory in use, in bytes. */
  held = 0;

  /** The next `length` bytes are a body, to be kept or not. */
  begin(length: number, keep: boolean): void {
    this.length = length;
    this.#keeps = keep;
    this.#read = 0;
    this.clear();
  }

  /** Takes from `chunk`, from `at` on, what belongs to the body; answers with where that ends. */
  fill(chunk: Uint8Array, at: number): number {
    const end = Math.min(at + this.length - this.#read, chunk.length);
    if (this.#keeps && end > at) {
      if (end - at === this.length) this.#add(this.#copy(chunk, at, end), 0);
      else this.#keep(chunk, at, end);
    }
    this.#read += end - at;
    return end;
  }

  /** The next chunk is another one. */
  nextChunk(): void {
    this.#shared = undefined;
  }

  #copy(chunk: Uint8Array, at: number, end: number): Uint8Array {
    let shared = this.#shared;
    if (shared === undefined || end > this.#sharedFrom + shared.length) {
      // What is alone, or nearly, need not share.
      if (end - at > SMALL || chunk.length - end < end - at) return chunk.slice(at, end);
      this.#shared = shared = chunk.slice(at, at + SHARED);
      this.#sharedFrom = at;
    }
    return shared.subarray(at - this.#sharedFrom, end - this.#sharedFrom);
  }

  /** Whether all of it was read. */
  get whole(): boolean {
    return this.#read === this.length;
  }

  /** Hands the body out, and forgets it. */
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

  /** Forgets it and its memory. */
  clear(): void {
    this.#blocks = [];
    this.#free = this.held = 0;
  }

  /** Copies `chunk[at, end)` to where there is room, in blocks about as large as what came before them. */
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
