/** Time as it is handed in, so that everything that waits also runs on a virtual clock. */
export interface Clock {
  /** Milliseconds since the Unix epoch, with a fraction; never goes back while the process lives. */
  now(): number;
  /** Calls `action` once, `delay` milliseconds from now; never for `Infinity`. The function returned cancels it. */
  after(delay: number, action: () => void): () => void;
  /**
   * The time of day in milliseconds since the Unix epoch, as a person reads it: it jumps where the machine was suspended or
   * somebody sets it, back too. Default: that of `now`.
   */
  wall?(): number;
}
