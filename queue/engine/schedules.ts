// EVERY: jobs that are put again and again.

import type { Clock } from "../../scheduling/clock.ts";
import { Refusal } from "../../protocol/errors.ts";
import { BadCron, readCron } from "../cron/cron.ts";
import { readZone } from "../cron/cron_times.ts";
import { Deadlines, type Due, ownTimes } from "../index/deadlines.ts";
import { BYTES, textBytes } from "../memory.ts";
import { nextRun, reviewed, type Times } from "../cron/next_run.ts";
import { put } from "./put.ts";
import type { QueueClock } from "./queue_clock.ts";
import { SortedNames } from "../index/sorted_names.ts";
import type { Schedule, StoredSchedule } from "../store/store.ts";
import type { WorkQueue } from "./work_queue.ts";

/** How long after it could not be put a job is tried again, in ms. */
const RETRY = 1_000;
/** How often is looked whether the time of day was set to another, in ms. */
const LOOK = 60_000;
/** From which difference on it was, in ms. */
const STEP = 1_000;
/** How many schedules put their jobs in a turn of the event loop, and how many bytes of bodies are read for them. */
const SLICE = { schedules: 50, bytes: 1 << 20 };

/** A schedule that waits for its time, or for its body. */
class Entry implements Due {
  place = -1;
  due: number;
  /** Whether its next time may be another, as the time of day is. */
  mustReview = false;

  /** `body` is there until it is stored. */
  constructor(public schedule: StoredSchedule, public body: Uint8Array | undefined) {
    this.due = schedule.next;
  }
}

/** A schedule and the body of its jobs; an error where that cannot be read. */
type WithBody = readonly [Entry, Uint8Array | Error];

/**
 * All schedules: those of cron go by the time of day, those of an interval by the queue's clock. A run that was missed,
 * however many there were, is made up for by one.
 */
export class Schedules {
  readonly #work: WorkQueue;
  readonly #all = new Map<string, Entry>();
  readonly #names = new SortedNames();
  readonly #clock: QueueClock;
  readonly #crons: Deadlines<Entry>;
  readonly #intervals: Deadlines<Entry>;
  /** Those whose time has come. */
  #due: Entry[] = [];
  #running = false;
  /** How far the time of day was ahead of the queue's clock when that was looked at. */
  #ahead = 0;
  #stopLook: (() => void) | undefined = undefined;
  #stopped = false;

  constructor(work: WorkQueue, clock: QueueClock) {
    this.#work = work;
    this.#clock = clock;
    const onDue = (entries: readonly Entry[]): void => {
      for (const entry of entries) {
        if (entry.mustReview) this.#review(entry);
        else this.#due.push(entry);
      }
      if (this.#due.length > 0 && !this.#running) this.#runAll();
    };
    const ofDay: Clock = {
      now: () => clock.wall(),
      after: (ms, action) => clock.after(ms, action),
    };
    this.#crons = new Deadlines<Entry>(ofDay, ownTimes, onDue, SLICE.schedules);
    this.#intervals = new Deadlines<Entry>(clock, ownTimes, onDue, SLICE.schedules);
  }

  /** The present on the clock that rules a schedule, in ms. */
  now({ cron }: Times): number {
    return cron === "" ? this.#clock.now() : this.#clock.wall();
  }

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  /** The schedule of a name. */
  get(name: string): StoredSchedule | undefined {
    return this.#all.get(name)?.schedule;
  }

  /** All of them with their bodies, by name. Throws where a body cannot be read. */
  async *list(): AsyncGenerator<Schedule, void, void> {
    for (const name of this.#names) {
      const entry = this.#all.get(name);
      if (entry === undefined) continue;
      const [[{ schedule }, body]] = await this.#read([entry]);
      if (body instanceof Error) throw body;
      yield { ...schedule, body };
    }
  }

  /**
   * Goes on with one of the store. Where another version has set it, its expression or zone may be none of ours: then it is
   * kept and puts nothing, until EVERY sets it again.
   */
  load(schedule: StoredSchedule): void {
    const { name, queue, cron, zone, interval, next } = schedule;
    try {
      if (cron === "") {
        this.#add({ ...schedule, next: Math.min(next, this.#clock.now() + interval) }, undefined);
        return;
      }
      readCron(cron);
      const known = { ...schedule, zone: readZone(zone, "tz") };
      this.#add({ ...known, next: reviewed(known, this.#clock.wall()) }, undefined);
    } catch (error) {
      if (!(error instanceof BadCron)) throw error;
      this.#add({ ...schedule, next: Infinity }, undefined);
      const message = "schedule puts nothing until EVERY sets it again";
      this.#work.log({ level: "error", message, schedule: name, queue, error: error.message });
    }
  }

  /** A new one, in the place of that of its name. Resolves once that is stored. */
  set(schedule: Schedule): Promise<void> {
    const { body, ...rest } = schedule;
    this.#add({ ...rest, size: body.length }, body);
    return this.#work.journal.write({ kind: "schedule", schedule });
  }

  /** Ends one. Resolves once that is stored. */
  end(name: string): Promise<void> {
    this.#remove(name);
    return this.#work.journal.write({ kind: "unschedule", name });
  }

  /** One is stored: its body can be read from there. */
  stored({ name, body }: Schedule): void {
    const entry = this.#all.get(name);
    if (entry?.body === body) entry.body = undefined;
  }

  /** Nothing is put any more. */
  stop(): void {
    this.#stopped = true;
    this.#stopLook?.();
    this.#crons.stop();
    this.#intervals.stop();
    this.#due = [];
  }

  #add(schedule: StoredSchedule, body: Uint8Array | undefined): void {
    this.#remove(schedule.name);
    const entry = new Entry(schedule, body);
    this.#all.set(schedule.name, entry);
    this.#names.add(schedule.name);
    this.#work.memory.kept += bytesOf(schedule);
    this.#wait(entry);
  }

  #wait(entry: Entry): void {
    this.#deadlinesOf(entry.schedule).add(entry);
    if (entry.schedule.cron !== "") this.#watch();
  }

  #deadlinesOf({ cron }: Times): Deadlines<Entry> {
    return cron === "" ? this.#intervals : this.#crons;
  }

  #remove(name: string): void {
    const entry = this.#all.get(name);
    if (entry === undefined) return;
    this.#all.delete(name);
    this.#names.delete(name);
    this.#work.memory.kept -= bytesOf(entry.schedule);
    if (entry.place !== -1) this.#deadlinesOf(entry.schedule).remove(entry);
  }

  /** Whether an entry has not been replaced or ended. */
  #isThere(entry: Entry): boolean {
    return this.#all.get(entry.schedule.name) === entry;
  }

  async #runAll(): Promise<void> {
    this.#running = true;
    while (this.#due.length > 0) {
      for (const [entry, body] of await this.#read(this.#slice())) {
        if (!this.#work.closing && this.#isThere(entry)) this.#run(entry, body);
      }
      // The store sets the pace, or bodies that are to be written would gather.
      await this.#work.journal.settled().catch(() => {});
      if (this.#due.length > 0) await new Promise<void>((resolve) => this.#work.yield(resolve));
    }
    this.#running = false;
  }

  #slice(): Entry[] {
    let bytes = 0;
    let count = 0;
    while (count < Math.min(this.#due.length, SLICE.schedules) && bytes < SLICE.bytes) {
      bytes += this.#due[count++].schedule.size;
    }
    return this.#due.splice(0, count).filter((entry) => this.#isThere(entry));
  }

  async #read(entries: readonly Entry[]): Promise<WithBody[]> {
    const stored = entries.filter(({ body }) => body === undefined);
    const fresh = entries.flatMap((entry): WithBody[] =>
      entry.body === undefined ? [] : [[entry, entry.body]]
    );
    if (stored.length === 0) return fresh;
    const names = stored.map(({ schedule }) => schedule.name);
    const bodies = await this.#work.scheduleBodies(names);
    return [...fresh, ...stored.map((entry, at): WithBody => [entry, bodies[at]])];
  }

  // The job and the time of the next one go into one batch, so a crash neither loses nor doubles it.
  #run(entry: Entry, body: Uint8Array | Error): void {
    const { schedule } = entry;
    const { name, key, expires, next: due } = schedule;
    const now = this.now(schedule);
    if (this.#work.journal.failure !== undefined) {
      entry.due = now + RETRY;
      this.#wait(entry);
      return;
    }
    try {
      if (body instanceof Error) throw body;
      put(this.#work, {
        ...schedule,
        body,
        key,
        unique: `${name}@${new Date(due).toISOString()}`,
        delay: 0,
        expires: expires > 0 ? expires : undefined,
      });
    } catch (error) {
      const message = "schedule could not put its job";
      // That there is no room is no defect, and it matters not where in the program that was found.
      const told = error instanceof Refusal ? error.message : error;
      this.#work.log({
        level: "error",
        message,
        schedule: name,
        queue: schedule.queue,
        error: told,
      });
    }
    const next = nextRun(schedule, due, now);
    if (next === undefined) {
      this.end(name);
      return;
    }
    this.#move(entry, next);
    this.#work.journal.write({ kind: "reschedule", name, next });
  }

  #move(entry: Entry, next: number): void {
    entry.schedule = { ...entry.schedule, next };
    entry.due = next;
    this.#wait(entry);
  }

  /** Looks now and then, while there are schedules of cron, whether the time of day was set to another. */
  #watch(): void {
    if (this.#stopLook !== undefined || this.#stopped) return;
    const { now, wall } = this.#clock.moment();
    this.#ahead = wall - now;
    this.#stopLook = this.#clock.after(LOOK, () => this.#look());
  }

  #look(): void {
    const before = this.#ahead;
    this.#stopLook = undefined;
    if (this.#crons.size > 0) this.#watch();
    if (this.#ahead <= before - STEP) this.#reviewAll();
    // What goes little by little adds up.
    else if (this.#ahead < before + STEP) this.#ahead = before;
    this.#crons.catchUp();
  }

  /** The time of day was set back: all schedules of cron are reviewed, a slice a turn. */
  #reviewAll(): void {
    for (const entry of this.#all.values()) {
      if (entry.place === -1 || entry.schedule.cron === "" || entry.due === Infinity) continue;
      this.#crons.remove(entry);
      entry.mustReview = true;
      entry.due = -Infinity;
      this.#crons.add(entry);
    }
  }

  // Not stored: a start reviews all of them.
  #review(entry: Entry): void {
    entry.mustReview = false;
    this.#move(entry, reviewed(entry.schedule, this.#clock.wall()));
  }
}

/** What a schedule takes, whose body is in the store. */
function bytesOf({ name, queue, key, cron, zone }: StoredSchedule): number {
  return [name, queue, key, cron, zone].reduce(
    (sum, text) => sum + textBytes(text),
    BYTES.schedule,
  );
}
