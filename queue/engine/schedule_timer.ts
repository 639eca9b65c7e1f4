// When schedules are due: those of cron by the time of day, those of an interval by the queue's clock.

import type { Clock } from "../../scheduling/clock.ts";
import { reviewed, type ScheduleTimes } from "../cron/next_run.ts";
import { Deadlines, ownTimes } from "../index/deadlines.ts";
import type { Yield } from "../index/job_slice.ts";
import type { QueueClock } from "./queue_clock.ts";
import type { ScheduleEntry, ScheduleTable } from "./schedule_table.ts";
import { WallClockWatch } from "./wall_clock_watch.ts";

/** Waits for the times of schedules. */
export class ScheduleTimer {
  readonly #table: ScheduleTable;
  readonly #clock: QueueClock;
  readonly #crons: Deadlines<ScheduleEntry>;
  readonly #intervals: Deadlines<ScheduleEntry>;
  readonly #watch: WallClockWatch;
  readonly #onDue: (entries: readonly ScheduleEntry[]) => void;

  /** `onDue` gets schedules of the table whose time has come; they no longer wait. */
  constructor(
    table: ScheduleTable,
    clock: QueueClock,
    yieldTo: Yield,
    onDue: (entries: readonly ScheduleEntry[]) => void,
  ) {
    this.#table = table;
    this.#clock = clock;
    this.#onDue = onDue;
    const timeOfDay: Clock = {
      now: () => clock.wall(),
      after: (ms, action) => clock.after(ms, action),
    };
    const ring = (entries: Iterable<ScheduleEntry>): void => this.#ring(entries);
    this.#crons = new Deadlines<ScheduleEntry>(timeOfDay, ownTimes, yieldTo, ring);
    this.#intervals = new Deadlines<ScheduleEntry>(clock, ownTimes, yieldTo, ring);
    this.#watch = new WallClockWatch(clock, (wasSetBack) => this.#onLook(wasSetBack));
  }

  /** The present on the clock that rules a schedule, in ms. */
  now({ cron }: ScheduleTimes): number {
    return cron === "" ? this.#clock.now() : this.#clock.wall();
  }

  /** A schedule waits until it is `due`. */
  add(entry: ScheduleEntry): void {
    this.#deadlinesOf(entry).add(entry);
    if (entry.schedule.cron !== "") this.#watch.start();
  }

  /** A schedule no longer waits, if it did. */
  remove(entry: ScheduleEntry): void {
    if (entry.place !== -1) this.#deadlinesOf(entry).remove(entry);
  }

  /** Stops: no schedule is due any more. */
  stop(): void {
    this.#watch.stop();
    this.#crons.stop();
    this.#intervals.stop();
  }

  #deadlinesOf({ schedule: { cron } }: ScheduleEntry): Deadlines<ScheduleEntry> {
    return cron === "" ? this.#intervals : this.#crons;
  }

  #ring(entries: Iterable<ScheduleEntry>): void {
    const due: ScheduleEntry[] = [];
    for (const entry of entries) {
      if (entry.mustReview) this.#review(entry);
      else due.push(entry);
    }
    if (due.length > 0) this.#onDue(due);
  }

  #onLook(wasSetBack: boolean): void {
    if (this.#crons.size > 0) this.#watch.start();
    if (wasSetBack) this.#reviewAll();
    this.#crons.catchUp();
  }

  /** Reviews all schedules of cron, in slices: they are due at once. */
  #reviewAll(): void {
    for (const entry of this.#table) {
      if (entry.place === -1 || entry.schedule.cron === "" || entry.due === Infinity) continue;
      this.#crons.remove(entry);
      entry.mustReview = true;
      entry.due = -Infinity;
      this.#crons.add(entry);
    }
  }

  // Not stored: every start reviews all schedules.
  #review(entry: ScheduleEntry): void {
    entry.mustReview = false;
    entry.moveTo(reviewed(entry.schedule, this.#clock.wall()));
    this.add(entry);
  }
}
