// Makes the schedulers of requests: for the event loop, and for workers.

import type { LoopYield } from "../../net/loop_yield.ts";
import type { Clock } from "../../scheduling/clock.ts";
import { Scheduler } from "../../scheduling/scheduler.ts";
import { LIMITS, type SchedulingLimits } from "../../scheduling/scheduler_options.ts";
import { AdaptiveSeats, fixedSeats, type Seats } from "../../scheduling/seats.ts";
import type { ServiceOptions } from "../options.ts";
import { withDefaults } from "../reconfiguration.ts";
import type { Request } from "./request.ts";

/** The dependencies of schedulers beside the options of the server. */
export interface SchedulerEnvironment {
  readonly clock: Clock;
  readonly turns: LoopYield;
  /** Called when nothing waits in a scheduler. */
  readonly onIdle: () => void;
}

/** A scheduler of a server. */
export interface ServerScheduler {
  readonly scheduler: Scheduler<Request>;
  /** Changes it to the options of its server. Throws `RangeError` where it cannot; nothing has changed then. */
  reconfigure(options: ServiceOptions): void;
}

const SEATS = 2048;

/** The scheduler of requests that run in the event loop. */
export function loopScheduler(
  options: ServiceOptions,
  environment: SchedulerEnvironment,
): ServerScheduler {
  const isAdaptive = options.seats === "adaptive";
  const seats = isAdaptive ? new AdaptiveSeats() : { ...fixedSeats(seatsOf(options)) };
  const scheduler = schedulerOf(seats, options, loopLimits(options), environment);
  return {
    scheduler,
    reconfigure(options) {
      if ((options.seats === "adaptive") !== isAdaptive) {
        throw new RangeError("seats cannot change from or to adaptive while the server runs");
      }
      const { limit } = isAdaptive ? seats : fixedSeats(seatsOf(options));
      scheduler.reconfigure({ limits: loopLimits(options), classes: options.classes });
      if (!isAdaptive) Object.assign(seats, { limit });
    },
  };
}

function seatsOf({ seats = SEATS }: ServiceOptions): number {
  return seats as number;
}

function loopLimits({ seats, scheduling }: ServiceOptions): SchedulingLimits {
  // Seats that the options give stand for a capacity, which one client may use up while others leave it free.
  const shares = seats === undefined ? { share: 1, parked: 32_768 } : {};
  return withDefaults("scheduling", { ...LIMITS, flow: 1024, ...shares }, scheduling);
}

/** The scheduler of requests that run in workers. */
export function workerScheduler(
  size: number,
  options: ServiceOptions,
  environment: SchedulerEnvironment,
): ServerScheduler {
  const scheduler = schedulerOf(fixedSeats(size), options, workerLimits(options), environment);
  return {
    scheduler,
    reconfigure: (options) =>
      scheduler.reconfigure({ limits: workerLimits(options), classes: options.classes }),
  };
}

function workerLimits(options: ServiceOptions): SchedulingLimits {
  // Only the end of its request frees a worker: neither parking nor a seat for control work makes one more.
  return { ...loopLimits(options), parked: 0, control: 0, share: Infinity };
}

function schedulerOf(
  seats: Seats,
  { random = Math.random, classes }: ServiceOptions,
  limits: SchedulingLimits,
  { clock, turns, onIdle }: SchedulerEnvironment,
): Scheduler<Request> {
  return new Scheduler<Request>({
    clock,
    random,
    seats,
    classes,
    limits,
    run: (request) => request.begin(),
    resume: (request) => request.resume(),
    refuse: (request, reason, retry, scope) => request.refuse(reason, retry, scope),
    overdue: (request) => request.expire(),
    yield: (go) => turns.next(go),
    idle: onIdle,
  });
}
