// Bytes beside a queue's file that keep a place on the disk: given up where it is full, so that what makes room can be
// written, and taken again once there is room.

/** How much of it is given up at a time: other programs take what is free on a full disk. */
const STEP = { share: 1 / 8, least: 1 << 16 };

function stepOf(most: number): number {
  return Math.max(STEP.least, Math.ceil(most * STEP.share));
}

/** The reserve of one queue's file. */
export class Reserve {
  /** How many bytes it is to have. */
  most: number;
  readonly #path: string;

  /** That of a file; what an earlier process has left of it counts. */
  constructor(file: string, most: number) {
    this.#path = `${file}-reserve`;
    this.most = most;
  }

  /** How many bytes it has. */
  get size(): number {
    try {
      return Deno.lstatSync(this.#path).size;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return 0;
      throw error;
    }
  }

  /** Gives up a part of it, where it has any. */
  giveUp(): void {
    const { size } = this;
    if (size === 0) return;
    const left = size - stepOf(this.most);
    using file = Deno.openSync(this.#path, { read: true, write: true });
    file.truncateSync(Math.max(0, left));
    // A file system with a journal frees the place only once it is written.
    file.syncSync();
    if (left <= 0) Deno.removeSync(this.#path);
  }

  /** Whether there is room for a part more of it, which is tried. */
  couldGrow(): boolean {
    const { size } = this;
    if (this.most === 0) return true;
    const part = stepOf(this.most);
    this.most += part;
    try {
      return this.fill(1) === this.most;
    } finally {
      this.most -= part;
      Deno.truncateSync(this.#path, size);
    }
  }

  /**
   * Makes it what it is to be. Where there is no room for that it takes this share of what there is. Returns how many bytes
   * it has.
   */
  fill(share: number): number {
    const before = this.size;
    if (before >= this.most) return before;
    let at = before;
    try {
      using file = before === 0
        ? Deno.openSync(this.#path, { write: true, createNew: true, mode: 0o600 })
        : Deno.openSync(this.#path, { append: true });
      // Not zeros: a file system that compresses would keep no place for them.
      const bytes = crypto.getRandomValues(new Uint8Array(1 << 16));
      while (at < this.most) at += file.writeSync(bytes.subarray(0, this.most - at));
    } catch {
      if (at > before) Deno.truncateSync(this.#path, before + Math.floor((at - before) * share));
    }
    return this.size;
  }
}
