/** A source of time. It is handed in, so all waiting also runs on a virtual clock. */
export interface Clock {
  /** Milliseconds since the Unix epoch, with a fraction; never goes back while the process lives. */
  now(): number;
  /** Calls `action` once, `delay` milliseconds from now; never if that is `Infinity`. The returned function cancels it. */
  after(delay: number, action: () => void): () => void;
  /**
   * The time of day in milliseconds since the Unix epoch. It jumps forward or back if somebody sets it, and jumps forward
   * after the machine was suspended. Default: the time of `now`.
   */
  wall?(): number;
}
