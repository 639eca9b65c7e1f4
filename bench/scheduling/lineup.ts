// Lineup's scheduler as a contender.

import { setImmediate } from "node:timers";
import {
  CLASSES,
  type Clock,
  CostEstimate,
  fixedSeats,
  RateLimiter,
  Scheduler,
  Ticket,
} from "../../scheduling/mod.ts";
import { AT_ONCE, type Contender, draws, job, LARGEST, rankOf } from "./load.ts";

/** The classes of the requests, by rank. */
export const names = ["interactive", "normal", "bulk", "background"];

const origin = performance.timeOrigin;

/** The clock of a server. */
export const clock: Clock = {
  now: () => origin + performance.now(),
  after(delay, action) {
    const timer = setTimeout(action, delay);
    return () => clearTimeout(timer);
  },
};

/** The scheduler with all of its parts, and with bounds that shed none of the counted requests. */
export function lineup(flows: number): Contender {
  let done = 0;
  let target = 0;
  let resolve = () => {};
  const scheduler: Scheduler = new Scheduler({
    clock,
    random: Math.random,
    seats: fixedSeats(AT_ONCE),
    yield: (go) => void setImmediate(go),
    run: (ticket) => {
      job().then(() => {
        scheduler.finish(ticket);
        if (++done === target) resolve();
      });
    },
    refuse: (_, reason) => {
      throw new Error(reason);
    },
    classes: CLASSES.map((options) => ({ ...options, target: 60_000, patience: 60_000 })),
    limits: { flow: LARGEST, waiting: LARGEST, bytes: 2 ** 40 },
  });
  const limiter = new RateLimiter({ rate: 1e9, burst: 1e9 });
  const handles = Array.from({ length: flows }, (_, i) => {
    const meters = [limiter.meter(`${i}`)];
    return names.map((name) => scheduler.openFlow(name, `${i}`, { meters }));
  });
  const command = new CostEstimate();
  return (backlog) => {
    target = done + backlog;
    const all = new Promise<void>((settle) => resolve = settle);
    // Like a server, which reads the clock once for all requests of one turn.
    const now = clock.now();
    for (let i = 0; i < backlog; i++) {
      const handle = handles[draws[i] % flows][rankOf(i)];
      scheduler.submit(new Ticket(handle, command, 100, now + 60_000), now);
    }
    return all;
  };
}
