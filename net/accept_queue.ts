// Connections that arrive as events, in a queue for `accept`.

import { setImmediate } from "node:timers";
import type { ByteStream, Listener } from "./stream.ts";

/** An error in place of a connection. */
interface AcceptFailure {
  readonly error: unknown;
  /** Called by the next `accept`, or by `close`. */
  readonly goOn: () => void;
}

/** Begins each connection of `sockets` until that is closed. Its errors go to the `accept` of `arrivals`. */
export async function acceptInto(
  arrivals: AcceptQueue,
  sockets: Pick<Listener, "accept">,
  begin: (stream: ByteStream) => void,
): Promise<void> {
  for (;;) {
    try {
      const stream = await sockets.accept();
      if (stream === undefined) return;
      begin(stream);
      // While many clients connect, `accept` is ready at once each time, and nothing else would have a turn.
      await new Promise<void>((resolve) => setImmediate(resolve));
    } catch (error) {
      // The caller of `accept` decides how long to wait after an error.
      await arrivals.fail(error);
    }
  }
}

/** Connections that wait to be accepted. */
export class AcceptQueue {
  #waiting: (ByteStream | AcceptFailure)[] = [];
  #wake: (() => void) | undefined = undefined;
  #goOn: (() => void) | undefined = undefined;
  /** Whether the queue is closed: it takes no more connections. */
  closed = false;

  /** Adds a connection; closes it where the queue is closed. */
  push(stream: ByteStream): void {
    if (this.closed) return stream.close();
    this.#waiting.push(stream);
    this.#wake?.();
  }

  /** Makes one `accept` reject with the error. Resolves at the `accept` after it. */
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

  /** Closes the connections that wait, and takes no more. */
  close(): void {
    this.closed = true;
    for (const each of this.#waiting.splice(0)) "error" in each ? each.goOn() : each.close();
    this.#goOn?.();
    this.#wake?.();
  }
}
