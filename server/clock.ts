import { after } from "../net/timer.ts";
import type { Clock } from "../scheduling/clock.ts";

const { timeOrigin } = performance;

/** The time of this machine: starts at the wall clock, then keeps to the monotonic one. */
export const systemClock: Clock = {
  now(): number {
    return timeOrigin + performance.now();
  },
  wall: () => Date.now(),
  after: (delay, action) => after(delay, action),
};
