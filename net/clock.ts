// The time of this machine, for all that is handed a clock.

import { after } from "./timer.ts";

const { timeOrigin } = performance;

/** The clock of this machine: starts at the time of day, then follows the monotonic clock, so it never goes back. */
export const systemClock: {
  /** Milliseconds since the Unix epoch, with a fraction. */
  now(): number;
  /** Calls `action` once, `delay` milliseconds from now; never for `Infinity`. The function returned cancels it. */
  after(delay: number, action: () => void): () => void;
  /** The time of day in milliseconds since the Unix epoch; jumps where somebody sets it. */
  wall(): number;
} = {
  now: () => timeOrigin + performance.now(),
  after: (delay, action) => after(delay, action),
  wall: () => Date.now(),
};
