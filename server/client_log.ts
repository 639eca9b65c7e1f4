// Log entries that clients can cause: bounded in number.

import type { Clock } from "../scheduling/clock.ts";
import type { LogEntry } from "./log.ts";

// More would take time from clients that do no harm, and bury the rest of the log.
const MAX_PER_SECOND = 10;

/** Entries that clients can cause in any number: writes a few a second, and only counts the others. */
export class ClientLog {
  readonly #clock: Clock;
  readonly #log: (entry: LogEntry) => void;
  #second = 0;
  #count = 0;
  #leftOut = 0;

  constructor(clock: Clock, log: (entry: LogEntry) => void) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Logs an entry unless this second has had its entries; first says how many were left out before. */
  add(entry: LogEntry): void {
    const second = Math.floor(this.#clock.now() / 1000);
    if (second !== this.#second) this.#count = 0;
    this.#second = second;
    if (++this.#count > MAX_PER_SECOND) {
      this.#leftOut++;
      return;
    }
    this.flush();
    this.#log(entry);
  }

  /** Says how many entries were left out since it was last said. */
  flush(): void {
    if (this.#leftOut === 0) return;
    const message = `more was logged of clients than ${MAX_PER_SECOND} entries a second`;
    this.#log({ level: "info", message, "left-out": this.#leftOut });
    this.#leftOut = 0;
  }
}
