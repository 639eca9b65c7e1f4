// The clock of this machine. Code that needs time takes a clock as an argument.

import { after } from "./timer.ts";

const { timeOrigin } = performance;

/** The clock of this machine. It starts at the time of day and follows the monotonic clock: it never goes back. */
export const systemClock: {
  /** Milliseconds since the Unix epoch, with a fraction. */
  now(): number;
  /** Calls `action` once, `delay` milliseconds from now; never for `Infinity`. The function returned cancels it. */
  after(delay: number, action: () => void): () => void;
  /** The time of day in milliseconds since the Unix epoch. It jumps when the system's clock is set. */
  wall(): number;
} = {
  now: () => timeOrigin + performance.now(),
  after: (delay, action) => after(delay, action),
  wall: () => Date.now(),
};
