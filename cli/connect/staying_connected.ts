// A connection for as long as the person stays: made again when it is lost, with pauses in between.

import type { Dial } from "../../client/mod.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { type Tap, Wire, WireError } from "./wire.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
// A connection that lasted so long was a good one: the next pause is short again.
const LASTING_MS = 10_000;
// Who waits longer than this wants to know for what.
const SLOW_MS = 1000;

/** Who is told what becomes of the connections. */
export interface Connections {
  readonly tap: Tap;
  /** There is no connection yet, and an attempt goes on. */
  connecting(): void;
  connected(wire: Wire): void;
  frame(frame: Frame): void;
  /** All that has come for now was handed on. */
  pause(): void;
  /** Answers whether there is to be another. */
  lost(why: string): boolean;
  /** Answers whether to try again. */
  failed(why: string): boolean;
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

  /** Resolves once there is no connection and is to be none. */
  async run(connections: Connections): Promise<void> {
    for (let failures = 0; !this.ended;) {
      const since = performance.now();
      let again: boolean;
      const slow = setTimeout(() => connections.connecting(), SLOW_MS);
      try {
        const wire = await Wire.open(
          this.#address,
          this.#dial,
          connections.tap,
          this.#abort.signal,
        );
        clearTimeout(slow);
        connections.connected(wire);
        const frame = (frame: Frame): void => connections.frame(frame);
        again = connections.lost(await wire.read(frame, () => connections.pause()));
      } catch (error) {
        if (this.ended) return;
        if (!(error instanceof WireError)) throw error;
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

  /** No further attempts; one under way is given up. */
  end(): void {
    this.#abort.abort();
    this.#over();
  }

  // Not all at once, where many have lost the same server.
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
