// Between a source that pushes and a reader that pulls: what came and is not read yet.

import { StreamError } from "./stream_error.ts";

// Above this many bytes the source is asked to pause, where it can.
const HIGH_WATER = 65_536;

/** What a source can be told. */
export interface Source {
  /** Bring no more for now. */
  pause(): void;
  /** Go on. */
  resume(): void;
}

/** The reading half of a stream whose bytes come as events. */
export class Inbox {
  readonly #source: Source;
  #chunks: Uint8Array[] = [];
  #first = 0;
  #paused = false;
  #end: { error?: Error } | undefined = undefined;
  #wake: (() => void) | undefined = undefined;
  /** Bytes that wait to be read. */
  held = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Bytes came; they must stay as they are. */
  push(bytes: Uint8Array): void {
    if (this.#end !== undefined || bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.held += bytes.length;
    if (this.held > HIGH_WATER && !this.#paused) {
      this.#paused = true;
      this.#source.pause();
    }
    this.#wake?.();
  }

  /** Nothing more comes; what is here may still be read. */
  end(): void {
    this.#end ??= {};
    this.#wake?.();
  }

  /** Nothing more comes because something went wrong; what is here may still be read. */
  fail(error: Error): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  /** Forgets what is here; reads are rejected, also one that waits. */
  close(): void {
    this.#chunks = [];
    this.held = this.#first = 0;
    this.#end = { error: new StreamError("ConnectionAborted", "the connection is closed") };
    this.#wake?.();
  }

  /** As `ByteStream.read`. */
  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.held === 0) {
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    let read = 0;
    while (read < buffer.length && this.#first < this.#chunks.length) {
      const chunk = this.#chunks[this.#first];
      const part = chunk.subarray(0, buffer.length - read);
      buffer.set(part, read);
      read += part.length;
      if (part.length < chunk.length) this.#chunks[this.#first] = chunk.subarray(part.length);
      else this.#first++;
    }
    this.#forget();
    this.held -= read;
    if (this.#paused && this.held <= HIGH_WATER / 2) {
      this.#paused = false;
      this.#source.resume();
    }
    return read;
  }

  // Shifting the array for each chunk would be quadratic where many small ones wait.
  #forget(): void {
    if (this.#first < 64 && this.#first < this.#chunks.length) return;
    this.#chunks = this.#chunks.slice(this.#first);
    this.#first = 0;
  }
}
