// The one way to change a job. Every change asks whether it may be made, changes memory, goes to the journal, counts,
// answers requests that wait for the result, and serves consumers.

import type { TurnClock } from "../../scheduling/turn_clock.ts";
import type { Job } from "../index/job.ts";
import type { JobHolder } from "../index/job_page.ts";
import type { Jobs } from "../index/jobs.ts";
import type { QueueView } from "../index/queue.ts";
import { JobSlice, type Yield } from "../index/job_slice.ts";
import { closed, notFound, readOnly } from "../refusals.ts";
import { type NewJob, newStoredJob } from "../store/job_values.ts";
import type { JournalWriter } from "../store/journal.ts";
import type { JobState, StoredJob } from "../store/job_fields.ts";
import type { Bodies } from "./bodies.ts";
import type { CapacityCheck } from "./capacity.ts";
import { Holders } from "./holders.ts";
import {
  disconnect,
  eventSince,
  isExpired,
  type JobEvent,
  lifecycle,
  progressAfter,
} from "./lifecycle.ts";
import type { QueueClock } from "./queue_clock.ts";
import type { RateLimits } from "./rate_limits.ts";
import type { Results } from "./results.ts";

const EXPIRE: JobEvent = { kind: "expire" };
const FORGET: JobEvent = { kind: "forget" };
const REFUSE: JobEvent = { kind: "refuse" };
const TIME_OVER: JobEvent = { kind: "timeOver" };

/** For changes that are not stored. */
const STORED = Promise.resolve();

/** The parts that a transition works on. No other module has `Jobs`, whose methods change a job. */
interface TransitionParts {
  readonly jobs: Jobs;
  readonly journal: JournalWriter<"put" | "move" | "finish" | "drop">;
  readonly capacity: CapacityCheck;
  readonly results: Results;
  readonly bodies: Bodies;
  readonly limits: RateLimits;
  readonly clock: QueueClock;
  /** The present for what comes in great numbers. */
  readonly turnClock: TurnClock;
  /** Gives the consumers of a queue, or of several, the jobs that may be taken. */
  readonly serve: (queue: QueueView) => void;
  readonly serveAll: (queues: Iterable<QueueView>) => void;
  readonly yield: Yield;
}

/** The outcome of a PUT; `written` resolves once the job is stored. */
export interface Put {
  readonly id: number;
  readonly duplicate: boolean;
  readonly written: Promise<void>;
}

/** Changes jobs. */
export class Transitions {
  #lastId = 0;
  #expired = 0;
  #closed = false;
  readonly #parts: TransitionParts;
  readonly #holders: Holders;

  constructor(parts: TransitionParts) {
    this.#parts = parts;
    this.#holders = new Holders((holder, ids) => this.#disconnect(holder, ids));
  }

  /** The highest id that was ever given to a job. */
  get lastId(): number {
    return this.#lastId;
  }

  /** How many jobs expired. */
  get expired(): number {
    return this.#expired;
  }

  /** Whether it is too late for any change. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Nothing may change from now on. */
  close(): void {
    this.#closed = true;
  }

  /** New jobs get ids above this one. */
  goOn(lastId: number): void {
    this.#lastId = lastId;
  }

  /** Throws if nothing may change. */
  ask(): void {
    if (this.#closed) throw closed();
    if (this.#parts.journal.failure !== undefined) throw readOnly();
  }

  /** The job with an id, to be changed. Throws if nothing may change, or `not-found`. */
  job(id: number): Job {
    this.ask();
    const job = this.#parts.jobs.get(id);
    if (job === undefined) throw notFound(id);
    return job;
  }

  /** Adds a new job, unless its queue has one of its name. Throws `busy`. */
  put(job: NewJob): Put {
    this.ask();
    const { jobs, journal, capacity, bodies, turnClock } = this.#parts;
    const same = this.#named(job);
    if (same !== undefined) return { id: same, duplicate: true, written: journal.settled() };
    capacity.forJob(jobs, job.queue, job.key ?? "", job.body.length);
    const id = ++this.#lastId;
    const now = turnClock.now();
    const stored = newStoredJob(id, now, job);
    bodies.recent.add(id, job.body);
    const added = jobs.add(stored);
    const written = journal.write({ kind: "put", job: stored, body: job.body });
    jobs.countEvent(added, "put", now);
    if (stored.state === "ready") this.#parts.serve(added.queue);
    return { id, duplicate: false, written };
  }

  /** Something happens to a job. Resolves once it is stored. Throws if the event is asked for and may not be. */
  change(job: Job, event: JobEvent): Promise<void> {
    const { queue } = job;
    this.#ask(job, event);
    const written = this.#apply(job, event);
    if (lifecycle[event.kind].frees) this.#parts.serve(queue);
    return written;
  }

  /**
   * The same happens to several jobs, or to none. Consumers are served after all have changed: the order of the queue
   * decides which job is first. Resolves once it is stored.
   */
  changeAll(jobs: readonly Job[], event: JobEvent): Promise<void> {
    if (jobs.length === 1) return this.change(jobs[0], event);
    this.#ask(jobs, event);
    return this.#applyAll(jobs, () => event);
  }

  /** As `changeAll`, with an event for each job. `onChanged` gets the id of each job before consumers are served. */
  changeEach(
    jobs: Iterable<Job>,
    eventOf: (job: Job) => JobEvent,
    onChanged?: (id: number) => void,
  ): Promise<void> {
    return this.#applyAll(jobs, (job) => {
      const event = eventOf(job);
      this.#ask(job, event);
      return event;
    }, onChanged);
  }

  /** The delays or leases of jobs are over, or their results old. */
  timeOver(jobs: Iterable<Job>): void {
    this.#applyAll(jobs, ({ state }) => state === "done" ? FORGET : TIME_OVER);
  }

  /** Jobs have expired. */
  expire(jobs: Iterable<Job>): void {
    this.#applyAll(jobs, () => EXPIRE);
  }

  /**
   * Removes a job that has expired and whose timer is late. Returns whether it had. Serves no consumer: the caller is about
   * to take or put the next job.
   */
  expireIfOver(job: Job): boolean {
    if (!this.#isExpired(job.state, job)) return false;
    this.#apply(job, EXPIRE);
    return true;
  }

  /** The store has no room for new jobs: they are gone, whatever their state is by now. */
  refuse(ids: readonly number[]): void {
    const { jobs, bodies } = this.#parts;
    for (const id of ids) bodies.recent.delete(id);
    this.#applyAll(ids.flatMap((id) => jobs.get(id) ?? []), () => REFUSE);
  }

  /** Adds a job that a process before this one has stored, as it is by now. */
  load(stored: StoredJob, now: number): void {
    const { jobs, journal } = this.#parts;
    const { id, unique, expiresAt } = stored;
    const same = unique === "" ? undefined : jobs.queues.get(stored.queue)?.named(unique);
    if (same !== undefined) {
      throw new Error(`jobs ${same} and ${id} of ${stored.queue} have one name, ${unique}`);
    }
    const event = eventSince(stored, now);
    let job = stored;
    if (event !== undefined && event.kind !== "forget") {
      const progress = progressAfter(stored, this.#withRoom(event));
      job = { ...stored, ...progress };
      if (lifecycle[event.kind].stored) journal.write({ kind: "move", id, progress });
    }
    if (event?.kind !== "forget" && !isExpired(job.state, expiresAt, now)) jobs.add(job);
    else journal.write({ kind: "drop", id });
  }

  /** A connection has ended that held these jobs. */
  #disconnect(holder: JobHolder, ids: readonly number[]): void {
    const { jobs, clock } = this.#parts;
    const readyAt = clock.now();
    const slice = new JobSlice(clock, readyAt);
    let at = 0;
    function* held(): Generator<Job, void, void> {
      while (at < ids.length && !slice.isOver) {
        const job = jobs.get(ids[at++]);
        // Between two slices it may have been done over another connection, with attempt=.
        if (job?.holder === holder) yield job;
        slice.spend();
      }
    }
    this.#applyAll(held(), () => disconnect(readyAt));
    if (at < ids.length) this.#parts.yield(() => this.#disconnect(holder, ids.slice(at)));
  }

  #ask(jobs: Job | readonly Job[], event: JobEvent): void {
    const { asked, needsRow } = lifecycle[event.kind];
    if (!asked) return;
    this.ask();
    const { capacity } = this.#parts;
    if (needsRow) capacity.forRow();
    if (event.kind === "done" && event.result.length > 0) {
      capacity.forResults([jobs].flat(), event.result.length);
    }
  }

  #applyAll(
    jobs: Iterable<Job>,
    eventOf: (job: Job) => JobEvent,
    onChanged?: (id: number) => void,
  ): Promise<void> {
    const queues = new Set<QueueView>();
    try {
      for (const job of jobs) {
        const event = eventOf(job);
        const { id, queue } = job;
        this.#apply(job, event);
        onChanged?.(id);
        if (lifecycle[event.kind].frees) queues.add(queue);
      }
    } finally {
      this.#parts.serveAll(queues);
    }
    return this.#parts.journal.settled();
  }

  /** Makes a change that may be made. */
  #apply(job: Job, event: JobEvent): Promise<void> {
    const { from, counts, ending } = lifecycle[event.kind];
    const { id, state } = job;
    if (!from.includes(state)) throw new Error(`${event.kind} of job ${id}, which is ${state}`);
    if (counts !== undefined) this.#parts.jobs.countEvent(job, counts, this.#parts.turnClock.now());
    if (event.kind === "done") return this.#finish(job, event);
    if (ending !== undefined || event.kind === "forget") return this.#remove(job, event);
    return this.#move(job, event);
  }

  /** A job has come further. */
  #move(job: Job, event: JobEvent): Promise<void> {
    const { jobs, journal, results, limits } = this.#parts;
    const { id } = job;
    const progress = progressAfter(job, this.#withRoom(event));
    if (this.#isExpired(progress.state, job)) return this.#remove(job, EXPIRE);
    if (job.state === "taken") this.#holders.remove(job);
    switch (event.kind) {
      case "take":
        jobs.take(job, progress, event.client);
        limits.spend(job);
        break;
      case "untake":
      case "giveBack":
        limits.refund(job);
        jobs.untake(job, progress);
        break;
      case "extend":
        jobs.update(job, progress, job.holder);
        break;
      default:
        jobs.update(job, progress);
    }
    if (progress.state === "taken") this.#holders.add(job);
    if (progress.state === "dead") {
      // Requests that wait get the reason also if there is no room to keep it.
      const reason = "reason" in event ? event.reason : progress.reason;
      results.dead(id, `Job ${id} is dead${reason === "" ? "." : `: ${reason}`}`);
    }
    if (!lifecycle[event.kind].stored) return STORED;
    return journal.write({ kind: "move", id, progress });
  }

  /** A job is done: it is removed, or kept with its result. */
  #finish(job: Job, event: Extract<JobEvent, { kind: "done" }>): Promise<void> {
    const { jobs, journal, results, bodies } = this.#parts;
    const { id } = job;
    const { result } = event;
    let written: Promise<void>;
    if (!job.options.keep) written = this.#remove(job, event);
    else {
      this.#makeRoom(result.length);
      this.#holders.remove(job);
      const progress = progressAfter(job, event);
      jobs.finish(job, progress, result.length);
      bodies.recent.delete(id);
      results.keep(id, result);
      written = journal.write({ kind: "finish", id, progress, result });
    }
    results.done(id, result, written);
    return written;
  }

  /** A job is gone. */
  #remove(job: Job, { kind }: JobEvent): Promise<void> {
    const { jobs, journal, results } = this.#parts;
    const { id } = job;
    const { ending, stored } = lifecycle[kind];
    if (job.state === "taken") this.#holders.remove(job);
    if (kind === "expire") this.#expired++;
    jobs.remove(job);
    results.forget(id);
    const written = stored ? journal.write({ kind: "drop", id }) : STORED;
    if (ending !== undefined) results.dead(id, `Job ${id} ${ending}.`);
    return written;
  }

  /** Forgets the oldest results until there is room for one of this size. */
  #makeRoom(size: number): void {
    const { jobs, results, capacity } = this.#parts;
    let more = capacity.bytesOfResult(size);
    while (
      results.size > 0 &&
      (results.size >= capacity.max.maxResults || (more > 0 && !capacity.hasMemory))
    ) {
      const oldest = jobs.get(results.oldest)!;
      more -= capacity.bytesOfResult(oldest.size);
      this.#remove(oldest, FORGET);
    }
  }

  /** The event without its reason if there is no room to keep that. */
  #withRoom(event: JobEvent): JobEvent {
    if (event.kind !== "fail" && event.kind !== "disconnect") return event;
    if (event.reason === "" || this.#parts.capacity.keepsReason(event.reason)) return event;
    return { ...event, reason: "" };
  }

  /** Whether a job would be of no use any more in this state. */
  #isExpired(state: JobState, job: Job): boolean {
    if (state === "taken") return false;
    const { expiresAt } = job;
    return expiresAt > 0 && isExpired(state, expiresAt, this.#parts.clock.now());
  }

  /** The job that has the name of a new one. */
  #named({ queue: name, unique = "" }: NewJob): number | undefined {
    if (unique === "") return undefined;
    const { jobs } = this.#parts;
    const id = jobs.queues.get(name)?.named(unique);
    if (id === undefined || this.expireIfOver(jobs.get(id)!)) return undefined;
    return id;
  }
}
