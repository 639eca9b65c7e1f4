// Connections that are not yet open: a PROXY header, a TLS handshake or the request for a WebSocket is under way.
// Nothing above knows of them, so they are bounded here.

import type { ByteStream } from "./stream.ts";
import { after, type SetTimer } from "./timer.ts";

/** How long a connection may take to open where nobody says otherwise, in ms. */
export const OPENING_MS = 10_000;
const MOST_OPENING = 256;

/** Bounds on connections that are not open yet. */
export interface OpeningOptions {
  /**
   * For `tls://` and `ws://`: how long a connection may take to open, by its handshake or its request for a WebSocket,
   * in ms. Default 10000.
   */
  openingTime?: number;
  /** For `ws://`: how many connections may be opening; where one more comes the oldest is closed. Default 256. */
  maxOpening?: number;
  /** Is told of each connection that was closed because of these, and why. */
  onUnopened?: (peer: string, why: string) => void;
  /** The timer of `openingTime`. Default: that of the platform. */
  after?: SetTimer;
}

/** The connections of a listener that are being opened. */
export class PendingHandshakes {
  /** What stops the timer of each, the oldest first. */
  readonly #streams = new Map<ByteStream, () => void>();
  readonly #time: number;
  readonly #most: number;
  readonly #onUnopened: (peer: string, why: string) => void;
  readonly #after: SetTimer;

  /** None is being opened yet. */
  constructor(options: OpeningOptions) {
    const { openingTime = OPENING_MS, maxOpening = MOST_OPENING, onUnopened } = options;
    this.#time = openingTime;
    this.#most = maxOpening;
    this.#onUnopened = onUnopened ?? (() => {});
    this.#after = options.after ?? after;
  }

  /** A connection came. Where there are too many, the oldest goes: an honest one takes the least time. */
  begin(stream: ByteStream): void {
    for (const oldest of this.#streams.keys()) {
      if (this.#streams.size < this.#most) break;
      this.#giveUp(oldest, "others came meanwhile");
    }
    const late = (): void => this.#giveUp(stream, `it took longer than ${this.#time} ms`);
    this.#streams.set(stream, this.#after(this.#time, late));
  }

  #giveUp(stream: ByteStream, why: string): void {
    this.end(stream);
    stream.close();
    this.#onUnopened(stream.peer, why);
  }

  /** A connection is open, or over. Returns whether it was being opened until now. */
  end(stream: ByteStream): boolean {
    this.#streams.get(stream)?.();
    return this.#streams.delete(stream);
  }

  /** Ends all that are not open. */
  close(): void {
    for (const stream of this.#streams.keys()) {
      this.end(stream);
      stream.close();
    }
  }
}
