// Connections that come as events, for whoever accepts.

import type { ByteStream } from "./stream.ts";

/** Connections that wait to be accepted. */
export class Arrivals {
  #waiting: ByteStream[] = [];
  #wake: (() => void) | undefined = undefined;
  /** Whether no more are taken. */
  closed = false;

  /** A connection came. */
  push(stream: ByteStream): void {
    if (this.closed) return stream.close();
    this.#waiting.push(stream);
    this.#wake?.();
  }

  /** As `Listener.accept`. */
  async accept(): Promise<ByteStream | undefined> {
    while (this.#waiting.length === 0) {
      if (this.closed) return undefined;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#waiting.shift();
  }

  /** Ends those that wait, and takes no more. */
  close(): void {
    this.closed = true;
    for (const stream of this.#waiting.splice(0)) stream.close();
    this.#wake?.();
  }
}
