import type { LogEntry } from "@lineup/lineup/server";

/** A log that a test can wait for: `log: log.add` of a server. */
export class WatchedLog extends Array<LogEntry> {
  #change = Promise.withResolvers<void>();

  // `filter` and `map` return plain arrays.
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  readonly add = (entry: LogEntry): void => {
    this.push(entry);
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  };

  /** Resolves once a condition on the log holds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#change.promise;
  }
}
