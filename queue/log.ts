/** One entry of a log. The `LogEntry` of a server is one. */
export interface QueueLogEntry {
  readonly level: "info" | "error";
  readonly message: string;
  /** The subject of the entry: `job`, `queue`, `error`, … */
  readonly [detail: string]: unknown;
}

/** Where log entries go. */
export type Log = (entry: QueueLogEntry) => void;
