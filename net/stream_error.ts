/** What ends a connection, by the names that Deno gives its errors. */
export type StreamErrorName =
  | "BrokenPipe"
  | "ConnectionAborted"
  | "ConnectionRefused"
  | "ConnectionReset"
  | "InvalidData"
  | "NotConnected"
  | "NotFound"
  | "NotSupported"
  | "TimedOut";

/** A connection failed; `name` is that of Deno's error for the same, whatever carries the bytes. */
export class StreamError extends Error {
  /** What happened. */
  declare readonly name: StreamErrorName;

  /** An error of this name. */
  constructor(name: StreamErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

const LOST: ReadonlySet<string> = new Set<StreamErrorName | "Interrupted">([
  "BrokenPipe",
  "ConnectionAborted",
  "ConnectionReset",
  "Interrupted",
  "NotConnected",
  "TimedOut",
]);

/** Whether an error only says that the other end is gone. */
export function isLost(error: unknown): boolean {
  return error instanceof Error && LOST.has(error.name);
}
