// Log entries that clients can cause: bounded in number.

import type { Clock } from "../scheduling/clock.ts";
import type { LogEntry } from "./log.ts";

// More entries would take time from honest clients, and bury the rest of the log.
const MAX_PER_SECOND = 10;

/** A log for entries that clients can cause in any number. It writes a few a second, and only counts the others. */
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

  /** Logs an entry unless this second has had its entries. Before it, logs the number of omitted ones. */
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

  /** Logs the number of entries omitted since it was last logged. */
  flush(): void {
    if (this.#leftOut === 0) return;
    const message = `more was logged of clients than ${MAX_PER_SECOND} entries a second`;
    this.#log({ level: "info", message, "left-out": this.#leftOut });
    this.#leftOut = 0;
  }
}
