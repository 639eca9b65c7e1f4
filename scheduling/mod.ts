/**
 * Decides which request goes next. Pure: time and randomness are handed in.
 *
 * {@linkcode FairQueue} orders waiting entries fairly. {@linkcode Scheduler} combines it with seats, deadlines, bounds
 * and rates for a server. Each part also works by itself.
 *
 * @example A scheduler with one seat
 * ```ts
 * import { type Clock, CostEstimate, Scheduler, Ticket } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * const clock: Clock = { now: () => performance.now(), after: () => () => {} };
 * const answers: string[] = [];
 * const scheduler: Scheduler = new Scheduler({
 *   clock,
 *   random: Math.random,
 *   run(ticket) {
 *     answers.push("pong");
 *     scheduler.finish(ticket);
 *   },
 *   refuse: (_, reason, retry) => answers.push(`${reason} retry=${retry}`),
 * });
 * const ping = new CostEstimate();
 * scheduler.submit(new Ticket(scheduler.openFlow("control", "192.0.2.7/32"), ping));
 * assertEquals(answers, ["pong"]);
 * ```
 *
 * @module
 */
export { addressPrefixes } from "./address_prefixes.ts";
export type { Clock } from "./clock.ts";
export { Codel } from "./codel.ts";
export { CostEstimate } from "./cost_estimate.ts";
export { DurationBuckets } from "./duration_buckets.ts";
export { FairQueue } from "./fair_queue.ts";
export { Entry, Flow, type FlowKey, Lane, Level } from "./flow.ts";
export { Histogram } from "./histogram.ts";
export {
  Meter,
  PUBLIC_RATES,
  RateLimiter,
  type RateLimiterOptions,
  takeAll,
} from "./rate_limiter.ts";
export { RetryHint, type RetryHintOptions } from "./retry_hint.ts";
export {
  CLASSES,
  type ClassOptions,
  type FlowOptions,
  LIMITS,
  type SchedulerOptions,
  type SchedulingLimits,
} from "./scheduler_options.ts";
export { Scheduler } from "./scheduler.ts";
export { AdaptiveSeats, type AdaptiveSeatsOptions, fixedSeats, type Seats } from "./seats.ts";
export { dealHand, drawHashKey, halfSipHash, type HashKey } from "./shuffle_shard.ts";
export type { ClassStatistics, FlowStatistics, SchedulerStatistics } from "./statistics.ts";
export { type Tagged, TagHeap } from "./tag_heap.ts";
export { FlowHandle, type Phase, type RefusalReason, Ticket } from "./ticket.ts";
export { type Timed, TimingWheel } from "./timing_wheel.ts";
