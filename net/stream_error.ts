/** The names of errors that end a connection, as Deno has them. */
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

/** The failure of a connection. Over every transport, `name` is the name of Deno's error for it. */
export class StreamError extends Error {
  /** The kind of failure. */
  declare readonly name: StreamErrorName;

  /** Makes an error of this kind. */
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
