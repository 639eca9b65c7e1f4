import type { FairQueue } from "./fair_queue.ts";
import type { SchedulerOptions, SchedulingLimits } from "./scheduler_options.ts";
import type { Seating } from "./seating.ts";
import type { ClassRecords } from "./statistics.ts";
import type { Ticket } from "./ticket.ts";
import type { TimingWheel } from "./timing_wheel.ts";

/** The parts of one scheduler that its admission queue and its dispatcher share. */
export interface SchedulerParts<T extends Ticket> {
  /** The options of its owner, with the callbacks. */
  readonly options: SchedulerOptions<T>;
  /** The bounds. */
  readonly limits: SchedulingLimits;
  /** The figures of the classes. */
  readonly records: ClassRecords;
  /** The requests that wait for a seat. */
  readonly queue: FairQueue<T>;
  /** The time limits of waiting requests, and the deadlines of started ones. */
  readonly wheel: TimingWheel<T>;
  /** The seats. */
  readonly seating: Seating;
}
