// Bytes beside a queue's file that reserve a place on the disk. They are given up when it is full, so that changes that make
// room can be written, and taken again once there is room.

/** The part that is given up at a time. It is small, as other programs take the free bytes of a full disk. */
const STEP = { share: 1 / 8, least: 1 << 16 };

function stepOf(most: number): number {
  return Math.max(STEP.least, Math.ceil(most * STEP.share));
}

/** The reserve of one queue's file. */
export class Reserve {
  /** The size that it should have, in bytes. */
  most: number;
  readonly #path: string;

  /** The reserve of a file. It may be there already, from an earlier process. */
  constructor(file: string, most: number) {
    this.#path = `${file}-reserve`;
    this.most = most;
  }

  /** Its size in bytes. */
  get size(): number {
    try {
      return Deno.lstatSync(this.#path).size;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return 0;
      throw error;
    }
  }

  /** Gives up a part of it, if it has any. */
  giveUp(): void {
    const { size } = this;
    if (size === 0) return;
    const left = size - stepOf(this.most);
    using file = Deno.openSync(this.#path, { read: true, write: true });
    file.truncateSync(Math.max(0, left));
    // A file system with a journal frees the place only when the journal is written.
    file.syncSync();
    if (left <= 0) Deno.removeSync(this.#path);
  }

  /** Finds out by trying whether there is room for one more part. */
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
   * Fills it to the size that it should have. Without room for that it takes this share of the free bytes. Returns its size.
   */
  fill(share: number): number {
    const before = this.size;
    if (before >= this.most) return before;
    let at = before;
    try {
      using file = before === 0
        ? Deno.openSync(this.#path, { write: true, createNew: true, mode: 0o600 })
        : Deno.openSync(this.#path, { append: true });
      // Not zeros: a file system that compresses would reserve no place for them.
      const bytes = crypto.getRandomValues(new Uint8Array(1 << 16));
      while (at < this.most) at += file.writeSync(bytes.subarray(0, this.most - at));
    } catch {
      if (at > before) Deno.truncateSync(this.#path, before + Math.floor((at - before) * share));
    }
    return this.size;
  }
}
