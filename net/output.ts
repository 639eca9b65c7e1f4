// The output of one connection. It gathers bytes while a write is under way, and writes once a turn.

import { Condition } from "./condition.ts";
import type { ByteStream } from "./stream.ts";

const encoder = new TextEncoder();
// Copying up to 128 characters one by one is faster than a call of the encoder.
const SHORT_ASCII = /^[\0-\x7f]{0,128}$/;

/**
 * The answers to one event, such as the end of a commit, come within this many microtasks. One write takes them all.
 */
const STEPS = 4;

/** The writing half of a stream. */
export type Writer = Pick<ByteStream, "write">;

/** The output of a connection. */
export class Output {
  #stream: Writer;
  readonly #onError: (error: unknown) => void;
  readonly #onWrite: () => void;
  readonly #onAllWritten: () => void;
  readonly #highWater: number;
  #text = "";
  #parts: (string | Uint8Array)[] = [];
  #partsSize = 0;
  /** The bytes that are being written. */
  #writing: Uint8Array | undefined;
  /** The number of bytes that were passed to writes so far. */
  #taken = 0;
  #scheduled = false;
  #steps = 0;
  #broken = false;
  readonly #change = new Condition();

  /**
   * Calls `onWrite` when a write begins, so that its caller can bound the time of the write, and `onAllWritten` when a
   * write has ended. `full` is true while more than `highWater` bytes wait.
   */
  constructor(
    stream: Writer,
    onError: (error: unknown) => void,
    onWrite: () => void = () => {},
    highWater: number = 65_536,
    onAllWritten: () => void = () => {},
  ) {
    this.#stream = stream;
    this.#onError = onError;
    this.#onWrite = onWrite;
    this.#onAllWritten = onAllWritten;
    this.#highWater = highWater;
  }

  /** The number of bytes that wait, roughly: text counts one byte a character. */
  get size(): number {
    return this.#text.length + this.#partsSize;
  }

  /** The position of the next byte in the whole output; a lower bound while text waits that is not ASCII. */
  get position(): number {
    return this.#taken + this.size;
  }

  /** The number of bytes that are written. */
  get written(): number {
    return this.#taken - (this.#writing?.length ?? 0);
  }

  /** Writes through another writer from now on. */
  through(writer: Writer): void {
    this.#stream = writer;
  }

  /** Whether a producer of output should wait for `drained`. */
  get full(): boolean {
    return this.size > this.#highWater && !this.#broken;
  }

  /** Adds text, which is sent as UTF-8, and bytes behind it. */
  add(text: string, body?: Uint8Array): void {
    this.#text += text;
    if (body === undefined) return;
    this.#seal();
    this.#parts.push(body);
    this.#partsSize += body.length;
  }

  /** Resolves once the output is no longer full, or nothing more can be written. */
  async drained(): Promise<void> {
    if (!this.full) return;
    this.flush();
    do await this.#change.changed(); while (this.full);
  }

  /** Writes at the end of this turn, together with everything that is added until then. */
  schedule(): void {
    if (this.#scheduled || this.#writing !== undefined) return;
    this.#scheduled = true;
    this.#steps = STEPS;
    queueMicrotask(this.#onStep);
  }

  readonly #onStep = (): void => {
    if (--this.#steps > 0) return queueMicrotask(this.#onStep);
    this.#scheduled = false;
    this.flush();
  };

  /** Writes the waiting output. While a write is under way, the output waits for the next one. */
  flush(): void {
    if (this.#writing !== undefined || this.#broken || this.size === 0) return;
    const bytes = this.#take();
    this.#taken += bytes.length;
    this.#write(bytes);
  }

  /** Resolves once all is written, or nothing more can be written. */
  async finish(): Promise<void> {
    this.flush();
    while (this.#writing !== undefined) await this.#change.changed();
  }

  // The two callbacks are made once, where an async function would allocate at each write: every reply takes this path.
  #write(bytes: Uint8Array): void {
    this.#writing = bytes;
    this.#onWrite();
    this.#stream.write(bytes).then(this.#onWritten, this.#onFailed);
  }

  /** The number of bytes that wait or are being written. */
  get held(): number {
    return this.size + (this.#writing?.length ?? 0);
  }

  /** The number of writes that have ended. While it stays the same and bytes are held, the other end does not read. */
  writes = 0;

  readonly #onWritten = (count: number): void => {
    this.writes++;
    const bytes = this.#writing!;
    if (count < bytes.length) return this.#write(bytes.subarray(count));
    this.#writing = undefined;
    this.#onAllWritten();
    this.flush();
    if (!this.full) this.#change.broadcast();
  };

  readonly #onFailed = (error: unknown): void => {
    this.#broken = true;
    this.#taken = this.written;
    this.#writing = undefined;
    this.#onError(error);
    this.#change.broadcast();
  };

  #seal(): void {
    if (this.#text === "") return;
    const text = SHORT_ASCII.test(this.#text) ? this.#text : encoder.encode(this.#text);
    this.#text = "";
    this.#parts.push(text);
    this.#partsSize += text.length;
  }

  #take(): Uint8Array {
    if (this.#parts.length === 0) {
      const text = this.#text;
      this.#text = "";
      return encoder.encode(text);
    }
    this.#seal();
    const bytes = new Uint8Array(this.#partsSize);
    let at = 0;
    for (const part of this.#parts) {
      if (typeof part === "string") {
        for (let i = 0; i < part.length; i++) bytes[at + i] = part.charCodeAt(i);
      } else bytes.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#partsSize = 0;
    return bytes;
  }
}
