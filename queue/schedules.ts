// EVERY: jobs that are put again and again.

import { Cron } from "croner";
import type { Clock } from "../scheduling/clock.ts";
import { Deadlines, type Due, ownTimes } from "./deadlines.ts";
import { put } from "./put.ts";
import { badArguments } from "./refusals.ts";
import type { Schedule } from "./store.ts";
import type { WorkQueue } from "./work_queue.ts";

/** How long after it could not be put a job is tried again, in ms. */
const RETRY = 1_000;

/** A schedule that waits for its time. */
class Entry implements Due {
  place = -1;
  due: number;

  constructor(readonly schedule: Schedule) {
    this.due = schedule.next;
  }
}

/** All schedules. A run that was missed, however many there were, is made up for by one. */
export class Schedules {
  readonly #work: WorkQueue;
  readonly #all = new Map<string, Entry>();
  readonly #deadlines: Deadlines<Entry>;

  constructor(work: WorkQueue, clock: Clock) {
    this.#work = work;
    this.#deadlines = new Deadlines<Entry>(
      clock,
      ownTimes,
      (entries) => entries.forEach((each) => this.#run(each)),
    );
  }

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  /** The schedule of a name. */
  get(name: string): Schedule | undefined {
    return this.#all.get(name)?.schedule;
  }

  /** All of them, by name. */
  list(): Schedule[] {
    return [...this.#all.values()].map(({ schedule }) => schedule)
      .sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** Adds one, in the place of that of its name. */
  add(schedule: Schedule): void {
    this.#remove(schedule.name);
    const entry = new Entry(schedule);
    this.#all.set(schedule.name, entry);
    this.#deadlines.add(entry);
  }

  /** As `add`, and resolves once that is stored. */
  set(schedule: Schedule): Promise<void> {
    this.add(schedule);
    return this.#work.journal.write({ kind: "schedule", schedule });
  }

  /** Ends one. Resolves once that is stored. */
  end(name: string): Promise<void> {
    this.#remove(name);
    return this.#work.journal.write({ kind: "unschedule", name });
  }

  /** Nothing is put any more. */
  stop(): void {
    this.#deadlines.stop();
  }

  #remove(name: string): void {
    const entry = this.#all.get(name);
    if (entry === undefined) return;
    this.#all.delete(name);
    if (entry.place !== -1) this.#deadlines.remove(entry);
  }

  // The job and the time of the next one go into one batch, so a crash neither loses nor doubles it.
  #run(entry: Entry): void {
    const { schedule } = entry;
    const now = this.#work.now();
    if (this.#work.journal.failure !== undefined) {
      entry.due = now + RETRY;
      this.#deadlines.add(entry);
      return;
    }
    const { name, key, expires, next: due } = schedule;
    try {
      put(this.#work, {
        ...schedule,
        key,
        unique: `${name}@${new Date(due).toISOString()}`,
        delay: 0,
        expires: expires > 0 ? expires : undefined,
      });
    } catch (error) {
      const message = `schedule ${name} could not put its job`;
      this.#work.log({ level: "error", message, queue: schedule.queue, error });
    }
    const next = nextRun(schedule, due, now);
    if (next === undefined) this.end(name);
    else this.set({ ...schedule, next });
  }
}

/** When a schedule puts its next job after `now`, one having been due at `from`; `undefined` where never. */
export function nextRun(
  { cron, zone, interval }: Pick<Schedule, "cron" | "zone" | "interval">,
  from: number,
  now: number,
): number | undefined {
  if (cron === "") return from + interval * Math.max(1, Math.floor((now - from) / interval) + 1);
  return expression(cron, zone).nextRun(new Date(now))?.getTime();
}

/** Throws `bad-arguments` for what is no cron expression or time zone. */
export function checkCron(cron: string, zone: string): void {
  try {
    expression(cron, zone).nextRun(new Date(0));
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    const what = 'five or six fields such as "0 3 * * 1-5", and tz= a zone such as Europe/Berlin';
    throw badArguments(`cron must be ${what}: ${why}.`);
  }
}

function expression(cron: string, zone: string): Cron {
  return new Cron(cron, { timezone: zone, paused: true });
}
