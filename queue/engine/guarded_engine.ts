// An engine for one identity: each method checks its rights first, and what it must not know is not there.

import type { KeyChoice } from "../patterns.ts";
import { noSchedule, notFound } from "../refusals.ts";
import type { Right, Rights } from "../rights.ts";
import type { NewJob } from "../store/job_values.ts";
import type { QueueLimits } from "../store/store.ts";
import type { Caller } from "./caller.ts";
import type {
  AttemptFailure,
  Claim,
  DeliveredJob,
  Engine,
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

/** An engine with the rights of one identity. */
export class GuardedEngine<E extends Engine = Engine> implements Engine {
  protected readonly engine: E;
  protected readonly rights: Rights;

  constructor(engine: E, rights: Rights) {
    this.engine = engine;
    this.rights = rights;
  }

  now(): number {
    return this.engine.now();
  }

  get readOnly(): boolean {
    return this.engine.readOnly;
  }

  figures(): Iterable<readonly [name: string, value: number]> {
    this.rights.needOperator();
    return this.engine.figures();
  }

  close(): Promise<number> {
    this.rights.needOperator();
    return this.engine.close();
  }

  // No async functions on the ways of most requests: their frames and promises cost more than the checks.

  put(job: NewJob, caller: Caller): Promise<PutResult> {
    this.rights.need("put", job.queue, job.key ?? "");
    const putting = this.engine.put(job, caller);
    return job.unique === undefined ? putting : this.#putNamed(job, putting);
  }

  /** A queue has one job of a name, whatever its key. */
  async #putNamed({ unique }: NewJob, putting: Promise<PutResult>): Promise<PutResult> {
    const result = await putting;
    if (result.duplicate && !this.#mayKnow(await this.engine.find(result.id))) {
      throw this.rights.taken(`the name ${unique}`);
    }
    return result;
  }

  async result(id: number, caller: Caller): Promise<Uint8Array> {
    await this.#needJobs([id], "put", "see");
    return await this.engine.result(id, caller);
  }

  async setSchedule(schedule: NewSchedule, caller: Caller): Promise<number | undefined> {
    const { name, queue, key } = schedule;
    this.rights.need("put", queue, key);
    const other = await this.engine.findSchedule(name);
    if (other !== undefined && !this.rights.has("put", other.queue, other.key)) {
      throw this.rights.taken(`the schedule ${name}`);
    }
    return await this.engine.setSchedule(schedule, caller);
  }

  async endSchedule(name: string): Promise<void> {
    await this.#needSchedule(name);
    await this.engine.endSchedule(name);
  }

  async pauseSchedule(name: string, paused: boolean): Promise<number | undefined> {
    await this.#needSchedule(name);
    return await this.engine.pauseSchedule(name, paused);
  }

  /** Needs the right to end or pause a schedule. Throws `not-found` as if it were not there. */
  async #needSchedule(name: string): Promise<void> {
    const found = await this.engine.findSchedule(name);
    if (found === undefined || !this.#has(["put", "manage"], found)) throw noSchedule(name);
  }

  async *schedules(): AsyncGenerator<ScheduleDetails, void, void> {
    for await (const each of this.engine.schedules()) {
      if (this.#has(["put", "see", "manage"], each.schedule)) yield each;
    }
  }

  take(
    request: TakeRequest,
    wait: number,
    caller: Caller,
  ): Promise<readonly DeliveredJob[]> {
    return this.engine.take(this.allowed(request), wait, caller);
  }

  giveBack(jobs: readonly DeliveredJob[], mayBeRead: boolean): void {
    this.engine.giveBack(jobs, mayBeRead);
  }

  done(
    ids: readonly number[],
    claim: Claim,
    result: Uint8Array,
    signal: AbortSignal,
  ): Promise<void> {
    const needed = this.#needJobs(ids, "take");
    const done = (): Promise<void> => this.engine.done(ids, claim, result, signal);
    return needed === undefined ? done() : needed.then(done);
  }

  async fail(
    ids: readonly number[],
    claim: Claim,
    failure: AttemptFailure,
  ): Promise<FailedCounts> {
    await this.#needJobs(ids, "take");
    return await this.engine.fail(ids, claim, failure);
  }

  async extend(id: number, claim: Claim, lease: number | undefined): Promise<number> {
    await this.#needJobs([id], "take");
    return await this.engine.extend(id, claim, lease);
  }

  async release(
    id: number,
    claim: Claim,
    delay: number,
    rank?: number,
  ): Promise<"ready" | "delayed"> {
    await this.#needJobs([id], "take");
    return await this.engine.release(id, claim, delay, rank);
  }

  find(id: number): FoundJob | undefined | Promise<FoundJob | undefined> {
    const found = this.engine.find(id);
    return found instanceof Promise ? found.then((job) => this.#known(job)) : this.#known(found);
  }

  async findSchedule(name: string): Promise<FoundSchedule | undefined> {
    const found = await this.engine.findSchedule(name);
    return found !== undefined && this.#has(["put", "see", "manage"], found) ? found : undefined;
  }

  async *queues(filter?: QueueFilter): AsyncGenerator<QueueSummary, void, void> {
    for await (const each of this.engine.queues({ ...filter, keys: this.rights.keys })) {
      if (this.rights.has("see", each.queue)) yield each;
    }
  }

  queue(name: string, top: number, key?: string): QueueDetails | Promise<QueueDetails> {
    this.rights.need("see", name, key);
    return this.engine.queue(name, top, key, this.rights.keys);
  }

  async job(id: number): Promise<JobDetails> {
    await this.#needJobs([id], "see");
    return await this.engine.job(id);
  }

  // deno-lint-ignore require-await
  async list(filter: ListFilter, max: number, after: number, caller: Caller): Promise<JobList> {
    return this.engine.list(this.#filter("see", filter), max, after, caller);
  }

  async drop(id: number): Promise<void> {
    await this.#needJobs([id], "manage");
    await this.engine.drop(id);
  }

  // deno-lint-ignore require-await
  async purge(filter: JobFilter, caller: Caller): Promise<number> {
    return this.engine.purge(this.#filter("manage", filter), caller);
  }

  async revive(id: number): Promise<void> {
    await this.#needJobs([id], "manage");
    await this.engine.revive(id);
  }

  // deno-lint-ignore require-await
  async reviveAll(queue: string, key: string | undefined, caller: Caller): Promise<number> {
    this.rights.need("manage", queue, key);
    return this.engine.reviveAll(queue, key, caller, this.rights.keys);
  }

  limits(queue: string, key: string): QueueLimits | Promise<QueueLimits> {
    this.rights.need("see", queue, key || undefined);
    return this.engine.limits(queue, key);
  }

  // deno-lint-ignore require-await
  async setLimits(queue: string, key: string, change: LimitChange): Promise<QueueLimits> {
    this.rights.needLimits(queue, key || undefined);
    return this.engine.setLimits(queue, key, change);
  }

  async *allLimits(queue?: string): AsyncGenerator<QueueLimits, void, void> {
    if (queue !== undefined) this.rights.need("see", queue);
    for await (const each of this.engine.allLimits(queue)) {
      if (this.rights.has("see", each.queue, each.key || undefined)) yield each;
    }
  }

  /** The request, for the keys that the identity may take. Throws `forbidden` for a queue or key that it may not. */
  protected allowed(request: TakeRequest): TakeRequest {
    const { rights } = this;
    const { queues, keys: wanted } = request;
    for (const queue of queues) {
      for (const key of keysOf(wanted?.get(queue))) rights.need("take", queue, key);
    }
    const { keys } = rights;
    if (keys === undefined) return request;
    return {
      ...request,
      keys: new Map(queues.map((queue) => [queue, wanted?.get(queue) ?? keys])),
    };
  }

  /** The filter, for the keys of the identity. */
  #filter<F extends JobFilter>(right: Right, filter: F): F {
    this.rights.need(right, filter.queue, filter.key);
    return { ...filter, keys: this.rights.keys };
  }

  /** A job, where the identity may know of it. */
  #known(job: FoundJob | undefined): FoundJob | undefined {
    return this.#mayKnow(job) ? job : undefined;
  }

  #has(some: readonly Right[], { queue, key }: Pick<FoundJob, "queue" | "key">): boolean {
    return some.some((right) => this.rights.has(right, queue, key));
  }

  #mayKnow(job: FoundJob | undefined): boolean {
    return job !== undefined && this.#has(["put", "take", "see", "manage"], job);
  }

  /**
   * Needs one of these rights to all of these jobs. Throws `not-found` as if one were not there; but `forbidden` where the
   * identity may see it. Resolves later only where the engine does.
   */
  #needJobs(ids: readonly number[], ...some: readonly Right[]): Promise<void> | undefined {
    for (const [at, id] of ids.entries()) {
      const found = this.engine.find(id);
      if (found instanceof Promise) return this.#needLater(found, ids.slice(at), some);
      this.needFound(id, found, ...some);
    }
  }

  async #needLater(
    first: Promise<FoundJob | undefined>,
    [id, ...others]: readonly number[],
    some: readonly Right[],
  ): Promise<void> {
    this.needFound(id, await first, ...some);
    await this.#needJobs(others, ...some);
  }

  /** As above, for a job that was looked for. */
  protected needFound(
    id: number,
    found: FoundJob | undefined,
    ...some: readonly Right[]
  ): void {
    if (found !== undefined && this.#has(some, found)) return;
    if (found === undefined || !this.#has(["see"], found)) throw notFound(id);
    this.rights.need(some[0], found.queue, found.key);
  }
}

/** The keys that a request names in a queue; `undefined` for those that the identity has. */
function keysOf(wanted: KeyChoice | undefined): Iterable<string | undefined> {
  return wanted === undefined || !(wanted instanceof Set) ? [undefined] : wanted;
}
