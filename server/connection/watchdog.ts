// Visits all connections from time to time, for time limits and memory, and measures the lateness of the event loop.

import type { Clock } from "../../scheduling/clock.ts";
import type { Telemetry } from "../telemetry.ts";
import type { Pressure } from "../admission/pressure.ts";

// Often enough for limits of seconds, and for idle limits of minutes.
const ROUND_MS = 250;
const QUIET_ROUND_MS = 30_000;

/** A connection to visit. */
export interface WatchedConnection {
  /** Ends it where a limit is over. Returns whether the next visit may be in half a minute. */
  check(now: number): boolean;
}

/** One timer for all connections of a server. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #pressure: Pressure;
  readonly #connections: ReadonlySet<WatchedConnection>;
  readonly #telemetry: Telemetry;
  /** Whether rounds are frequent now. */
  #isAlert = false;
  #stopTimer: (() => void) | undefined = undefined;

  constructor(
    clock: Clock,
    pressure: Pressure,
    connections: ReadonlySet<WatchedConnection>,
    telemetry: Telemetry,
  ) {
    this.#clock = clock;
    this.#pressure = pressure;
    this.#connections = connections;
    this.#telemetry = telemetry;
  }

  /** Makes rounds frequent until all connections are quiet: one has something that must not take long. */
  alert(): void {
    if (this.#isAlert) return;
    this.#isAlert = true;
    this.#stopTimer?.();
    this.#next(ROUND_MS);
  }

  stop(): void {
    this.#stopTimer?.();
  }

  #next(delay: number): void {
    const due = this.#clock.now() + delay;
    this.#stopTimer = this.#clock.after(delay, () => {
      this.#stopTimer = undefined;
      const now = this.#clock.now();
      this.#pressure.late(now - due);
      this.#telemetry.tell({ kind: "loop-lag", ms: Math.max(0, now - due) });
      let quiet = true;
      for (const connection of this.#connections) quiet = connection.check(now) && quiet;
      // Lag that turns clients away is measured again soon, also where no client is left.
      this.#isAlert = !quiet || this.#pressure.lags;
      if (this.#isAlert) this.#next(ROUND_MS);
      else if (this.#connections.size > 0) this.#next(QUIET_ROUND_MS);
    });
  }
}
