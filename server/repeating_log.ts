// A log for entries that repeat by themselves. It writes them less and less often.

import type { Clock } from "../scheduling/clock.ts";
import type { LogEntry } from "./log.ts";

const FIRST_MS = 1000, LONGEST_MS = 60_000;
const MAX_KEYS = 1000;

/**
 * Writes the first entry of a key at once, the next ones after pauses that double from a second to a minute, with the
 * number of repetitions (`times`). After two quiet minutes, a key begins anew. An `info` entry says that the failure is
 * over: it is always written where an `error` was written since the last one, so that the last entry is true.
 */
export class RepeatingLog {
  readonly #clock: Clock;
  readonly #log: (entry: LogEntry) => void;
  readonly #known = new Map<string, { next: number; pause: number; times: number }>();
  #wasWrong = false;

  constructor(clock: Clock, log: (entry: LogEntry) => void) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Logs an entry, or counts it with the others of its key. Callers must use few keys. */
  add(entry: LogEntry, key: string = entry.message): void {
    const now = this.#clock.now();
    const known = this.#known.get(key);
    const isWrong = entry.level === "error";
    if (known === undefined || now >= known.next + 2 * LONGEST_MS) {
      const [oldest] = this.#known.keys();
      if (this.#known.size >= MAX_KEYS) this.#known.delete(oldest);
      this.#known.set(key, { next: now + FIRST_MS, pause: FIRST_MS, times: 0 });
      this.#wasWrong = isWrong;
      return this.#log(entry);
    }
    known.times++;
    if (now < known.next && (isWrong || !this.#wasWrong)) return;
    this.#wasWrong = isWrong;
    this.#log({ ...entry, times: known.times });
    known.pause = Math.min(2 * known.pause, LONGEST_MS);
    known.next = now + known.pause;
    known.times = 0;
  }
}
