import { deadJob, notDead, notFound } from "../refusals.ts";
import type { Job } from "../index/job.ts";
import { holderName, type JobHistory } from "../index/job_page.ts";
import type { StoredJob } from "../store/job_fields.ts";
import type { KeyChoice } from "../patterns.ts";
import type { Right } from "../rights.ts";
import type { NewJob } from "../store/job_values.ts";
import type { QueueLimits } from "../store/store.ts";
import type { Caller, QueueClient } from "./caller.ts";
import type { Delivery } from "./delivery.ts";
import type {
  AttemptFailure,
  Claim,
  DeliveredJob,
  FailedCounts,
  FoundJob,
  FoundSchedule,
  JobDetails,
  JobFilter,
  JobList,
  LimitChange,
  ListFilter,
  NewSchedule,
  PutResult,
  QueueDetails,
  QueueFilter,
  QueueSummary,
  ScheduleDetails,
  TakeRequest,
} from "./engine.ts";
import { figuresOf, type MeasuredParts } from "./figures.ts";
import { claimed, done, extend, fail, release } from "./leases.ts";
import { allLimits, limitsOf, setLimits } from "./limits.ts";
import { detailsOf, summaries } from "./summaries.ts";
import type { JobScope, JobWithBody, ScopeCounts } from "./ranked_engine.ts";
import { countsOf, firstJob, takeJob, wake, wakeFirst } from "./ranked_jobs.ts";
import type { EndedHold, NextJob, Offer, ShardEngine } from "./shard_engine.ts";
import { needNoRunId } from "./run_ids.ts";
import { withDistinctQueues } from "./distinct_queues.ts";
import { searchJobs } from "./search.ts";
import { changeJobs, listJobs } from "./sweeps.ts";
import { type Dependencies, WorkQueue } from "./work_queue.ts";

const NO_JOBS: readonly DeliveredJob[] = [];
/** A batch that takes so long in ms is stuck. A slow disk may need a second. */
const STUCK_MS = 10_000;

/** An engine whose jobs are in the memory of this process, and in a store. */
export class LocalEngine implements ShardEngine {
  readonly #work: WorkQueue;

  private constructor(work: WorkQueue) {
    this.#work = work;
  }

  /** Loads the store. If that fails, closes the store and rejects. */
  static async open(dependencies: Dependencies): Promise<LocalEngine> {
    const work = new WorkQueue(dependencies);
    try {
      await work.load();
    } catch (error) {
      // The first error says more than the next ones of a broken store.
      await work.close().catch(() => {});
      throw error;
    }
    return new LocalEngine(work);
  }

  now(): number {
    return this.#work.clock.now();
  }

  get readOnly(): boolean {
    return this.#work.journal.failure !== undefined;
  }

  figures(): Iterable<readonly [name: string, value: number]> {
    return figuresOf(this.#work);
  }

  /** The parts that metrics are read from. */
  get measured(): MeasuredParts {
    return this.#work;
  }

  /** Why the queue should get no requests now, in words; `undefined` where it may. */
  unready(): string | undefined {
    const { clock, journal } = this.#work;
    if (journal.failure !== undefined) return "the store fails, so the queue is read-only";
    const ms = clock.now() - (journal.writingSince ?? Infinity);
    if (ms < STUCK_MS) return undefined;
    return `the store has not written for ${Math.floor(ms / 1000)} seconds`;
  }

  close(): Promise<number> {
    return this.#work.close();
  }

  put(job: NewJob, caller: Caller): Promise<PutResult> {
    needNoRunId(job.unique);
    const { journal, transitions } = this.#work;
    if (journal.full) return journal.room(caller.signal).then(() => this.put(job, caller));
    const { id, duplicate, written } = transitions.put(job);
    return written.then(() => duplicate ? { id, duplicate } : { id });
  }

  async result(id: number, { park }: Caller): Promise<Uint8Array> {
    const { journal, results, bodies, capacity } = this.#work;
    const { state, reason } = this.#job(id);
    if (state === "dead") {
      throw deadJob(`Job ${id} is dead${reason === "" ? "." : `: ${reason}`}`);
    }
    if (state === "done") {
      const [body] = await Promise.all([bodies.read(id), journal.settled()]);
      return body;
    }
    capacity.forWaiting();
    const waiting = results.wait(id);
    try {
      return await park(waiting.result);
    } finally {
      waiting.leave();
    }
  }

  setSchedule(schedule: NewSchedule, { signal }: Caller): Promise<number | undefined> {
    return this.#work.schedules.set(schedule, signal);
  }

  pauseSchedule(name: string, paused: boolean): Promise<number | undefined> {
    return this.#work.schedules.pause(name, paused);
  }

  endSchedule(name: string): Promise<void> {
    return this.#work.schedules.end(name);
  }

  schedules(): AsyncIterable<ScheduleDetails> {
    return this.#work.schedules.list();
  }

  take(asked: TakeRequest, wait: number, caller: Caller): Promise<readonly DeliveredJob[]> {
    const request = withDistinctQueues(asked);
    const delivery = this.#work.dispatcher.take(request);
    if (delivery?.isInMemory) return delivery.whole;
    return this.#takeLater(request, delivery, wait, caller);
  }

  /** Waits for the bodies of a delivery, or for a job. */
  async #takeLater(
    request: TakeRequest,
    delivery: Delivery | undefined,
    wait: number,
    { park }: Caller,
  ): Promise<readonly DeliveredJob[]> {
    const { dispatcher } = this.#work;
    const end = wait === 0 ? 0 : this.now() + wait;
    // It takes again only if it could read the body of no job.
    for (;; delivery = dispatcher.take(request)) {
      if (delivery !== undefined) {
        const jobs = await delivery.whole;
        if (jobs.length > 0) return jobs;
        continue;
      }
      const left = end - this.now();
      if (wait === 0 || left <= 0) return NO_JOBS;
      const consumer = dispatcher.wait(request, left);
      try {
        const jobs = await park(consumer.answer);
        if (jobs === undefined) return NO_JOBS;
        if (jobs.length > 0) return jobs;
      } catch (error) {
        dispatcher.abandon(consumer);
        throw error;
      }
    }
  }

  giveBack(jobs: readonly DeliveredJob[], mayBeRead: boolean): void {
    this.#work.dispatcher.giveBack(jobs, mayBeRead);
  }

  done(
    ids: readonly number[],
    claim: Claim,
    result: Uint8Array,
    signal: AbortSignal,
  ): Promise<void> {
    const { journal } = this.#work;
    if (result.length === 0 || !journal.full) return done(this.#work, ids, claim, result);
    return journal.room(signal).then(() => done(this.#work, ids, claim, result));
  }

  fail(ids: readonly number[], claim: Claim, failure: AttemptFailure): Promise<FailedCounts> {
    return fail(this.#work, ids, claim, failure);
  }

  extend(id: number, claim: Claim, lease: number | undefined): Promise<number> {
    return extend(this.#work, id, claim, lease);
  }

  release(
    id: number,
    claim: Claim,
    delay: number,
    rank?: number,
  ): Promise<"ready" | "delayed"> {
    return release(this.#work, id, claim, delay, rank);
  }

  queues(filter?: QueueFilter): Iterable<QueueSummary> {
    return summaries(this.#work.jobs, filter);
  }

  queue(name: string, top: number, key?: string, keys?: KeyChoice): QueueDetails {
    return detailsOf(this.#work.jobs, name, { top, key, keys }, this.now());
  }

  async job(id: number): Promise<JobDetails> {
    const job = this.#job(id);
    const stored = job.stored();
    const takenBy = holderName(job.holder);
    return { job: stored, body: await this.#work.bodies.read(id), takenBy };
  }

  list(filter: ListFilter, max: number, after: number, caller: Caller): Promise<JobList> {
    const { text } = filter;
    return text === undefined
      ? listJobs(this.#work, filter, max, after, caller)
      : searchJobs(this.#work, { ...filter, text }, max, after, caller);
  }

  async drop(id: number): Promise<void> {
    const { transitions } = this.#work;
    await transitions.change(transitions.job(id), { kind: "drop" });
  }

  purge(filter: JobFilter, caller: Caller): Promise<number> {
    return changeJobs(this.#work, filter, () => ({ kind: "purge" }), caller);
  }

  async revive(id: number): Promise<void> {
    const { transitions } = this.#work;
    const job = transitions.job(id);
    if (job.state !== "dead") throw notDead(id, job.state);
    await transitions.change(job, { kind: "revive", readyAt: this.now() });
  }

  async reviveAll(
    queue: string,
    key: string | undefined,
    caller: Caller,
    keys?: KeyChoice,
  ): Promise<number> {
    this.#work.transitions.ask();
    const filter: JobFilter = { queue, key, keys, state: "dead" };
    return await changeJobs(this.#work, filter, (readyAt) => ({ kind: "revive", readyAt }), caller);
  }

  takeJob(id: number, client: QueueClient): Promise<DeliveredJob> {
    return takeJob(this.#work, id, client);
  }

  leaseEnd(client: QueueClient): number {
    return this.#work.holders.firstEnd(client, this.#work.jobs);
  }

  describe(id: number): { job: StoredJob; history: Readonly<JobHistory> | undefined } {
    const job = this.#job(id);
    return { job: job.stored(), history: job.extras?.history };
  }

  first(scope: JobScope, state: "ready" | "delayed" | "dead"): Promise<JobWithBody | undefined> {
    return firstJob(this.#work, scope, state);
  }

  wake(id: number): Promise<void> {
    return wake(this.#work, id);
  }

  wakeFirst(scope: JobScope, most: number, caller: Caller): Promise<number> {
    return wakeFirst(this.#work, scope, most, caller);
  }

  pauseFor(scope: JobScope, ms: number): void {
    const { capacity, pauses, jobs, transitions } = this.#work;
    if (ms === 0) return pauses.end(scope);
    transitions.ask();
    capacity.forMemory();
    capacity.forQueues(jobs, [scope.queue]);
    capacity.forLimits();
    pauses.begin(scope, ms);
  }

  counts(scope?: JobScope): ScopeCounts {
    return countsOf(this.#work.jobs, scope);
  }

  keysOf(queue: string): Iterable<string> {
    return Iterator.from(this.#work.jobs.queues.get(queue)?.all() ?? []).map(({ key }) => key);
  }

  find(id: number): FoundJob | undefined {
    const job = this.#work.jobs.get(id);
    return job && { queue: job.options.queue, key: job.key, state: job.state };
  }

  findSchedule(name: string): FoundSchedule | undefined {
    return this.#work.schedules.find(name);
  }

  may(_right: Right, _scope: JobScope): boolean {
    return true;
  }

  hasJobFor(request: TakeRequest): boolean {
    return this.#work.dispatcher.hasJobFor(request);
  }

  next(queue: string, keys?: KeyChoice): NextJob | undefined {
    const job = this.#work.dispatcher.next(queue, keys);
    if (job === undefined) return undefined;
    const { id, rank, readyAt, size, queue: { weight } } = job;
    return { id, rank, readyAt, size, weight };
  }

  offer(request: TakeRequest, time: number, onServed: () => void): Offer {
    const { dispatcher, transitions } = this.#work;
    transitions.ask();
    const consumer = dispatcher.wait(request, time, onServed);
    return { jobs: consumer.answer, leave: () => dispatcher.abandon(consumer) };
  }

  needTaken(ids: readonly number[], claim: Claim): void {
    claimed(this.#work, ids, claim);
  }

  endHolds(jobs: readonly EndedHold[]): void {
    this.#work.transitions.endHolds(jobs);
  }

  totals(): { jobs: number; timeouts: number } {
    const { puts, timeouts } = this.#work.transitions;
    return { jobs: puts, timeouts };
  }

  limits(queue: string, key: string): QueueLimits {
    return limitsOf(this.#work.jobs, queue, key);
  }

  setLimits(queue: string, key: string, change: LimitChange): Promise<QueueLimits> {
    return setLimits(this.#work, queue, key, change);
  }

  allLimits(queue?: string): Iterable<QueueLimits> {
    return allLimits(this.#work.jobs, queue);
  }

  #job(id: number): Job {
    const job = this.#work.jobs.get(id);
    if (job === undefined) throw notFound(id);
    return job;
  }
}
