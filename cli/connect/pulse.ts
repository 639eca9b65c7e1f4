// Heartbeats: a PING now and then, which shows the server that the person is there, and the other way round.

import { systemClock } from "../../net/clock.ts";
import type { Clock } from "../../scheduling/clock.ts";

/** The heartbeat that the terminal promises to the server, in ms. */
export const HEARTBEAT_MS = 60_000;
/** After so many PINGs without any bytes of the server the connection is lost. */
const MOST_UNANSWERED = 4;

/** The connection. */
export interface PulseTarget {
  /** Sends a PING. */
  ask(): void;
  /** The server has sent nothing for too long. */
  lost(reason: string): void;
}

/** Sends two PINGs in a heartbeat. */
export class Pulse {
  readonly #clock: Clock;
  readonly #target: PulseTarget;
  #unanswered = 0;
  #stop = (): void => {};

  /** Sends nothing yet. */
  constructor(target: PulseTarget, clock: Clock = systemClock) {
    this.#target = target;
    this.#clock = clock;
  }

  /** Begins for a new connection. */
  start(): void {
    this.stop();
    this.#unanswered = 0;
    this.#schedule();
  }

  #schedule(): void {
    this.#stop = this.#clock.after(HEARTBEAT_MS / 2, () => {
      if (this.#unanswered === MOST_UNANSWERED) {
        const seconds = MOST_UNANSWERED * HEARTBEAT_MS / 2000;
        return this.#target.lost(`the server sent nothing for ${seconds} s`);
      }
      this.#unanswered++;
      this.#target.ask();
      this.#schedule();
    });
  }

  /** Bytes of the server came. */
  heard(): void {
    this.#unanswered = 0;
  }

  /** The connection is over. */
  stop(): void {
    this.#stop();
  }
}
