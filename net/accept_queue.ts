// Connections that come as events, for whoever accepts.

import type { ByteStream } from "./stream.ts";

/** An error in the place of a connection. */
interface AcceptFailure {
  readonly error: unknown;
  /** Whoever accepts asks for the next. */
  readonly goOn: () => void;
}

/** Connections that wait to be accepted. */
export class AcceptQueue {
  #waiting: (ByteStream | AcceptFailure)[] = [];
  #wake: (() => void) | undefined = undefined;
  #goOn: (() => void) | undefined = undefined;
  /** Whether no more are taken. */
  closed = false;

  /** A connection came. */
  push(stream: ByteStream): void {
    if (this.closed) return stream.close();
    this.#waiting.push(stream);
    this.#wake?.();
  }

  /** No connection could be taken: `accept` rejects with the error. Resolves when it is called again after that. */
  fail(error: unknown): Promise<void> {
    return new Promise((goOn) => {
      if (this.closed) return goOn();
      this.#waiting.push({ error, goOn });
      this.#wake?.();
    });
  }

  /** As `Listener.accept`. */
  async accept(): Promise<ByteStream | undefined> {
    this.#goOn?.();
    this.#goOn = undefined;
    while (this.#waiting.length === 0) {
      if (this.closed) return undefined;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const next = this.#waiting.shift()!;
    if (!("error" in next)) return next;
    this.#goOn = next.goOn;
    throw next.error;
  }

  /** Ends those that wait, and takes no more. */
  close(): void {
    this.closed = true;
    for (const each of this.#waiting.splice(0)) "error" in each ? each.goOn() : each.close();
    this.#goOn?.();
    this.#wake?.();
  }
}
