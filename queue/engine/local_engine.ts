import { deadJob, notDead, notFound } from "../refusals.ts";
import type { Job } from "../index/job.ts";
import { noJobs, type Queue } from "../index/queue.ts";
import { type CountedEvent, events } from "../index/event_rates.ts";
import { states, type StoredJob } from "../store/job_fields.ts";
import type { QueueLimits } from "../store/store.ts";
import type { Caller } from "./caller.ts";
import type {
  Claim,
  DeliveredJob,
  Engine,
  FailedCounts,
  JobFailure,
  JobFilter,
  JobList,
  LimitChange,
  NewJob,
  NewSchedule,
  PutResult,
  QueueDetails,
  QueueSummary,
  ScheduleDetails,
  TakeRequest,
} from "./engine.ts";
import { done, extend, fail, release } from "./leases.ts";
import { allLimits, limitsOf, setLimits } from "./limits.ts";
import { changeJobs, listJobs } from "./sweeps.ts";
import { type Dependencies, WorkQueue } from "./work_queue.ts";

const NO_JOBS: readonly DeliveredJob[] = [];

/** An engine whose jobs are in the memory of this process, and in a store. */
export class LocalEngine implements Engine {
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

  *figures(): Generator<readonly [name: string, value: number]> {
    const { jobs, journal, consumers, results, schedules, limits, capacity, transitions } =
      this.#work;
    yield ["queue-queues", jobs.queues.size];
    for (const state of states) yield [`queue-${state}`, jobs.counts[state]];
    yield ["queue-takers", consumers.size];
    yield ["queue-waiting-results", results.waiting];
    yield ["queue-schedules", schedules.size];
    yield ["queue-limits", limits.size];
    yield ["queue-held-bytes", capacity.held];
    yield ["queue-held-bytes-limit", capacity.max.maxMemory];
    const room = capacity.storeRoom.reported;
    if (room !== undefined) {
      yield ["queue-store-bytes", room.used];
      yield ["queue-store-bytes-left", Math.floor(room.left)];
    }
    yield ["queue-expired-total", transitions.expired];
    yield ["queue-commits-total", journal.commits];
    yield ["queue-changes-total", journal.changes];
    yield ["queue-read-only", journal.failure === undefined ? 0 : 1];
  }

  close(): Promise<number> {
    return this.#work.close();
  }

  put(job: NewJob, caller: Caller): Promise<PutResult> {
    const { journal, transitions } = this.#work;
    if (journal.full) return journal.room(caller.signal).then(() => this.put(job, caller));
    const { id, duplicate, written } = transitions.put(job);
    return written.then(() => duplicate ? { id, duplicate } : { id });
  }

  async result(id: number, { park }: Caller): Promise<Uint8Array> {
    const { journal, results, bodies, capacity, consumers } = this.#work;
    const { state, reason } = this.#job(id);
    if (state === "dead") {
      throw deadJob(`Job ${id} is dead${reason === "" ? "." : `: ${reason}`}`);
    }
    if (state === "done") {
      const [body] = await Promise.all([bodies.read(id), journal.settled()]);
      return body;
    }
    capacity.forWaiting(consumers.size + results.waiting);
    const waiting = results.wait(id);
    try {
      return await park(waiting.result);
    } finally {
      waiting.leave();
    }
  }

  async setSchedule(schedule: NewSchedule, { signal }: Caller): Promise<number> {
    const { journal, schedules } = this.#work;
    if (journal.full) await journal.room(signal);
    return await schedules.set(schedule);
  }

  endSchedule(name: string): Promise<void> {
    return this.#work.schedules.end(name);
  }

  schedules(): AsyncIterable<ScheduleDetails> {
    return this.#work.schedules.list();
  }

  async take(
    request: TakeRequest,
    wait: number,
    { park }: Caller,
  ): Promise<readonly DeliveredJob[]> {
    const { dispatcher } = this.#work;
    const end = wait === 0 ? 0 : this.now() + wait;
    // Again only if the body of no job that was given could be read.
    for (;;) {
      const delivery = dispatcher.take(request);
      if (delivery !== undefined) {
        await delivery.whole;
        if (delivery.jobs.length > 0) return delivery.jobs as readonly DeliveredJob[];
        continue;
      }
      const left = end - this.now();
      if (wait === 0 || left <= 0) return NO_JOBS;
      const consumer = dispatcher.wait(request, left);
      try {
        const later = await park(consumer.answer);
        if (later === undefined) return NO_JOBS;
        if (later.jobs.length > 0) return later.jobs as readonly DeliveredJob[];
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

  fail(ids: readonly number[], claim: Claim, failure: JobFailure): Promise<FailedCounts> {
    return fail(this.#work, ids, claim, failure);
  }

  extend(id: number, claim: Claim, lease: number | undefined): Promise<number> {
    return extend(this.#work, id, claim, lease);
  }

  release(id: number, claim: Claim, delay: number): Promise<"ready" | "delayed"> {
    return release(this.#work, id, claim, delay);
  }

  *queues(): Generator<QueueSummary, void, void> {
    const { names, queues } = this.#work.jobs;
    for (const name of names) {
      const queue = queues.get(name);
      if (queue !== undefined) yield summaryOf(name, queue);
    }
  }

  queue(name: string, top: number): QueueDetails {
    const { jobs } = this.#work;
    const now = this.now();
    const queue = jobs.queues.get(name);
    const rateOf = (event: CountedEvent): [CountedEvent, number] => [
      event,
      queue?.rates.perSecond(event, now) ?? 0,
    ];
    return {
      ...summaryOf(name, queue),
      top: queue?.keys.top(top).map(({ key, delayed, ready, taken, dead, done }) => ({
        key,
        counts: { delayed, ready, taken, dead, done },
        limits: limitsOf(jobs, name, key),
      })) ?? [],
      keys: queue?.keys.size ?? 0,
      rates: Object.fromEntries(events.map(rateOf)) as Record<CountedEvent, number>,
      limits: limitsOf(jobs, name, ""),
    };
  }

  async job(id: number): Promise<{ readonly job: StoredJob; readonly body: Uint8Array }> {
    const job = this.#job(id).stored();
    return { job, body: await this.#work.bodies.read(id) };
  }

  list(filter: JobFilter, max: number, after: number, caller: Caller): Promise<JobList> {
    return listJobs(this.#work, filter, max, after, caller);
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

  async reviveAll(queue: string, caller: Caller): Promise<number> {
    this.#work.transitions.ask();
    const filter: JobFilter = { queue, state: "dead" };
    return await changeJobs(this.#work, filter, (readyAt) => ({ kind: "revive", readyAt }), caller);
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

function summaryOf(name: string, queue: Queue | undefined): QueueSummary {
  return {
    queue: name,
    counts: queue?.counts ?? noJobs(),
    oldest: queue?.order.oldest,
    consumers: queue?.consumers ?? 0,
    paused: queue?.limits?.limits.paused ?? false,
  };
}
