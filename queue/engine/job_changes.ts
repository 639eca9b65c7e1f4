// Makes changes of jobs that may be made. Each changes memory, goes to the journal, counts, and answers requests that wait
// for the result.

import type { TurnClock } from "../../scheduling/turn_clock.ts";
import type { Job } from "../index/job.ts";
import { holderName, type JobHolder } from "../index/job_page.ts";
import type { Jobs } from "../index/jobs.ts";
import { type JobState, NO_RANK, type StoredJob } from "../store/job_fields.ts";
import type { JournalWriter } from "../store/journal.ts";
import { withAttempt } from "../store/past_attempts.ts";
import type { Bodies } from "./bodies.ts";
import type { CapacityCheck } from "./capacity.ts";
import { Holders } from "./holders.ts";
import {
  attemptEnded,
  eventSince,
  EXPIRE,
  FORGET,
  isExpired,
  type JobEvent,
  type JobSoFar,
  lifecycle,
  progressAfter,
} from "./lifecycle.ts";
import type { QueueClock } from "./queue_clock.ts";
import type { RateLimits } from "./rate_limits.ts";
import type { Results } from "./results.ts";

/** For changes that are not stored. */
const STORED = Promise.resolve();

/** The parts that a change works on. No other module has `Jobs`, whose methods change a job. */
interface JobChangeParts {
  readonly jobs: Jobs;
  readonly journal: JournalWriter<"put" | "move" | "finish" | "drop">;
  readonly capacity: CapacityCheck;
  readonly results: Results;
  readonly bodies: Bodies;
  readonly limits: RateLimits;
  readonly clock: QueueClock;
  /** The present for what comes in great numbers. */
  readonly turnClock: TurnClock;
  /** Gets a connection that has ended, and the ids of the jobs whose leases end with it. */
  readonly onDisconnect: (holder: JobHolder, ids: readonly number[]) => void;
}

/** Makes changes of jobs, for the transitions alone: it neither asks whether a change may be made nor serves consumers. */
export class JobChanges {
  readonly #parts: JobChangeParts;
  /** The connections whose end is that of their leases. */
  readonly holders: Pick<Holders, "firstEnd">;
  readonly #holders: Holders;
  #expired = 0;
  #timeouts = 0;

  constructor(parts: JobChangeParts) {
    this.#parts = parts;
    this.#holders = this.holders = new Holders(parts.onDisconnect);
  }

  /** How many jobs expired. */
  get expired(): number {
    return this.#expired;
  }

  /** How many leases ran out. */
  get timeouts(): number {
    return this.#timeouts;
  }

  /** Adds a new job. Resolves once it is stored. */
  add(stored: StoredJob, body: Uint8Array, now: number): Promise<void> {
    const { jobs, journal, bodies } = this.#parts;
    bodies.recent.add(stored.id, body);
    const job = jobs.add(stored);
    jobs.countEvent(job, "put", now);
    if (stored.rank !== NO_RANK && stored.readyAt > now) {
      jobs.historyOf(job).delay = stored.readyAt - now;
    }
    return journal.write({ kind: "put", job: stored, body });
  }

  /**
   * Adds a job that a process before this one has stored, as it is by now. `keepsHold`: the connection that holds it may be
   * that of another server.
   */
  load(stored: StoredJob, now: number, keepsHold: boolean): void {
    const { jobs, journal } = this.#parts;
    const { id, unique, expiresAt } = stored;
    const same = unique === "" ? undefined : jobs.queues.get(stored.queue)?.named(unique);
    if (same !== undefined) {
      throw new Error(`jobs ${same} and ${id} of ${stored.queue} have one name, ${unique}`);
    }
    const event = eventSince(stored, now, keepsHold);
    let job = stored;
    if (event !== undefined && event.kind !== "forget") {
      const happened = this.#withRoom(event);
      const progress = progressAfter(stored, happened, this.#pastAfter(stored, happened, now));
      job = { ...stored, ...progress };
      if (lifecycle[event.kind].stored) journal.write({ kind: "move", id, progress });
    }
    if (event?.kind !== "forget" && !isExpired(job.state, expiresAt, now)) jobs.add(job);
    else journal.write({ kind: "drop", id });
  }

  /**
   * Removes a job that has expired and whose timer is late. Returns whether it had. Serves no consumer: the caller is about
   * to take or put the next job.
   */
  expireIfOver(job: Job): boolean {
    if (!this.#isExpired(job.state, job)) return false;
    this.apply(job, EXPIRE);
    return true;
  }

  /** Something happens to a job, in a state in which it may. Resolves once it is stored. */
  apply(job: Job, event: JobEvent): Promise<void> {
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
    const { state } = job;
    const happened = this.#withRoom(event);
    const progress = progressAfter(job, happened, this.#pastAfter(job, happened));
    if (this.#isExpired(progress.state, job)) return this.#remove(job, EXPIRE);
    if (job.state === "taken") this.#holders.remove(job);
    switch (event.kind) {
      case "take":
        jobs.take(job, progress, event.client, event.inTurn);
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
    if (event.kind === "timeOver" && state === "taken") this.#timeouts++;
    if (progress.rank !== NO_RANK) this.#remember(job, state, event);
    if (progress.state === "dead") {
      // Requests that wait get the reason also if there is no room to keep it.
      const reason = "reason" in event ? event.reason : progress.reason;
      results.dead(id, `Job ${id} is dead${reason === "" ? "." : `: ${reason}`}`);
    }
    if (!lifecycle[event.kind].stored) return STORED;
    return journal.write({ kind: "move", id, progress });
  }

  /** Counts what has happened to a job with a rank. */
  #remember(job: Job, before: JobState, event: JobEvent): void {
    const { jobs, turnClock } = this.#parts;
    if (event.kind === "release") {
      const history = jobs.historyOf(job);
      history.releases++;
      history.delay = event.readyAt === undefined ? 0 : event.readyAt - turnClock.now();
    } else if (event.kind === "timeOver" && before === "taken") jobs.historyOf(job).timeouts++;
    else if (event.kind === "fail" && event.dead) jobs.historyOf(job).buries++;
    else if (event.kind === "revive") jobs.historyOf(job).kicks++;
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
      const progress = progressAfter(job, event, this.#pastAfter(job, event));
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
      (capacity.results >= capacity.max.maxResults || (more > 0 && !capacity.hasMemory))
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

  /** The attempts of a job that are over after an event: those before, if there is no room to keep more. */
  #pastAfter(job: JobSoFar & Partial<Pick<Job, "holder">>, event: JobEvent, at?: number): string {
    const { outcome } = lifecycle[event.kind];
    if (outcome === undefined || job.state !== "taken") return job.past;
    const now = at ?? this.#parts.turnClock.now();
    const ended = attemptEnded(job, event, holderName(job.holder) ?? "", now);
    if (ended === undefined) return job.past;
    const past = withAttempt(job.past, ended);
    return this.#parts.capacity.keepsReason(past) ? past : job.past;
  }

  /** Whether a job would be of no use any more in this state. */
  #isExpired(state: JobState, job: Job): boolean {
    if (state === "taken") return false;
    const { expiresAt } = job;
    return expiresAt > 0 && isExpired(state, expiresAt, this.#parts.clock.now());
  }
}
