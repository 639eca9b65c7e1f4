// Makes the schedulers of requests: for the event loop, and for workers.

import type { LoopYield } from "../../net/loop_yield.ts";
import type { Clock } from "../../scheduling/clock.ts";
import { Scheduler } from "../../scheduling/scheduler.ts";
import { AdaptiveSeats, fixedSeats, type Seats } from "../../scheduling/seats.ts";
import type { ServiceOptions } from "../options.ts";
import type { Request } from "./request.ts";

/** The dependencies of schedulers beside the options of the server. */
export interface SchedulerEnvironment {
  readonly clock: Clock;
  readonly turns: LoopYield;
  /** Called when nothing waits in a scheduler. */
  readonly onIdle: () => void;
}

const SEATS = 2048;

/** The scheduler of requests that run in the event loop. */
export function loopScheduler(
  options: ServiceOptions,
  environment: SchedulerEnvironment,
): Scheduler<Request> {
  const { seats = SEATS } = options;
  const each = seats === "adaptive" ? new AdaptiveSeats() : fixedSeats(seats);
  return schedulerOf(each, options, environment);
}

/** The scheduler of requests that run in workers. */
export function workerScheduler(
  size: number,
  options: ServiceOptions,
  environment: SchedulerEnvironment,
): Scheduler<Request> {
  // Only the end of its request frees a worker: neither parking nor a seat for control work makes one more.
  const scheduling = { ...options.scheduling, parked: 0, control: 0, share: Infinity };
  return schedulerOf(fixedSeats(size), { ...options, scheduling }, environment);
}

function schedulerOf(
  seats: Seats,
  options: ServiceOptions,
  { clock, turns, onIdle }: SchedulerEnvironment,
): Scheduler<Request> {
  // Seats that the options give stand for a capacity, which one client may use up while others leave it free.
  const shares = options.seats === undefined ? { share: 1, parked: 32_768 } : {};
  return new Scheduler<Request>({
    clock,
    random: options.random ?? Math.random,
    seats,
    classes: options.classes,
    limits: { flow: 1024, ...shares, ...options.scheduling },
    run: (request) => request.begin(),
    resume: (request) => request.resume(),
    refuse: (request, reason, retry, scope) => request.refuse(reason, retry, scope),
    overdue: (request) => request.expire(),
    yield: (go) => turns.next(go),
    idle: onIdle,
  });
}
