// Connections that are not yet open: a PROXY header, a TLS handshake or the request for a WebSocket is under way.
// The server does not know them yet, so this file bounds their number and time.

import type { ByteStream } from "./stream.ts";
import { after, type SetTimer } from "./timer.ts";

/** The default time in ms for a connection to open. */
export const OPENING_MS = 10_000;
const MOST_OPENING = 256;

/** Bounds on connections that are not open yet. */
export interface OpeningOptions {
  /**
   * For `tls://` and `ws://`: the time in ms for a connection to open, by its handshake or its request for a WebSocket.
   * Default 10000.
   */
  openingTime?: number;
  /** For `ws://`: how many connections may be opening. One more closes the oldest. Default 256. */
  maxOpening?: number;
  /** Called for each connection that is closed because of these bounds, with the reason. */
  onUnopened?: (peer: string, why: string) => void;
  /** The timer of `openingTime`. Default: the platform's. */
  after?: SetTimer;
}

/** The connections of a listener that are being opened. */
export class PendingHandshakes {
  /** The function that stops the timer of each connection, the oldest first. */
  readonly #streams = new Map<ByteStream, () => void>();
  readonly #time: number;
  readonly #most: number;
  readonly #onUnopened: (peer: string, why: string) => void;
  readonly #after: SetTimer;

  /** Makes an empty table. */
  constructor(options: OpeningOptions) {
    const { openingTime = OPENING_MS, maxOpening = MOST_OPENING, onUnopened } = options;
    this.#time = openingTime;
    this.#most = maxOpening;
    this.#onUnopened = onUnopened ?? (() => {});
    this.#after = options.after ?? after;
  }

  /**
   * Adds a connection, or gives one that is there `time` ms anew. Where there are too many, closes the oldest: an honest
   * client opens fast.
   */
  begin(stream: ByteStream, time: number = this.#time): void {
    this.end(stream);
    for (const oldest of this.#streams.keys()) {
      if (this.#streams.size < this.#most) break;
      this.#giveUp(oldest, "others came meanwhile");
    }
    const late = (): void => this.#giveUp(stream, `it took longer than ${time} ms`);
    this.#streams.set(stream, this.#after(time, late));
  }

  #giveUp(stream: ByteStream, why: string): void {
    this.end(stream);
    stream.close();
    this.#onUnopened(stream.peer, why);
  }

  /** Removes a connection that is open, or over. Returns whether it was being opened until now. */
  end(stream: ByteStream): boolean {
    this.#streams.get(stream)?.();
    return this.#streams.delete(stream);
  }

  /** Closes all connections that are not open. */
  close(): void {
    for (const stream of this.#streams.keys()) {
      this.end(stream);
      stream.close();
    }
  }
}
