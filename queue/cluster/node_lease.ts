import type { Clock } from "../../scheduling/clock.ts";
import type { Moment } from "../store/store.ts";

/** For this part of the time, counted from when the renewal was sent, no other node can have removed the row. */
const SURE = 0.75;

/** How long it is sure that the row of this node is there. */
export class NodeLease {
  readonly #clock: Clock;
  readonly #sureMs: number;
  #sent: Moment | undefined = undefined;

  /** A row lasts `ttlMs` from each renewal, by the clock of the database. */
  constructor(clock: Clock, ttlMs: number) {
    this.#clock = clock;
    this.#sureMs = ttlMs * SURE;
  }

  /** The present, to be kept with a renewal that is sent now. */
  moment(): Moment {
    const now = this.#clock.now();
    return { now, wall: this.#clock.wall?.() ?? now };
  }

  /** A renewal that was sent then is confirmed. */
  renewed(sent: Moment): void {
    this.#sent = sent;
  }

  /** The row is gone. */
  end(): void {
    this.#sent = undefined;
  }

  /**
   * Whether no other node can have removed the row. Both clocks must say so: one stands still while the machine is suspended,
   * and the other may be set back.
   */
  get holds(): boolean {
    if (this.#sent === undefined) return false;
    const { now, wall } = this.moment();
    return now - this.#sent.now < this.#sureMs && wall - this.#sent.wall < this.#sureMs;
  }
}
