// The log of a command that serves: its form, and the lines about its start and its end.

import config from "../deno.json" with { type: "json" };
import { systemClock } from "../net/clock.ts";
import { isLogged, type LogEntry, logJsonToConsole, logToConsole } from "../server/log.ts";
import { RepeatingLog } from "../server/repeating_log.ts";
import type { Server } from "../server/mod.ts";
import type { Flag, Flags } from "./flags.ts";
import { complain, note } from "./output.ts";
import { reason } from "./reason.ts";

/** The flag of the form. */
export const logFlags: Readonly<Record<string, Flag>> = {
  "log-format": {
    value: "FORMAT",
    type: { type: "enum", values: ["text", "json"] },
    summary: "The form of the log on standard error: text for people, or a line of JSON an entry.",
    default: "text",
  },
};

/** The function that writes entries in the form that the flags ask for. */
export function logWriter({ "log-format": format }: Flags): (entry: LogEntry) => void {
  return format === "json" ? logJsonToConsole : logToConsole;
}

/** The function that tells something beside the log: as an entry where programs read that, else as a line of text. */
export function noteWriter(flags: Flags): (text: string) => void {
  if (flags["log-format"] !== "json") return note;
  return (message) => {
    if (isLogged("info", flags["log-level"])) logJsonToConsole({ level: "info", message });
  };
}

/** The log of a command that serves. */
export class ServerLog {
  /** Writes entries of what repeats by itself, less and less often. */
  readonly repeating: (entry: LogEntry) => void;
  /** Tells something beside the log. */
  readonly note: (text: string) => void;
  /** Whether programs read it, so that no other text may stand between its lines. */
  readonly isJson: boolean;
  readonly #write: (entry: LogEntry) => void;
  readonly #isWanted: boolean;
  readonly #began = performance.now();
  /** The signal that ends the server. */
  signal: string | undefined = undefined;

  constructor(flags: Flags) {
    this.isJson = flags["log-format"] === "json";
    this.note = noteWriter(flags);
    this.#write = logWriter(flags);
    const bounded = new RepeatingLog(systemClock, this.#write);
    this.repeating = (entry) => bounded.add(entry);
    this.#isWanted = isLogged("info", flags["log-level"]);
  }

  /** Writes an entry of the level `info`. */
  info(message: string, details: Readonly<Record<string, unknown>> = {}): void {
    if (this.#isWanted) this.#write({ ...details, level: "info", message });
  }

  /** Writes an entry of the level `error`. */
  error(message: string, details: Readonly<Record<string, unknown>> = {}): void {
    this.#write({ ...details, level: "error", message });
  }

  /** Tells of a failure that ends the server. */
  failure(error: unknown): void {
    if (this.isJson) this.error("the server fails", { why: reason(error) });
    else complain(error);
  }

  /** Whether `started` was called. */
  isStarted = false;

  /** Notes the signal that ends a server. */
  watch(server: Server): void {
    server.telemetry.subscribe({
      event: (event) => {
        if (event.kind === "signalled") this.signal = event.signal;
      },
    });
  }

  /** Tells that all is ready. `details` tell what is served and where. */
  started(details: Readonly<Record<string, unknown>>): void {
    this.isStarted = true;
    this.info("started", {
      ...details,
      version: config.version,
      deno: Deno.version.deno,
      pid: Deno.pid,
    });
  }

  /** Tells that all is closed. */
  stopped(details: Readonly<Record<string, unknown>> = {}): void {
    const seconds = Math.round((performance.now() - this.#began) / 100) / 10;
    this.info("stopped", { reason: this.signal, seconds, ...details });
  }
}
