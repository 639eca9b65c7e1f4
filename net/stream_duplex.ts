// A Duplex of node:stream over a byte stream, as short a way as node:tls needs. A Duplex that buffers costs twice as
// much for small messages, and node:tls in Deno reads on from it while nobody takes the bytes.

import { Duplex } from "node:stream";
import type { Held } from "./node_stream.ts";
import { type ByteStream, writeAll } from "./stream.ts";

const READ_SIZE = 16_384;

/**
 * The bytes of a stream as events, for the sockets of node:tls. `pause` and `resume` do nothing: only `source` holds the
 * bytes back. It never closes the stream, so that what is being written reaches the other end.
 */
export class StreamDuplex extends Duplex {
  readonly #stream: ByteStream;
  readonly #buffer = new Uint8Array(READ_SIZE);
  #writing: Promise<void> = Promise.resolve();
  #isHeld = false;
  #isReading = false;
  #hasEnded = false;
  #hasFailed = false;

  /** Holds the reading of the stream. */
  readonly source: Held = {
    pause: () => void (this.#isHeld = true),
    resume: () => {
      this.#isHeld = false;
      this.#read();
    },
  };

  constructor(stream: ByteStream) {
    super({ allowHalfOpen: true, autoDestroy: false });
    this.#stream = stream;
  }

  override resume(): this {
    this.#read();
    return this;
  }

  override pause(): this {
    return this;
  }

  async #read(): Promise<void> {
    if (this.#isReading || this.#isHeld || this.#hasEnded) return;
    this.#isReading = true;
    try {
      while (!this.#isHeld && !this.#hasEnded) {
        const read = await this.#stream.read(this.#buffer);
        if (read === null) {
          this.#hasEnded = true;
          this.emit("end");
        } else this.emit("data", this.#buffer.slice(0, read));
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isReading = false;
    }
  }

  override write(chunk: Uint8Array, ...rest: unknown[]): boolean {
    const done = rest.at(-1) as ((error?: Error | null) => void) | undefined;
    this.#writing = writeAll(this.#stream, chunk).then(() => done?.(), (error) => {
      this.#fail(error);
      done?.(error);
    });
    return true;
  }

  /** Resolves once all is written. */
  async written(): Promise<void> {
    // What one write causes, such as the next one, begins before its promise resolves.
    for (let last; last !== this.#writing;) await (last = this.#writing);
  }

  // Writes may fail after the end of what is read.
  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = this.#hasEnded = true;
    this.emit("error", error);
  }

  override end(...rest: unknown[]): this {
    const done = rest.at(-1);
    if (typeof done === "function") this.written().then(() => done());
    return this;
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    this.#hasFailed = this.#hasEnded = true;
    done();
  }
}
