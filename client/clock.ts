import { after } from "../net/timer.ts";

/** Time as it is handed in, so that everything that waits also runs on a virtual clock. */
export interface Clock {
  /** Milliseconds since some moment, with a fraction; never goes back while the process lives. */
  now(): number;
  /** Calls `action` once, `delay` milliseconds from now; never for `Infinity`. The function returned cancels it. */
  after(delay: number, action: () => void): () => void;
}

/** The time of this machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delay, action) => after(delay, action),
};
