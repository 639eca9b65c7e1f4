import { formatWord } from "../protocol/quoting.ts";
import type { Clock } from "../scheduling/clock.ts";

/** One line of a server's log. */
export interface LogEntry {
  /** `info` is for handlers that log, and for clients that are none of ours; `error` is what the server could not do. */
  readonly level: "info" | "error";
  /** What happened. */
  readonly message: string;
  /** What it happened to: `client`, `verb`, `incident`, `error`, … */
  readonly [detail: string]: unknown;
}

// More would cost those their time who do no harm, and bury what else is logged.
const A_SECOND = 10;

/** Entries of which clients can cause any number: so many a second, of more only how many they were. */
export class ClientLog {
  readonly #clock: Clock;
  readonly #log: (entry: LogEntry) => void;
  #second = 0;
  #count = 0;
  #unsaid = 0;

  constructor(clock: Clock, log: (entry: LogEntry) => void) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Logs an entry, where there is room also how many were left out before it. */
  add(entry: LogEntry): void {
    const second = Math.floor(this.#clock.now() / 1000);
    if (second !== this.#second) this.#count = 0;
    this.#second = second;
    if (++this.#count > A_SECOND) {
      this.#unsaid++;
      return;
    }
    this.flush();
    this.#log(entry);
  }

  /** Says how many were left out since it was last said. */
  flush(): void {
    if (this.#unsaid === 0) return;
    const message = `more was logged of clients than ${A_SECOND} entries a second`;
    this.#log({ level: "info", message, "left-out": this.#unsaid });
    this.#unsaid = 0;
  }
}

/** Writes a log entry as one line on standard error, errors with their stack behind it. */
export function logToConsole(entry: LogEntry): void {
  const { level, message, error, ...details } = entry;
  // Values come from clients too: quoted, none can end the line or act on a terminal.
  const words = Object.entries(details).filter(([, value]) => value !== undefined).map((
    [name, value],
  ) =>
    `${name}=${
      formatWord(String(typeof value === "string" ? value : JSON.stringify(value)).toWellFormed())
    }`
  );
  const line = [new Date().toISOString(), level, message, ...words].join(" ");
  if (error === undefined) console.error(line);
  else console.error(line, error);
}
