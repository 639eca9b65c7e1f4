// What PUT, TAKE, DONE, FAIL and EXTEND do to jobs. A change is made in memory at once, so that what follows builds on
// it, and answered once it is stored.

import type { Clock } from "../scheduling/clock.ts";
import type { Client } from "../server/handlers.ts";
import type { LogEntry } from "../server/log.ts";
import { type Bounds, roomForJob, roomForQueues, roomForTaker } from "./bounds.ts";
import { Deadlines } from "./deadlines.ts";
import type { Given, Grant } from "./grant.ts";
import { Job, type NewJob, newJob } from "./job.ts";
import { Jobs, type Queue } from "./jobs.ts";
import { Journal } from "./journal.ts";
import { Names } from "./names.ts";
import { RecentBodies } from "./recent_bodies.ts";
import { closed, notFound, notTaken, readOnly } from "./refusals.ts";
import { MAX_TAKE_BYTES } from "./protocol.ts";
import type { Change, Store } from "./store.ts";
import { type Taker, Takers, type Wish } from "./takers.ts";

/** What proves that a lease is one's own. */
export interface Claim {
  readonly client: Client;
  readonly attempt: number | undefined;
}

const NOTHING = new Uint8Array();

/** The work queue itself, without lines and bytes around it. */
export class WorkQueue {
  readonly jobs: Jobs;
  readonly journal: Journal;
  readonly takers: Takers;

  readonly #clock: Clock;
  readonly #store: Store;
  readonly #bounds: Bounds;
  readonly #bodies = new RecentBodies();
  readonly #names = new Names();
  readonly #jobTimes: Deadlines<Job>;
  #lastId = 0;
  #closed: Promise<void> | undefined = undefined;

  constructor(store: Store, clock: Clock, log: (entry: LogEntry) => void, bounds: Bounds) {
    this.#store = store;
    this.#clock = clock;
    this.#bounds = bounds;
    this.#jobTimes = new Deadlines(clock, (jobs) => this.#timeOver(jobs));
    this.jobs = new Jobs(this.#jobTimes);
    this.takers = new Takers(this.jobs, clock);
    this.journal = new Journal(store, log, (changes) => this.#stored(changes), () => {
      this.takers.refuse(readOnly());
    });
  }

  /** Goes on where the store stopped. */
  async load(): Promise<void> {
    this.#lastId = await this.#store.lastId();
    const now = this.#clock.now();
    for await (const stored of this.#store.load()) {
      const job = new Job(stored, this.#names);
      if (job.hasDeadline && job.due <= now) job.timeOver();
      this.jobs.add(job);
    }
  }

  /** The present, in ms since the Unix epoch. */
  now(): number {
    return this.#clock.now();
  }

  /** A new job. Resolves with its number. */
  async put(told: NewJob): Promise<number> {
    this.#mayChange();
    roomForJob(this.#bounds, this.jobs);
    roomForQueues(this.#bounds, this.jobs, [told.queue]);
    const { body } = told;
    const id = ++this.#lastId;
    const stored = newJob(id, this.now(), told);
    const job = new Job(stored, this.#names);
    this.#bodies.add(id, body);
    this.jobs.add(job);
    const written = this.journal.write({ kind: "put", job: stored, body });
    if (job.state === "ready") this.#serve(job.queue);
    await written;
    return id;
  }

  /** Jobs that are ready now; `undefined` where there are none. */
  take({ queues, max, lease, client }: Wish): Grant | undefined {
    this.#mayChange();
    const jobs: Job[] = [];
    let room = MAX_TAKE_BYTES;
    for (const name of queues) {
      const queue = this.jobs.queues.get(name);
      if (queue !== undefined) room = pick(queue, max, room, jobs);
    }
    return jobs.length === 0 ? undefined : this.#grant(jobs, lease, client);
  }

  /** Lines up for a job; to be called where `take` found none, in the same turn. */
  wait(wish: Wish, time: number): Taker {
    roomForTaker(this.#bounds, this.takers.size);
    roomForQueues(this.#bounds, this.jobs, wish.queues);
    return this.takers.join(wish, time);
  }

  /** A taker is gone: it waits no longer, and what it was given goes back. */
  abandon(taker: Taker): void {
    this.takers.leave(taker);
    if (taker.grant !== undefined) this.giveBack(taker.grant.given);
  }

  /**
   * Nobody was told of these: they are ready again at their old places, and neither does the attempt count nor is the
   * key charged.
   */
  giveBack(given: readonly Given[]): void {
    // Too late to store it: their leases will run out.
    if (this.#closed !== undefined) return;
    const queues = new Set<string>();
    for (const { id, attempt } of given) {
      const job = this.jobs.get(id);
      if (job === undefined || job.state !== "taken" || job.attempt !== attempt) continue;
      this.jobs.lift(job);
      job.giveBack();
      this.jobs.queue(job.queue).order.refund(job);
      this.jobs.put(job);
      // Nobody waits for this one; where it fails the journal has said so.
      this.#write(job).catch(() => {});
      queues.add(job.queue);
    }
    for (const queue of queues) this.#serve(queue);
  }

  /** A job is done. */
  done(id: number, claim: Claim): Promise<void> {
    const job = this.#taken(id, claim);
    this.jobs.lift(job);
    this.jobs.delete(job);
    return this.journal.write({ kind: "drop", id });
  }

  /** A job failed: tried again in `retry` ms, or dead. Resolves with its state. */
  async fail(
    id: number,
    claim: Claim,
    reason: string,
    retry: number,
    dead: boolean,
  ): Promise<"delayed" | "ready" | "dead"> {
    const job = this.#taken(id, claim);
    this.jobs.lift(job);
    const state = job.fail(this.now() + retry, retry > 0, dead, reason);
    this.jobs.put(job);
    const written = this.#write(job);
    if (state === "ready") this.#serve(job.queue);
    await written;
    return state;
  }

  /** A lease begins anew. Resolves with its length in ms. */
  async extend(id: number, claim: Claim, lease: number | undefined): Promise<number> {
    const job = this.#taken(id, claim);
    const length = lease ?? job.lease;
    this.jobs.lift(job);
    job.until = this.now() + length;
    this.jobs.put(job);
    await this.#write(job);
    return length;
  }

  /** The job of a number. Throws `not-found`. */
  job(id: number): Job {
    const job = this.jobs.get(id);
    if (job === undefined) throw notFound(id);
    return job;
  }

  /** The bytes of a job. */
  async body(id: number): Promise<Uint8Array> {
    const body = this.#bodies.get(id) ?? await this.journal.read(id);
    if (body === undefined) throw new Error(`the store has no body of job ${id}`);
    return body;
  }

  /** Stores what has changed and lets the store go; every further change is refused. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#jobTimes.stop();
    this.takers.refuse(closed());
    await this.journal.drained();
    await this.#store.close();
  }

  #mayChange(): void {
    if (this.#closed !== undefined) throw closed();
    if (this.journal.failure !== undefined) throw readOnly();
  }

  #taken(id: number, { client, attempt }: Claim): Job {
    this.#mayChange();
    const job = this.job(id);
    if (job.state !== "taken") throw notTaken(`Job ${id} is not taken: it is ${job.state}.`);
    if (attempt !== undefined) {
      if (attempt === job.attempt) return job;
      throw notTaken(`Job ${id} is taken, and attempt ${attempt} is not the present one.`);
    }
    const { holder } = job;
    if (holder === undefined || holder === client || holder.closed) return job;
    throw notTaken(`Job ${id} was taken by another connection; give attempt= where it is yours.`);
  }

  #grant(jobs: readonly Job[], lease: number | undefined, client: Client): Grant {
    const now = this.now();
    const given: Given[] = [];
    const missing: Promise<void>[] = [];
    let written: Promise<void> | undefined;
    for (const job of jobs) {
      const { id, queue, key } = job;
      const body = this.#bodies.get(id);
      const length = lease ?? job.lease;
      this.jobs.lift(job);
      job.take(client, now + length);
      this.jobs.put(job);
      const each: Given = {
        id,
        queue,
        key: key === "" ? undefined : key,
        attempt: job.attempt,
        lease: length,
        body: body ?? NOTHING,
      };
      given.push(each);
      if (body === undefined) missing.push(this.body(id).then((body) => void (each.body = body)));
      written = this.#write(job);
    }
    const grant: Grant = {
      given,
      whole: Promise.all([...missing, written]).then(() => grant),
    };
    return grant;
  }

  #write(job: Job): Promise<void> {
    return this.journal.write({ kind: "move", id: job.id, progress: job.progress() });
  }

  /** The takers of a queue get what is ready, each in its turn. */
  #serve(name: string): void {
    const queue = this.jobs.queues.get(name);
    if (queue === undefined || this.journal.failure !== undefined) return;
    for (let taker; queue.order.size > 0 && (taker = queue.line.first) !== undefined;) {
      const { max, lease, client } = taker.wish;
      this.takers.leave(taker);
      const jobs: Job[] = [];
      pick(queue, max, MAX_TAKE_BYTES, jobs);
      taker.give(this.#grant(jobs, lease, client));
    }
  }

  // All are ready before the first is given away: it is the order of the queue that says which.
  #timeOver(jobs: readonly Job[]): void {
    const queues = new Set<string>();
    for (const job of jobs) {
      this.jobs.lift(job);
      job.timeOver();
      this.jobs.put(job);
      queues.add(job.queue);
    }
    for (const queue of queues) this.#serve(queue);
  }

  #stored(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === "put") this.#bodies.stored(change.job.id);
      else if (change.kind === "drop") this.#bodies.delete(change.id);
      else if (change.kind === "move" && change.progress.state === "taken") {
        this.#bodies.delete(change.id);
      }
    }
  }
}

/** Adds jobs of a queue until there are `max` or the next has no room, of which it returns what is left. */
function pick({ order }: Queue, max: number, room: number, jobs: Job[]): number {
  while (jobs.length < max && order.size > 0) {
    const { size } = order.next!;
    if (jobs.length > 0 && size > room) return 0;
    jobs.push(order.take());
    room -= size;
  }
  return room;
}
