import type { FairQueue } from "./fair_queue.ts";
import type { SchedulerOptions, SchedulingLimits } from "./scheduler_options.ts";
import type { Seating } from "./seating.ts";
import type { ClassRecords } from "./statistics.ts";
import type { Ticket } from "./ticket.ts";
import type { TimingWheel } from "./timing_wheel.ts";

/** What a scheduler works on, each time the same one for all who do its work. */
export interface SchedulerParts<T extends Ticket> {
  /** As its owner gave them: what to call, above all. */
  readonly options: SchedulerOptions<T>;
  /** Its bounds. */
  readonly limits: SchedulingLimits;
  /** The figures of its classes. */
  readonly records: ClassRecords;
  /** Who waits for a seat. */
  readonly queue: FairQueue<T>;
  /** The time limits of those that wait, and the deadlines of those that have started. */
  readonly wheel: TimingWheel<T>;
  /** The seats. */
  readonly seating: Seating;
}
