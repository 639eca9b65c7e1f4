// A connection that is made again when it is lost, after a pause, until the person leaves.

import type { Dial } from "../../client/mod.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { type Tap, TerminalConnection, TerminalConnectionError } from "./terminal_connection.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** After a connection that lasted this long the next pause is short again. */
const LASTING_MS = 10_000;
/** After this time a person wants to know that an attempt goes on. */
const SLOW_MS = 1000;

/** The events of the connections. */
export interface Connections {
  readonly tap: Tap;
  /** An attempt takes long. */
  connecting(): void;
  connected(connection: TerminalConnection): void;
  frame(frame: Frame): void;
  /** The frames of one read were handed on. */
  pause(): void;
  /** A connection has ended. Returns whether to make another one. */
  lost(reason: string): boolean;
  /** An attempt has failed. Returns whether to try again. */
  failed(reason: string): boolean;
}

/** Keeps a connection to an address. */
export class StayingConnected {
  readonly #address: string;
  readonly #dial: Dial;
  readonly #abort = new AbortController();
  #over: () => void = () => {};

  /** Not connected yet. */
  constructor(address: string, dial: Dial) {
    this.#address = address;
    this.#dial = dial;
  }

  /** Whether `end` was called. */
  get ended(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Connects, again and again. Resolves once no other connection is to be made. */
  async run(connections: Connections): Promise<void> {
    for (let failures = 0; !this.ended;) {
      const since = performance.now();
      let again: boolean;
      const slow = setTimeout(() => connections.connecting(), SLOW_MS);
      try {
        const connection = await TerminalConnection.open(
          this.#address,
          this.#dial,
          connections.tap,
          this.#abort.signal,
        );
        clearTimeout(slow);
        connections.connected(connection);
        const frame = (frame: Frame): void => connections.frame(frame);
        again = connections.lost(await connection.read(frame, () => connections.pause()));
      } catch (error) {
        if (this.ended) return;
        if (!(error instanceof TerminalConnectionError)) throw error;
        again = connections.failed(error.message);
      } finally {
        clearTimeout(slow);
      }
      if (!again) return;
      failures = performance.now() - since > LASTING_MS ? 1 : failures + 1;
      await this.#pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)));
    }
  }

  /** Ends the pause between attempts. */
  tryNow(): void {
    this.#over();
  }

  /** Gives up an attempt under way, and makes no other. */
  end(): void {
    this.#abort.abort();
    this.#over();
  }

  /** Pauses for a random part of the time: clients that lost the same server must not return all at once. */
  async #pause(ms: number): Promise<void> {
    if (this.ended) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms * (0.5 + Math.random() / 2));
    this.#over = resolve;
    await promise;
    clearTimeout(timer);
    this.#over = () => {};
  }
}
