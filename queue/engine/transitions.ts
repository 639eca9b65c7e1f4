// The one way to change a job. Every change asks whether it may be made, is made (`job_changes.ts`), and serves consumers.

import type { TurnClock } from "../../scheduling/turn_clock.ts";
import type { Job } from "../index/job.ts";
import type { JobHolder } from "../index/job_page.ts";
import type { JobNumbers } from "../job_numbers.ts";
import { JobSlice, type Yield } from "../index/job_slice.ts";
import type { JobsView } from "../index/jobs.ts";
import type { QueueView } from "../index/queue.ts";
import { closed, notFound, readOnly } from "../refusals.ts";
import { type NewJob, newStoredJob } from "../store/job_values.ts";
import type { JournalView } from "../store/journal.ts";
import type { Bodies } from "./bodies.ts";
import type { CapacityCheck } from "./capacity.ts";
import type { JobChanges } from "./job_changes.ts";
import { disconnect, EXPIRE, FORGET, type JobEvent, lifecycle } from "./lifecycle.ts";
import type { QueueClock } from "./queue_clock.ts";
import type { EndedHold } from "./shard_engine.ts";

const REFUSE: JobEvent = { kind: "refuse" };
const TIME_OVER: JobEvent = { kind: "timeOver" };

/** The parts that transitions work with. */
interface TransitionParts {
  readonly jobs: JobsView;
  readonly changes: JobChanges;
  readonly journal: JournalView;
  readonly capacity: CapacityCheck;
  readonly bodies: Bodies;
  readonly clock: QueueClock;
  readonly numbers: JobNumbers;
  /** The present for what comes in great numbers. */
  readonly turnClock: TurnClock;
  /** Gives the consumers of a queue, or of several, the jobs that may be taken. */
  readonly serve: (queue: QueueView, key?: string) => void;
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
  #puts = 0;
  #closed = false;
  readonly #parts: TransitionParts;

  constructor(parts: TransitionParts) {
    this.#parts = parts;
  }

  /** The highest id that was ever given to a job. */
  get lastId(): number {
    return this.#lastId;
  }

  /** How many jobs were put since the start. */
  get puts(): number {
    return this.#puts;
  }

  /** How many jobs expired. */
  get expired(): number {
    return this.#parts.changes.expired;
  }

  /** How many leases ran out. */
  get timeouts(): number {
    return this.#parts.changes.timeouts;
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
    const { jobs, changes, journal, capacity, numbers, turnClock } = this.#parts;
    const same = this.#named(job);
    if (same !== undefined) return { id: same, duplicate: true, written: journal.settled() };
    capacity.forJob(jobs, job.queue, job.key ?? "", job.body.length);
    const id = this.#lastId = numbers.after(this.#lastId);
    this.#puts++;
    const now = turnClock.now();
    const stored = newStoredJob(id, now, job);
    const written = changes.add(stored, job.body, now);
    if (stored.state === "ready") this.#parts.serve(jobs.queues.get(stored.queue)!, stored.key);
    return { id, duplicate: false, written };
  }

  /** Something happens to a job. Resolves once it is stored. Throws if the event is asked for and may not be. */
  change(job: Job, event: JobEvent): Promise<void> {
    const { queue, key } = job;
    this.#ask(job, event);
    const written = this.#parts.changes.apply(job, event);
    if (lifecycle[event.kind].frees) this.#parts.serve(queue, key);
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

  /** Removes a job that has expired and whose timer is late, as `expireIfOver` of the changes. */
  expireIfOver(job: Job): boolean {
    return this.#parts.changes.expireIfOver(job);
  }

  /** The store has no room for new jobs: they are gone, whatever their state is by now. */
  refuse(ids: readonly number[]): void {
    const { jobs, bodies } = this.#parts;
    for (const id of ids) bodies.recent.delete(id);
    this.#applyAll(ids.flatMap((id) => jobs.get(id) ?? []), () => REFUSE);
  }

  /** A connection has ended that held these jobs. */
  disconnect(holder: JobHolder, ids: readonly number[]): void {
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
    if (at < ids.length) this.#parts.yield(() => this.disconnect(holder, ids.slice(at)));
  }

  /** Connections of other servers have ended that held these attempts. */
  endHolds(held: readonly EndedHold[]): void {
    const { jobs, clock } = this.#parts;
    if (this.#closed) return;
    const ended = held.flatMap(({ id, attempt }) => {
      const job = jobs.get(id);
      const isHeld = job?.state === "taken" && job.attempt === attempt && job.releaseOnDisconnect;
      return isHeld ? [job] : [];
    });
    this.#applyAll(ended, () => disconnect(clock.now()));
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
    const { changes, journal } = this.#parts;
    const queues = new Set<QueueView>();
    try {
      for (const job of jobs) {
        const event = eventOf(job);
        const { id, queue } = job;
        changes.apply(job, event);
        onChanged?.(id);
        if (lifecycle[event.kind].frees) queues.add(queue);
      }
    } finally {
      this.#parts.serveAll(queues);
    }
    return journal.settled();
  }

  /** The job that has the name of a new one. */
  #named({ queue: name, unique = "" }: NewJob): number | undefined {
    if (unique === "") return undefined;
    const { jobs, changes } = this.#parts;
    const id = jobs.queues.get(name)?.named(unique);
    if (id === undefined || changes.expireIfOver(jobs.get(id)!)) return undefined;
    return id;
  }
}
