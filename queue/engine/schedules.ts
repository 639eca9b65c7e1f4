// EVERY: jobs that are put again and again.

import { Refusal } from "../../protocol/errors.ts";
import { BadCron, readCron } from "../cron/cron.ts";
import { readZone } from "../cron/cron_times.ts";
import { nextRun, reviewed, type ScheduleTimes } from "../cron/next_run.ts";
import type { JobsView } from "../index/jobs.ts";
import { JobSlice, type Yield } from "../index/job_slice.ts";
import type { Memory } from "../memory.ts";
import { badArguments, noSchedule } from "../refusals.ts";
import type { JournalWriter } from "../store/journal.ts";
import {
  type Schedule,
  type Store,
  type StoredSchedule,
  StoreUnreachable,
} from "../store/store.ts";
import type { CapacityCheck } from "./capacity.ts";
import type { FoundSchedule, NewSchedule, ScheduleDetails } from "./engine.ts";
import type { Log } from "../log.ts";
import type { QueueClock } from "./queue_clock.ts";
import { runId } from "./run_ids.ts";
import { ScheduleEntry, ScheduleTable } from "./schedule_table.ts";
import type { Transitions } from "./transitions.ts";
import { ScheduleTimer } from "./schedule_timer.ts";

/** How long after its job could not be put a schedule tries again, in ms. */
const RETRY = 1_000;
/** How many schedules are read at once, and about how many bytes of bodies. */
const READ = { schedules: 50, bytes: 1 << 20 };

/** A schedule and the body of its jobs; an error if that cannot be read. */
type WithBody = readonly [ScheduleEntry, Uint8Array | Error];

/** The parts that schedules work with. */
interface ScheduleParts {
  readonly jobs: JobsView;
  readonly transitions: Transitions;
  readonly journal: JournalWriter<"schedule" | "reschedule" | "unschedule">;
  readonly store: Store;
  readonly capacity: CapacityCheck;
  readonly clock: QueueClock;
  readonly memory: Memory;
  readonly log: Log;
  readonly yield: Yield;
}

/**
 * All schedules. Those of cron go by the time of day, those of an interval by the queue's clock. However many runs were
 * missed, one makes up for them.
 */
export class Schedules {
  readonly #parts: ScheduleParts;
  readonly #table: ScheduleTable;
  readonly #timer: ScheduleTimer;
  /** Those whose time has come. */
  #due: ScheduleEntry[] = [];
  #isRunning = false;

  /** Starts without schedules. */
  constructor(parts: ScheduleParts) {
    this.#parts = parts;
    this.#table = new ScheduleTable(parts.memory);
    this.#timer = new ScheduleTimer(this.#table, parts.clock, parts.yield, (entries) => {
      this.#due.push(...entries);
      if (!this.#isRunning) this.#runDue();
    });
  }

  /** How many there are. */
  get size(): number {
    return this.#table.size;
  }

  /** A schedule. */
  find(name: string): FoundSchedule | undefined {
    return this.#table.get(name)?.schedule;
  }

  /** All of them with their bodies, by name. Throws if a body cannot be read. */
  async *list(): AsyncGenerator<ScheduleDetails, void, void> {
    for (const entry of this.#table) {
      const [[{ schedule }, body]] = await this.#read([entry]);
      if (body instanceof Error) throw body;
      yield { schedule: { ...schedule, body }, next: this.#left(schedule) };
    }
  }

  /**
   * Adds a schedule of the store. Another version may have set it with an expression or zone that this one cannot read:
   * then it is kept and puts nothing, until EVERY sets it again.
   */
  load(schedule: StoredSchedule): void {
    const { clock, log } = this.#parts;
    const { name, queue, cron, zone, interval, next } = schedule;
    try {
      if (cron === "") {
        this.#add({ ...schedule, next: Math.min(next, clock.now() + interval) }, undefined);
        return;
      }
      readCron(cron);
      const known = { ...schedule, zone: readZone(zone, "tz") };
      this.#add({ ...known, next: reviewed(known, clock.wall()) }, undefined);
    } catch (error) {
      if (!(error instanceof BadCron)) throw error;
      this.#add({ ...schedule, next: Infinity }, undefined);
      const message = "schedule puts nothing until EVERY sets it again";
      log({ level: "error", message, schedule: name, queue, error: error.message });
    }
  }

  /**
   * Sets a schedule. Resolves with how long until its next job, once it is stored; `undefined` where it is paused. Throws
   * `bad-arguments` or `busy`.
   */
  async set(schedule: NewSchedule, signal: AbortSignal): Promise<number | undefined> {
    const { transitions, capacity, jobs, journal } = this.#parts;
    const { cron, zone: _zone, interval, body, replaces, ...options } = schedule;
    // Asks before anything else: a client learns of this also while nothing can change.
    if (cron === undefined && interval === undefined) {
      throw badArguments(
        "EVERY needs cron= or interval=, or `off`, `pause` or `resume` in the place of the queue.",
      );
    }
    if (journal.full) await journal.room(signal);
    const { name, queue } = options;
    transitions.ask();
    const times = timesOf(schedule);
    const before = this.#table.get(name)?.schedule ?? replaces;
    capacity.forMemory();
    capacity.forBody(body.length);
    if (before === undefined) capacity.forSchedule();
    capacity.forQueues(jobs, [queue]);
    const now = this.#timer.now(times);
    const isSame = before !== undefined && before.cron === times.cron &&
      before.zone === times.zone && before.interval === times.interval;
    // To set the same schedule again, as every deployment may, must not put it off for ever.
    const next = isSame ? before.next : nextRun(times, now, now);
    if (next === undefined) throw neverRuns();
    // Nor must a deployment undo what an operator has paused.
    const set = { ...options, ...times, next, paused: before?.paused ?? false };
    this.#add({ ...set, size: body.length }, body);
    await journal.write({ kind: "schedule", schedule: { ...set, body } });
    return set.paused ? undefined : next - now;
  }

  /**
   * Pauses a schedule, or lets it go on at its next time from now. Resolves with how long until its next job, once that is
   * stored; `undefined` where it is paused. Throws `not-found`, or `bad-arguments` where its times cannot be read.
   */
  async pause(name: string, paused: boolean): Promise<number | undefined> {
    const { transitions, journal } = this.#parts;
    transitions.ask();
    const entry = this.#table.get(name);
    if (entry === undefined) throw noSchedule(name);
    const { schedule, body } = entry;
    if (schedule.next === Infinity) {
      throw badArguments(`The times of ${name} cannot be read; set it again.`);
    }
    if (paused === schedule.paused) return this.#left(schedule);
    const now = this.#timer.now(schedule);
    const next = paused ? schedule.next : nextRun(schedule, now, now);
    if (next === undefined) throw neverRuns();
    // Another entry: a job that is about to be put is not put any more.
    this.#add({ ...schedule, next, paused }, body);
    await journal.write({ kind: "reschedule", name, next, paused });
    return paused ? undefined : next - now;
  }

  /** How long until its next job, in ms; `undefined` where there is none. */
  #left(schedule: StoredSchedule): number | undefined {
    const { next, paused } = schedule;
    return paused || next === Infinity ? undefined : next - this.#timer.now(schedule);
  }

  /** Ends a schedule. Resolves once that is stored. Throws `not-found`. */
  async end(name: string): Promise<void> {
    this.#parts.transitions.ask();
    const entry = this.#table.get(name);
    if (entry === undefined) throw noSchedule(name);
    await this.#end(entry);
  }

  /** A schedule is stored: its body can be read from there. */
  stored({ name, body }: Schedule): void {
    const entry = this.#table.get(name);
    if (entry?.body === body) entry.body = undefined;
  }

  /** Nothing is put any more. */
  stop(): void {
    this.#timer.stop();
    this.#due = [];
  }

  #add(schedule: StoredSchedule, body: Uint8Array | undefined): void {
    const before = this.#table.get(schedule.name);
    if (before !== undefined) this.#remove(before);
    const entry = new ScheduleEntry(schedule, body);
    this.#table.add(entry);
    this.#timer.add(entry);
  }

  #remove(entry: ScheduleEntry): void {
    this.#table.remove(entry);
    this.#timer.remove(entry);
  }

  #end(entry: ScheduleEntry): Promise<void> {
    this.#remove(entry);
    return this.#parts.journal.write({ kind: "unschedule", name: entry.schedule.name });
  }

  async #runDue(): Promise<void> {
    const { transitions, journal, clock } = this.#parts;
    const turn = (): Promise<void> => new Promise((resolve) => this.#parts.yield(resolve));
    this.#isRunning = true;
    while (this.#due.length > 0) {
      let slice = new JobSlice(clock);
      for (const [entry, body] of await this.#read(this.#nextDue())) {
        if (slice.isOver) {
          await turn();
          slice = new JobSlice(clock);
        }
        if (!transitions.closed && this.#table.has(entry)) this.#run(entry, body);
        slice.spend();
      }
      // The store sets the pace, or bodies that are not written would pile up.
      await journal.settled().catch(() => {});
      if (this.#due.length > 0) await turn();
    }
    this.#isRunning = false;
  }

  /** Removes so many of those that are due as are read at once. */
  #nextDue(): ScheduleEntry[] {
    let bytes = 0;
    let count = 0;
    while (count < Math.min(this.#due.length, READ.schedules) && bytes < READ.bytes) {
      bytes += this.#due[count++].schedule.size;
    }
    return this.#due.splice(0, count).filter((entry) => this.#table.has(entry));
  }

  async #read(entries: readonly ScheduleEntry[]): Promise<WithBody[]> {
    const stored = entries.filter(({ body }) => body === undefined);
    const unstored = entries.flatMap((entry): WithBody[] =>
      entry.body === undefined ? [] : [[entry, entry.body]]
    );
    if (stored.length === 0) return unstored;
    const bodies = await this.#bodies(stored.map(({ schedule }) => schedule.name));
    return [...unstored, ...stored.map((entry, at): WithBody => [entry, bodies[at]])];
  }

  async #bodies(names: readonly string[]): Promise<(Uint8Array | Error)[]> {
    try {
      const bodies = await this.#parts.store.scheduleBodies(names);
      return bodies.map((body, at) => body ?? new Error(`the store has no body of ${names[at]}`));
    } catch (error) {
      return names.map(() => error as Error);
    }
  }

  // The job and the time of the next one are in one batch, so a crash neither loses nor doubles a job.
  #run(entry: ScheduleEntry, body: Uint8Array | Error): void {
    const { journal } = this.#parts;
    const { schedule } = entry;
    const { name, next: due } = schedule;
    const now = this.#timer.now(schedule);
    if (journal.failure !== undefined || body instanceof StoreUnreachable) {
      entry.due = now + RETRY;
      this.#timer.add(entry);
      return;
    }
    this.#put(schedule, body);
    const next = nextRun(schedule, due, now);
    if (next === undefined) {
      this.#end(entry);
      return;
    }
    entry.moveTo(next);
    this.#timer.add(entry);
    journal.write({ kind: "reschedule", name, next, paused: false });
  }

  #put(schedule: StoredSchedule, body: Uint8Array | Error): void {
    const { transitions, log } = this.#parts;
    const { name, queue, expires, next } = schedule;
    try {
      if (body instanceof Error) throw body;
      const unique = runId(name, next);
      const times = { delay: 0, expires: expires > 0 ? expires : undefined };
      const { id, duplicate } = transitions.put({ ...schedule, ...times, body, unique });
      // Its own, where it was ended and set again; or one of an import, an inbox or an older version.
      if (!duplicate) return;
      const message = "schedule put no job: its queue has one of the same id";
      log({ level: "error", message, schedule: name, queue, unique, job: id });
    } catch (error) {
      const message = "schedule could not put its job";
      // A refusal is no defect: its place in the program tells nothing.
      const logged = error instanceof Refusal ? error.message : error;
      log({ level: "error", message, schedule: name, queue, error: logged });
    }
  }
}

function neverRuns(): Refusal {
  return badArguments("The clock is too far ahead for any schedule.");
}

/** When a schedule puts its jobs, as it is stored. Throws `bad-arguments`. */
function timesOf({ cron, zone, interval }: NewSchedule): ScheduleTimes {
  if (cron === undefined) {
    if (zone !== undefined) throw badArguments("tz= goes with cron= only.");
    return { cron: "", zone: "", interval: interval! };
  }
  if (interval !== undefined) throw badArguments("EVERY takes cron= or interval=, not both.");
  try {
    readCron(cron);
    return { cron, zone: readZone(zone ?? "UTC", "tz"), interval: 0 };
  } catch (error) {
    throw error instanceof BadCron ? badArguments(error.message) : error;
  }
}
