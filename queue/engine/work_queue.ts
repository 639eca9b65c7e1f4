// The parts of a local engine, and how they are put together. A change is made in memory at once, so that what follows
// builds on it, and answered once it is stored.

import type { Refusal } from "../../protocol/errors.ts";
import type { Clock } from "../../scheduling/clock.ts";
import { TurnClock } from "../../scheduling/turn_clock.ts";
import { Deadlines, ownTimes } from "../index/deadlines.ts";
import type { JobExtras } from "../index/job_page.ts";
import { allNumbers, type JobNumbers } from "../job_numbers.ts";
import { JobTable } from "../index/job_table.ts";
import { Jobs, type JobsView } from "../index/jobs.ts";
import type { Yield } from "../index/job_slice.ts";
import { Memory } from "../memory.ts";
import { limitsInBounds } from "../queue_limits.ts";
import { closed, readOnly } from "../refusals.ts";
import { Journal, type JournalView } from "../store/journal.ts";
import type { Change, QueueLimits, Store } from "../store/store.ts";
import { withinBounds } from "../store/stored_times.ts";
import { Bodies } from "./bodies.ts";
import { type Capacity, CapacityCheck, type Holdings } from "./capacity.ts";
import { Consumers } from "./consumers.ts";
import type { Holders } from "./holders.ts";
import { InboxReader } from "./inbox_reader.ts";
import { JobChanges } from "./job_changes.ts";
import { JobDispatcher } from "./job_dispatcher.ts";
import type { Log } from "../log.ts";
import { Pauses } from "./pauses.ts";
import { QueueClock } from "./queue_clock.ts";
import { RateLimits } from "./rate_limits.ts";
import { Results } from "./results.ts";
import { Schedules } from "./schedules.ts";
import { SliceScheduler } from "./slice_scheduler.ts";
import { StoreRoom } from "./store_room.ts";
import { Transitions } from "./transitions.ts";

/** The dependencies of a work queue. */
export interface Dependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  readonly max: Capacity;
  readonly yield: Yield;
  /** The holdings of all engines that share the room of `max`. Default: this one has it alone. */
  readonly together?: Holdings[];
  /** The numbers of its jobs. Default: all from 1. */
  readonly numbers?: JobNumbers;
  /**
   * Whether jobs that the process before this one gave to connections until their end stay with them, because these are
   * connections of other servers. Default: they are ready.
   */
  readonly keepsHolds?: boolean;
}

/** A work queue in this process. Only `transitions` can change its jobs. */
export class WorkQueue {
  readonly clock: QueueClock;
  readonly random: () => number;
  readonly memory = new Memory();
  readonly jobs: JobsView;
  readonly journal: JournalView;
  readonly capacity: CapacityCheck;
  readonly results: Results;
  readonly bodies: Bodies;
  readonly limits: RateLimits;
  readonly pauses: Pauses;
  readonly holders: Pick<Holders, "firstEnd">;
  readonly consumers: Consumers;
  readonly dispatcher: JobDispatcher;
  readonly transitions: Transitions;
  readonly schedules: Schedules;
  readonly scheduler: SliceScheduler;

  readonly #store: Store;
  readonly #journal: Journal;
  readonly #changes: JobChanges;
  readonly #log: Log;
  readonly #keepsHolds: boolean;
  readonly #together: Holdings[];
  readonly #inbox: InboxReader | undefined;
  readonly #stops: readonly { stop(): void }[];
  #closing: Promise<number> | undefined = undefined;

  constructor(
    { numbers = allNumbers, keepsHolds = false, together = [], ...dependencies }: Dependencies,
  ) {
    const { store, clock: machineClock, log, random, max, yield: yieldTo } = dependencies;
    const clock = new QueueClock(machineClock);
    const { memory } = this;
    const journal = new Journal(store, clock, log, memory, {
      stored: (changes) => this.#stored(changes),
      givenUp: (ids) => this.transitions.refuse(ids),
      failed: () => this.consumers.refuse(readOnly()),
      lost: () => this.#refuseWaiting(readOnly()),
      recovered: () => this.dispatcher.serveAll([...this.jobs.queues.values()]),
    });
    const storeRoom = new StoreRoom(store, log, () => journal.pending);
    const capacity = new CapacityCheck(max, memory, together, store, storeRoom);
    const results = new Results(memory);
    const bodies = new Bodies(results, journal, numbers.stride);

    const table = new JobTable(memory, numbers.stride);
    const jobTimes = new Deadlines(clock, table, yieldTo, (slots) => {
      this.transitions.timeOver(Iterator.from(slots).map((slot) => table.at(slot)));
    });
    const expiries = new Deadlines<JobExtras>(clock, ownTimes, yieldTo, (all) => {
      this.transitions.expire(Iterator.from(all).map(({ id }) => table.get(id)!));
    });
    const jobs = new Jobs(table, jobTimes, expiries);

    const parts = { jobs, journal, capacity, results, bodies, clock, memory, log, yield: yieldTo };
    const consumers = new Consumers(jobs, clock, memory, yieldTo);
    const limits = new RateLimits({
      ...parts,
      onFree: (queues) => this.dispatcher.serveAll(queues),
    });
    const pauses = new Pauses({
      ...parts,
      onFree: (queues) => this.dispatcher.serveAll(queues),
    });
    const turnClock = new TurnClock(clock);
    const changes = new JobChanges({
      ...parts,
      limits,
      turnClock,
      onDisconnect: (holder, ids) => this.transitions.disconnect(holder, ids),
    });
    const transitions = new Transitions({
      ...parts,
      changes,
      numbers,
      turnClock,
      serve: (queue, key) => this.dispatcher.serve(queue, key),
      serveAll: (queues) => this.dispatcher.serveAll(queues),
    });
    const dispatcher = new JobDispatcher({ ...parts, transitions, consumers });
    const schedules = new Schedules({ ...parts, transitions, store });

    this.clock = clock;
    this.random = random;
    this.jobs = jobs;
    this.journal = journal;
    this.capacity = capacity;
    this.results = results;
    this.bodies = bodies;
    this.limits = limits;
    this.pauses = pauses;
    this.holders = changes.holders;
    this.consumers = consumers;
    this.dispatcher = dispatcher;
    this.transitions = transitions;
    this.schedules = schedules;
    this.scheduler = new SliceScheduler(yieldTo);
    this.#inbox = store.inbox && new InboxReader(store.inbox, clock, log, (job) => {
      return transitions.put(job);
    });
    this.#store = store;
    this.#journal = journal;
    this.#changes = changes;
    this.#log = log;
    this.#keepsHolds = keepsHolds;
    this.#together = together;
    together.push(this);
    this.#stops = [jobTimes, expiries, limits, pauses, schedules, consumers];
  }

  /** Loads the store. */
  async load(): Promise<void> {
    const { clock, jobs, transitions, results, schedules, capacity } = this;
    const moment = await this.#store.moment?.();
    if (moment !== undefined) clock.goOn(moment);
    transitions.goOn(await this.#store.lastId());
    const now = clock.now();
    for (const limits of await this.#store.limits()) this.#loadLimits(limits);
    for await (const stored of this.#store.load()) {
      const job = withinBounds(stored, now, capacity.max.resultTime);
      this.#changes.load(job, now, this.#keepsHolds);
    }
    const done = [...jobs[Symbol.iterator]().filter(({ state }) => state === "done")];
    for (const job of done.sort((a, b) => a.due - b.due)) results.keep(job.id);
    for (const schedule of await this.#store.schedules()) schedules.load(schedule);
    this.#inbox?.start();
  }

  /** Stores what has changed and lets the store go; refuses every further change. Resolves with how many are lost. */
  close(): Promise<number> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<number> {
    this.transitions.close();
    for (const each of this.#stops) each.stop();
    this.#refuseWaiting(closed());
    await Promise.all([this.#inbox?.stop(), this.#journal.drained()]);
    const at = this.#together.indexOf(this);
    if (at >= 0) this.#together.splice(at, 1);
    await this.#store.close();
    return this.#journal.lost;
  }

  #refuseWaiting(why: Refusal): void {
    this.consumers.refuse(why);
    this.results.refuse(why);
  }

  // Older versions accepted every number.
  #loadLimits(stored: QueueLimits): void {
    const limits = limitsInBounds(stored);
    const { queue, key, rate, weight } = limits;
    if (rate === stored.rate && weight === stored.weight) {
      this.limits.load(stored);
      return;
    }
    const message = `rate and weight were out of bounds, and are now ${rate} and ${weight}`;
    this.#log({ level: "info", message, queue, key });
    this.limits.set(limits);
  }

  #stored(changes: readonly Change[]): void {
    const { bodies: { recent }, results, schedules } = this;
    for (const change of changes) {
      if (change.kind === "put") recent.stored(change.job.id);
      else if (change.kind === "drop") recent.delete(change.id);
      else if (change.kind === "finish") results.stored(change.id);
      else if (change.kind === "schedule") schedules.stored(change.schedule);
      else if (change.kind === "move" && change.progress.state === "taken") {
        recent.delete(change.id);
      }
    }
  }
}
