// Output for a reader that may be slow, or may never read. The writer of a line never waits for the reader.

import { retryBlocked, sleepSync } from "./retry_blocked.ts";

const MOST_WAITING = 1 << 20;
const MOST_LINE = 1 << 14;
/** The bytes of one write, roughly. Writes are small, so that `flush` notices whether the reader takes any. */
const PIECE = 1 << 12;
const STALLED_MS = 1000;
/** The time for the last bytes of a process at its end. */
const LAST_MS = 200;

/** The destination of lines. */
export interface LineTarget {
  /** Writes some of the bytes; resolves with their number. */
  write(bytes: Uint8Array): Promise<number>;
  /** Writes some of the bytes at once. For targets that need no reader only, such as a file or a terminal. */
  writeSync?(bytes: Uint8Array): number;
}

interface PendingWrite {
  readonly bytes: Uint8Array;
  readonly done?: () => void;
}

/**
 * Writes in order, and makes no caller wait. While more than a bound of bytes wait, it drops lines. As soon as there is
 * room again, a line says how many were dropped.
 */
export class LineWriter {
  readonly #target: LineTarget;
  readonly #most: number;
  readonly #encoder = new TextEncoder();
  #waiting: PendingWrite[] = [];
  #bytes = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined = undefined;
  #written = 0;
  #closed = false;

  /** At most `most` bytes of lines wait, 1 MiB by default. */
  constructor(target: LineTarget, { most = MOST_WAITING }: { most?: number } = {}) {
    this.#target = target;
    this.#most = most;
  }

  /** Whether more than half of the bound waits: a producer of many lines should then wait for `flush`. */
  get isFull(): boolean {
    return this.#bytes > this.#most / 2;
  }

  /** Writes a line, or drops it. One of more than 16 Ki characters is cut. */
  line(text: string): void {
    const cut = text.length > MOST_LINE;
    this.text(cut ? `${text.slice(0, MOST_LINE)}… (${text.length} characters)\n` : `${text}\n`);
  }

  /**
   * As `line`, for work that leaves the event loop no turn: begins to write the line at once. In a file or at a
   * terminal, the line is written when this returns.
   */
  lineNow(text: string): void {
    this.textNow(`${text}\n`);
  }

  /** As `lineNow`, for text that is no line. */
  textNow(text: string): void {
    const { writeSync } = this.#target;
    if (writeSync === undefined || this.#writing !== undefined) return this.text(text, true);
    const bytes = this.#encoder.encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(bytes.subarray(at));
    } catch {
      // The disk is full, or the terminal is gone. The work matters more than the report of its progress.
    }
  }

  /**
   * Writes text as it is, or drops it. The write begins at once with `now`, else together with texts of the same
   * turn.
   */
  text(text: string, now: boolean = false): void {
    if (this.#closed) return;
    const bytes = this.#encoder.encode(text);
    if (this.#bytes + bytes.length > this.#most) {
      this.#dropped++;
      return;
    }
    this.#tellDropped();
    this.#add({ bytes }, now);
  }

  /** Writes bytes behind the waiting ones. Resolves once they are written, or cannot be written. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((done) => this.#add({ bytes, done }));
  }

  /** Resolves once nothing waits any more, or the reader took nothing for `stalled` ms. */
  async flush(stalled: number = STALLED_MS): Promise<void> {
    while (this.#writing !== undefined) {
      const before = this.#written;
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, stalled);
      await Promise.race([this.#writing, late.promise]);
      clearTimeout(timer);
      if (this.#written === before) return;
    }
  }

  /**
   * For the end of the process, when nothing can be awaited: gives the waiting bytes a moment to be written. All go in
   * one write: a second write would need another turn of the event loop, and there is none.
   */
  flushNow(): void {
    this.#tellDropped();
    if (this.#writing === undefined) return;
    if (this.#waiting.length > 0) this.#target.write(joined(this.#waiting)).catch(() => {});
    this.#waiting = [];
    sleepSync(LAST_MS);
  }

  #tellDropped(): void {
    if (this.#dropped === 0 || this.#closed) return;
    const lines = this.#dropped;
    this.#dropped = 0;
    const time = new Date().toISOString();
    const text = `${time} error lines were dropped because nobody read them lines=${lines}\n`;
    this.#add({ bytes: this.#encoder.encode(text) });
  }

  #add(waiting: PendingWrite, now: boolean = false): void {
    this.#waiting.push(waiting);
    this.#bytes += waiting.bytes.length;
    this.#writing ??= this.#write(now);
  }

  async #write(now: boolean): Promise<void> {
    // Lines of one turn go together.
    if (!now) await null;
    while (this.#waiting.length > 0) {
      const batch = this.#next();
      const isWritten = await this.#writeAll(joined(batch));
      for (const { bytes, done } of batch) {
        this.#bytes -= bytes.length;
        if (!isWritten) this.#dropped++;
        done?.();
      }
      if (isWritten && this.#waiting.length === 0) this.#tellDropped();
    }
    this.#writing = undefined;
  }

  #next(): PendingWrite[] {
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length && bytes < PIECE; count++) {
      bytes += this.#waiting[count].bytes.length;
    }
    return this.#waiting.splice(0, count);
  }

  /** Writes all bytes; resolves with false where that fails. */
  async #writeAll(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length;) {
      if (this.#closed) return false;
      const piece = bytes.subarray(at, at + 4 * PIECE);
      try {
        const count = await retryBlocked(() => this.#target.write(piece));
        at += count;
        this.#written += count;
      } catch (error) {
        const { name } = error as Error;
        if (name === "BrokenPipe" || name === "BadResource") this.#closed = true;
        return false;
      }
    }
    return true;
  }
}

function joined(batch: readonly PendingWrite[]): Uint8Array {
  if (batch.length === 1) return batch[0].bytes;
  const all = new Uint8Array(batch.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let at = 0;
  for (const { bytes } of batch) {
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}
