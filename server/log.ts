import { formatWord } from "../protocol/line.ts";

/** One line of a server's log. */
export interface LogEntry {
  /** `info` is for handlers that log; `error` is what the server could not do. */
  readonly level: "info" | "error";
  /** What happened. */
  readonly message: string;
  /** What it happened to: `client`, `verb`, `incident`, `error`, … */
  readonly [detail: string]: unknown;
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
