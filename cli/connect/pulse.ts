// Whether the server is still there, and the sign of life for it that the person is: a PING now and then, which nobody
// sees.

import { systemClock } from "../../net/clock.ts";
import type { Clock } from "../../scheduling/clock.ts";

/** The heartbeat that a terminal promises the server, in ms. */
export const HEARTBEAT_MS = 60_000;
/** After so many without an answer there is nobody. */
const MOST_UNANSWERED = 4;

/** Who is asked. */
export interface Pulsing {
  /** Sends a PING. */
  ask(): void;
  /** Nothing came for a long time. */
  lost(why: string): void;
}

/** Looks twice in a heartbeat. */
export class Pulse {
  readonly #clock: Clock;
  readonly #pulsing: Pulsing;
  #unanswered = 0;
  #stop = (): void => {};

  /** It does not look yet. */
  constructor(pulsing: Pulsing, clock: Clock = systemClock) {
    this.#pulsing = pulsing;
    this.#clock = clock;
  }

  /** Begins for a connection. */
  start(): void {
    this.stop();
    this.#unanswered = 0;
    this.#look();
  }

  #look(): void {
    this.#stop = this.#clock.after(HEARTBEAT_MS / 2, () => {
      if (this.#unanswered === MOST_UNANSWERED) {
        const seconds = MOST_UNANSWERED * HEARTBEAT_MS / 2000;
        return this.#pulsing.lost(`the server said nothing for ${seconds} s`);
      }
      this.#unanswered++;
      this.#pulsing.ask();
      this.#look();
    });
  }

  /** Something came. */
  heard(): void {
    this.#unanswered = 0;
  }

  /** The connection is over. */
  stop(): void {
    this.#stop();
  }
}
