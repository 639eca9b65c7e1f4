// What all commands build on. A change is made in memory at once, so that what follows builds on it, and answered once
// it is stored.

import type { Clock } from "../../scheduling/clock.ts";
import { TurnClock } from "../../scheduling/turn_clock.ts";
import type { Client } from "../../server/request/handlers.ts";
import type { LogEntry } from "../../server/log.ts";
import { type Capacity, hasRoom, reasonIn } from "./capacity.ts";
import { Deadlines, ownTimes } from "../index/deadlines.ts";
import { Holders } from "./holders.ts";
import type { Job, JobExtras } from "../index/job.ts";
import { JobTable } from "../index/job_table.ts";
import { Jobs } from "../index/jobs.ts";
import { Journal } from "../store/journal.ts";
import { bounded, RateState } from "../index/rate_state.ts";
import { LiftedPaces } from "./lifted_paces.ts";
import { BYTES, Memory } from "../memory.ts";
import type { Queue } from "../index/queue.ts";
import { QueueClock } from "./queue_clock.ts";
import { RecentBodies } from "./recent_bodies.ts";
import { closed, notFound, readOnly } from "../refusals.ts";
import { Results } from "./results.ts";
import { Schedules } from "./schedules.ts";
import type { Change, QueueLimits, Room, Store, StoredJob } from "../store/store.ts";
import { withinBounds } from "../store/stored_times.ts";
import { OneATurn, Slices, type Yield } from "./slices.ts";
import { serve } from "./take.ts";
import { Takers } from "./consumers.ts";
import { QueueRotation } from "../index/queue_rotation.ts";

const CLOSED = "The connection closed.";
/** How many jobs of a connection that has ended are given back in one turn of the event loop. */
const AT_ONCE = 500;

/** What a work queue is given. */
export interface Dependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: (entry: LogEntry) => void;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  readonly bounds: Capacity;
  readonly yield: Yield;
}

/** The work queue itself, without lines and bytes around it. */
export class WorkQueue {
  readonly clock: QueueClock;
  readonly jobs: Jobs;
  readonly journal: Journal;
  readonly takers: Takers;
  readonly results: Results;
  readonly schedules: Schedules;
  readonly turns = new QueueRotation();
  /** The turns of what goes in slices. */
  readonly slices: Slices;
  /** Queues that have more for their takers than one turn may give. */
  readonly unserved: OneATurn<Queue>;
  readonly memory = new Memory();
  /** The present for what comes in great numbers. */
  readonly turnClock: TurnClock;
  /** Those whose rate holds them back. */
  readonly paces: Deadlines<RateState>;
  readonly bounds: Capacity;
  readonly random: () => number;
  readonly log: (entry: LogEntry) => void;
  readonly yield: Yield;
  /** How many queues and keys have rules. */
  rules = 0;
  /** How many jobs expired. */
  expired = 0;
  lastId = 0;

  readonly #store: Store;
  readonly #bodies = new RecentBodies();
  readonly #holders: Holders;
  readonly #lifted = new LiftedPaces();
  readonly #jobTimes: Deadlines<number>;
  readonly #expiries: Deadlines<JobExtras>;
  #hasStoreRoom = true;
  #closed: Promise<number> | undefined = undefined;

  constructor({ store, clock: ofMachine, log, random, bounds, yield: yieldTo }: Dependencies) {
    this.#store = store;
    this.yield = yieldTo;
    this.slices = new Slices(yieldTo);
    this.unserved = new OneATurn<Queue>(yieldTo, (queue) => {
      if (!this.closing) serve(this, queue);
    });
    const clock = this.clock = new QueueClock(ofMachine);
    this.turnClock = new TurnClock(clock);
    this.log = log;
    this.random = random;
    this.bounds = bounds;
    const table = new JobTable(this.memory);
    this.#jobTimes = new Deadlines(clock, table, (slots) => {
      this.#timeOver(slots.map((slot) => table.at(slot)));
    });
    this.#expiries = new Deadlines<JobExtras>(clock, ownTimes, (all) => this.#expire(all));
    this.paces = new Deadlines<RateState>(clock, ownTimes, (all) => this.#goOn(all));
    this.jobs = new Jobs(table, this.#jobTimes, this.#expiries);
    this.takers = new Takers(this.jobs, clock, this.memory);
    this.results = new Results(this.memory);
    this.schedules = new Schedules(this, clock);
    this.#holders = new Holders((client, ids) => this.#connectionOver(client, ids));
    this.journal = new Journal(store, clock, log, this.memory, {
      stored: (changes) => this.#stored(changes),
      givenUp: (ids) => this.#givenUp(ids),
      failed: () => this.takers.refuse(readOnly()),
      recovered: () => this.#serve(this.jobs.queues.values()),
    });
  }

  /** Goes on where the store stopped. */
  async load(): Promise<void> {
    const moment = await this.#store.moment?.();
    if (moment !== undefined) this.clock.goOn(moment);
    this.lastId = await this.#store.lastId();
    const now = this.now();
    for (const rules of await this.#store.rules()) this.#loadRules(rules);
    for await (const stored of this.#store.load()) {
      this.#load(withinBounds(stored, now, this.bounds.resultTime), now);
    }
    const done = [...this.jobs[Symbol.iterator]().filter(({ state }) => state === "done")];
    for (const job of done.sort((a, b) => a.due - b.due)) this.results.keep(job.id);
    for (const schedule of await this.#store.schedules()) this.schedules.load(schedule);
  }

  // Of older versions, which took every number.
  #loadRules(rules: QueueLimits): void {
    const { queue, key, rate, weight } = bounded(rules);
    if (rate === rules.rate && weight === rules.weight) {
      this.limit(rules);
      return;
    }
    const message = `rate and weight were out of bounds, and are now ${rate} and ${weight}`;
    this.log({ level: "info", message, queue, key });
    this.journal.write({ kind: "rules", rules: this.limit({ ...rules, rate, weight }) });
  }

  #load(stored: StoredJob, now: number): void {
    const { id, unique } = stored;
    const same = unique === "" ? undefined : this.jobs.queues.get(stored.queue)?.named(unique);
    if (same !== undefined) {
      throw new Error(`jobs ${same} and ${id} of ${stored.queue} have one name, ${unique}`);
    }
    const job = this.jobs.add(stored);
    const forgotten = job.state === "done" && job.due <= now;
    if (job.state === "taken" && stored.releaseOnDisconnect) {
      job.fail(now, false, false, reasonIn(this, CLOSED));
      this.#write(job);
    } else if (job.hasDeadline && job.due <= now && !forgotten) job.timeOver();
    if (forgotten || this.#isOver(job)) {
      this.jobs.delete(job);
      this.journal.write({ kind: "drop", id: job.id });
    } else this.jobs.put(job);
  }

  /** How much room the store has, where that is bounded. */
  storeRoom(): Room | undefined {
    return this.#store.room?.();
  }

  /** Logs when there is no room in the store, and when there is some again. */
  tellRoom(enough: boolean): void {
    if (enough === this.#hasStoreRoom) return;
    this.#hasStoreRoom = enough;
    const message = enough
      ? "there is room in the store again"
      : "no room in the store, new jobs are refused until there is some";
    this.log({ level: enough ? "info" : "error", message, ...this.storeRoom() });
  }

  /** The present on the queue's clock, in ms. */
  now(): number {
    return this.clock.now();
  }

  /** How many bytes of memory the queue holds: what it counts, and what its store keeps there. */
  get held(): number {
    return this.kept + this.memory.waiting;
  }

  /** How many bytes of memory all but the requests that wait hold. */
  get kept(): number {
    return this.memory.kept + (this.#store.held?.() ?? 0);
  }

  /** Throws where nothing may change. */
  mayChange(): void {
    if (this.#closed !== undefined) throw closed();
    if (this.journal.failure !== undefined) throw readOnly();
  }

  /** Whether it is too late for any change. */
  get closing(): boolean {
    return this.#closed !== undefined;
  }

  /** The job of a number. Throws `not-found`. */
  job(id: number): Job {
    const job = this.jobs.get(id);
    if (job === undefined) throw notFound(id);
    return job;
  }

  /** The bytes of a job, or its result where it is done. */
  async body(id: number): Promise<Uint8Array> {
    const recent = this.recentBody(id);
    if (recent !== undefined) return recent;
    const [body] = await this.journal.read([id]);
    if (body instanceof Error) throw body;
    return body;
  }

  /** The bodies of schedules that are stored; an error for one that cannot be read. */
  async scheduleBodies(names: readonly string[]): Promise<(Uint8Array | Error)[]> {
    try {
      const bodies = await this.#store.scheduleBodies(names);
      return bodies.map((body, at) => body ?? new Error(`the store has no body of ${names[at]}`));
    } catch (error) {
      return names.map(() => error as Error);
    }
  }

  /** The bytes of a job, or its result, where they are in memory. */
  recentBody(id: number): Uint8Array | undefined {
    return this.results.fresh(id) ?? this.#bodies.get(id);
  }

  /** A new job. Resolves once it is stored. */
  add(stored: StoredJob, body: Uint8Array): Promise<void> {
    this.#bodies.add(stored.id, body);
    this.jobs.put(this.jobs.add(stored));
    return this.journal.write({ kind: "put", job: stored, body });
  }

  /**
   * Changes a job, which then goes where its new state puts it; it is gone where it has expired meanwhile. Resolves once
   * that is stored.
   */
  change(job: Job, how: (job: Job) => void): Promise<void> {
    return this.#change(job, how) ? this.#write(job) : this.journal.settled();
  }

  /** A job is done, and its result is kept for a while. Resolves once that is stored. */
  finish(job: Job, result: Uint8Array): Promise<void> {
    const { maxResults, resultTime } = this.bounds;
    const { results } = this;
    let more = this.#bytesOfResult(result.length);
    while (
      results.size > 0 && (results.size >= maxResults || (more > 0 && !hasRoom(this)))
    ) {
      const oldest = this.job(results.oldest);
      more -= this.#bytesOfResult(oldest.size);
      this.remove(oldest);
    }
    this.#detach(job);
    job.finish(this.now() + resultTime, result.length);
    this.jobs.put(job);
    this.#bodies.delete(job.id);
    this.results.keep(job.id, result);
    return this.journal.write({ kind: "finish", id: job.id, progress: job.progress(), result });
  }

  #bytesOfResult(size: number): number {
    return BYTES.job + (this.#store.held === undefined ? 0 : BYTES.kept + size);
  }

  /** A job is gone. Resolves once that is stored. */
  remove(job: Job): Promise<void> {
    this.#detach(job);
    return this.#drop(job);
  }

  /** Other rules for a queue or key. Returns them as they are stored. */
  limit(rules: QueueLimits): QueueLimits {
    const now = this.now();
    const queue = this.jobs.queue(rules.queue);
    const tenant = rules.key === "" ? undefined : queue.tenant(rules.key);
    const owner = tenant ?? queue;
    const had = owner.limits !== undefined;
    const limits = owner.limits ??= new RateState(queue, tenant, this.#lifted.take(queue, tenant));
    if (limits.place !== -1) this.paces.remove(limits);
    if (limits.set(rules, now)) this.paces.add(limits);
    if (!limits.some) {
      owner.limits = undefined;
      this.#lifted.keep(limits, now);
    }
    const more = Number(owner.limits !== undefined) - Number(had);
    this.rules += more;
    this.memory.kept += more * BYTES.limits;
    if (tenant !== undefined) queue.limit(tenant, had);
    serve(this, queue);
    this.jobs.forget(queue);
    return limits.kept(now);
  }

  /** Stores what has changed and lets the store go; every further change is refused. Resolves with how many are lost. */
  close(): Promise<number> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<number> {
    const all = [this.#jobTimes, this.#expiries, this.paces, this.schedules, this.takers];
    for (const times of all) times.stop();
    this.takers.refuse(closed());
    this.results.refuse(closed());
    await this.journal.drained();
    await this.#store.close();
    return this.journal.lost;
  }

  /** Drops a job that has expired, however late its timer is. Returns whether it had. */
  dropExpired(job: Job): boolean {
    if (!this.#isOver(job)) return false;
    this.#detach(job);
    this.#expired(job);
    return true;
  }

  /** Returns whether it is there still. */
  #change(job: Job, how: (job: Job) => void): boolean {
    this.#detach(job);
    how(job);
    if (this.#isOver(job)) {
      this.#expired(job);
      return false;
    }
    this.jobs.put(job);
    if (job.state === "taken") this.#holders.add(job);
    return true;
  }

  #detach(job: Job): void {
    if (job.state === "taken") this.#holders.remove(job);
    this.jobs.detach(job);
  }

  #write(job: Job): Promise<void> {
    return this.journal.write({ kind: "move", id: job.id, progress: job.progress() });
  }

  #drop(job: Job): Promise<void> {
    this.jobs.delete(job);
    this.results.forget(job.id);
    return this.journal.write({ kind: "drop", id: job.id });
  }

  /** Whether nobody has any use for a job any more. */
  #isOver({ state, expiresAt }: Job): boolean {
    return expiresAt > 0 && expiresAt <= this.now() && (state === "ready" || state === "delayed");
  }

  #expired(job: Job): void {
    this.expired++;
    this.#drop(job);
    this.results.dead(job.id, `Job ${job.id} expired.`);
  }

  // Those behind one that has expired may be given now.
  #expire(all: readonly JobExtras[]): void {
    const queues = new Set<Queue>();
    for (const { id } of all) {
      const job = this.job(id);
      queues.add(job.queue);
      this.#detach(job);
      this.#expired(job);
    }
    this.#serve(queues);
  }

  // Nobody is given anything before all have changed: it is the order of the queue that says which is first.
  #timeOver(jobs: readonly Job[]): void {
    for (const job of jobs) {
      if (job.state === "done") this.remove(job);
      else if (this.#change(job, () => job.timeOver())) this.#tellDead(job);
    }
    this.#serve(jobs.map(({ queue }) => queue));
  }

  #connectionOver(client: Client, ids: readonly number[]): void {
    // Too late to store it: they are given back at the next start.
    if (this.closing) return;
    const now = this.now();
    // What waits for its turn may have been done meanwhile, with attempt= over another connection.
    const jobs = ids.slice(0, AT_ONCE).flatMap((id) => this.jobs.get(id) ?? [])
      .filter(({ holder }) => holder === client);
    if (ids.length > AT_ONCE) {
      this.yield(() => this.#connectionOver(client, ids.slice(AT_ONCE)));
    }
    for (const job of jobs) {
      this.change(job, () => job.fail(now, false, false, reasonIn(this, CLOSED)));
      this.#tellDead(job);
    }
    this.#serve(jobs.map(({ queue }) => queue));
  }

  #tellDead({ id, state, reason }: Job): void {
    if (state === "dead") this.results.dead(id, `Job ${id} is dead: ${reason}`);
  }

  #goOn(all: readonly RateState[]): void {
    for (const { queue, tenant } of all) if (tenant !== undefined) queue.review(tenant);
    this.#serve(all.map(({ queue }) => queue));
  }

  #serve(queues: Iterable<Queue>): void {
    for (const queue of new Set(queues)) serve(this, queue);
  }

  /** New jobs that the store has no room for are gone, whatever has become of them. */
  #givenUp(ids: readonly number[]): void {
    const jobs = ids.flatMap((id) => this.jobs.get(id) ?? []);
    for (const id of ids) this.#bodies.delete(id);
    for (const job of jobs) {
      this.#detach(job);
      this.jobs.delete(job);
      this.results.forget(job.id);
      this.results.dead(job.id, `Job ${job.id} was not kept: the disk is full.`);
    }
    this.#serve(jobs.map(({ queue }) => queue));
  }

  #stored(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === "put") this.#bodies.stored(change.job.id);
      else if (change.kind === "drop") this.#bodies.delete(change.id);
      else if (change.kind === "finish") this.results.stored(change.id);
      else if (change.kind === "schedule") this.schedules.stored(change.schedule);
      else if (change.kind === "move" && change.progress.state === "taken") {
        this.#bodies.delete(change.id);
      }
    }
  }
}
