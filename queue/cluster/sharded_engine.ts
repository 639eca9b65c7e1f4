// An engine whose jobs are in the engines of several shards, on this node or others. A queue is in one shard, and a job tells
// its shard by its number, so most requests go to one engine. The others ask all of them and put the answers together.

import type { Clock } from "../../scheduling/clock.ts";
import type { Caller } from "../engine/caller.ts";
import { withDistinctQueues } from "../engine/distinct_queues.ts";
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
} from "../engine/engine.ts";
import type { EndedHold } from "../engine/shard_engine.ts";
import type { KeyChoice } from "../patterns.ts";
import type { NewJob } from "../store/job_values.ts";
import type { QueueLimits } from "../store/store.ts";
import type { Directory, PartialEngine } from "./directory.ts";
import { summed } from "./figures.ts";
import { doneAll, failAll, needAllTaken } from "./groups.ts";
import { localDirectory } from "./local_directory.ts";
import { Holds } from "./holds.ts";
import { isLocal, Routing, type ShardStep, type Waiting } from "./routing.ts";
import { endSchedule, pauseSchedule, schedulesOf, setSchedule } from "./sharded_schedules.ts";
import { ShardedTake, type TakeCounts } from "./sharded_take.ts";
import { detailsOnClock, jobOnClock, queueOnClock, summariesOnClock } from "./times.ts";

/** The dependencies of a sharded engine. */
export interface ShardedEngineOptions {
  /** Where the shards are. */
  readonly directory: Directory;
  /** The clock of this node. The times that the engine tells are on it. */
  readonly clock: Clock;
  /** Ends the engines of this node. Resolves with how many changes are lost. */
  readonly close: () => Promise<number>;
}

/** An engine over the engines of several shards. */
export class ShardedEngine implements PartialEngine {
  protected readonly routing: Routing;
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #close: () => Promise<number>;
  readonly #take: ShardedTake;
  readonly #counts: TakeCounts;
  protected readonly holds: Holds = new Holds((jobs) => this.endHolds(jobs));

  constructor(
    { directory, clock, close }: ShardedEngineOptions,
    counts: TakeCounts = { over: 0 },
    isPart: boolean = false,
  ) {
    this.#counts = counts;
    this.#directory = directory;
    this.#clock = clock;
    this.#close = close;
    this.routing = new Routing(directory);
    this.#take = new ShardedTake(this.routing, clock, counts, isPart);
  }

  /** The engine for requests of other nodes: its own shards only. So a request goes over one other node at the most. */
  ofThisNode(): ShardedEngine {
    const directory = localDirectory(this.#directory);
    return new ShardedEngine(
      { directory, clock: this.#clock, close: this.#close },
      this.#counts,
      true,
    );
  }

  now(): number {
    return this.#clock.now();
  }

  get readOnly(): boolean {
    return this.routing.local().some(({ engine }) => engine.readOnly);
  }

  figures(): Iterable<readonly [name: string, value: number]> {
    const all = this.routing.local().map(({ engine }) => engine.figures());
    return summed([...all, [["queue-takers", -this.#counts.over]]]);
  }

  close(): Promise<number> {
    return this.#close();
  }

  // No async functions and no further promises on the ways of most requests to an engine of this node.

  put(job: NewJob, caller: Caller): Promise<PutResult> {
    const shard = this.#directory.assign(job.queue);
    if (typeof shard === "number") {
      const place = this.#directory.placeOf(shard, caller);
      if (isLocal(place)) return place.engine.put(job, caller);
    }
    return this.#inQueue(shard, caller, (engine) => engine.put(job, caller));
  }

  take(asked: TakeRequest, wait: number, caller: Caller): Promise<readonly DeliveredJob[]> {
    const request = withDistinctQueues(asked);
    const taking = this.#takeSome(request, wait, caller);
    if (!request.releaseOnDisconnect) return taking;
    return taking.then((jobs) => {
      this.holds.add(request.client, jobs, this.now());
      return jobs;
    });
  }

  #takeSome(
    request: TakeRequest,
    wait: number,
    caller: Caller,
  ): Promise<readonly DeliveredJob[]> {
    if (request.queues.length === 1) {
      const shard = this.#directory.shardOf(request.queues[0]);
      if (typeof shard === "number") {
        const place = this.#directory.placeOf(shard, caller);
        if (isLocal(place) && (wait === 0 || place.engine.hasJobFor(request))) {
          return place.engine.take(request, wait, caller);
        }
      }
    }
    return this.#take.take(request, wait, caller);
  }

  giveBack(jobs: readonly DeliveredJob[], mayBeRead: boolean): void {
    this.holds.remove(jobs.map(({ id }) => id));
    for (const [shard, some] of Map.groupBy(jobs, ({ id }) => this.#directory.shardOfJob(id))) {
      this.#giveBack(shard, some, mayBeRead).catch(() => {
        // The shard is elsewhere: their leases run out.
      });
    }
  }

  async #giveBack(
    shard: number,
    jobs: readonly DeliveredJob[],
    mayBeRead: boolean,
  ): Promise<void> {
    await this.routing.at(shard, undefined, (engine) => engine.giveBack(jobs, mayBeRead));
  }

  done(
    ids: readonly number[],
    claim: Claim,
    result: Uint8Array,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#ending(ids, this.#done(ids, claim, result, signal));
  }

  #done(
    ids: readonly number[],
    claim: Claim,
    result: Uint8Array,
    signal: AbortSignal,
  ): Promise<void> {
    const shard = this.#shardOfAll(ids);
    if (shard === undefined) return doneAll(this.routing, ids, claim, result, signal);
    const place = this.#directory.placeOf(shard);
    if (isLocal(place)) return place.engine.done(ids, claim, result, signal);
    return this.routing.follow(
      shard,
      { signal },
      (engine) => engine.done(ids, claim, result, signal),
    );
  }

  fail(ids: readonly number[], claim: Claim, failure: AttemptFailure): Promise<FailedCounts> {
    const shard = this.#shardOfAll(ids);
    return this.#ending(
      ids,
      shard === undefined
        ? failAll(this.routing, ids, claim, failure)
        : this.#ofJob(shard, (engine) => engine.fail(ids, claim, failure)),
    );
  }

  async extend(id: number, claim: Claim, lease: number | undefined): Promise<number> {
    const shard = this.#directory.shardOfJob(id);
    const length = await this.#ofJob(shard, (engine) => engine.extend(id, claim, lease));
    this.holds.extend(id, this.now() + length);
    return length;
  }

  release(id: number, claim: Claim, delay: number, rank?: number): Promise<"ready" | "delayed"> {
    const shard = this.#directory.shardOfJob(id);
    return this.#ending(
      [id],
      this.#ofJob(shard, (engine) => engine.release(id, claim, delay, rank)),
    );
  }

  /** These leases are over if the change is made. */
  #ending<T>(ids: readonly number[], change: Promise<T>): Promise<T> {
    if (this.holds.size === 0) return change;
    return change.then((result) => {
      this.holds.remove(ids);
      return result;
    });
  }

  /** The share of a queue of this node beside the other queues of a TAKE. */
  weightOf(queue: string): number {
    const shard = this.#directory.shardOf(queue);
    const place = typeof shard === "number" ? this.#directory.placeOf(shard) : undefined;
    if (place === undefined || !isLocal(place)) return 1;
    const limits = place.engine.limits(queue, "");
    return limits instanceof Promise ? 1 : limits.weight || 1;
  }

  async needTaken(ids: readonly number[], claim: Claim): Promise<void> {
    await needAllTaken(this.routing, ids, claim, undefined);
  }

  endHolds(jobs: readonly EndedHold[]): void {
    for (const [shard, some] of Map.groupBy(jobs, ({ id }) => this.#directory.shardOfJob(id))) {
      const ended = this.routing.follow(shard, undefined, (_, { engine }) => engine.endHolds(some));
      // Else their leases run out.
      ended.catch(() => {});
    }
  }

  result(id: number, caller: Caller): Promise<Uint8Array> {
    const shard = this.#directory.shardOfJob(id);
    return this.routing.follow(shard, caller, (engine) => engine.result(id, caller));
  }

  find(id: number): FoundJob | undefined | Promise<FoundJob | undefined> {
    return this.routing.at(this.#directory.shardOfJob(id), undefined, (engine) => engine.find(id));
  }

  async job(id: number): Promise<JobDetails> {
    return await this.routing.follow(
      this.#directory.shardOfJob(id),
      undefined,
      async (engine) => detailsOnClock(await engine.job(id), this.now() - engine.now()),
    );
  }

  drop(id: number): Promise<void> {
    return this.#ofJob(this.#directory.shardOfJob(id), (engine) => engine.drop(id));
  }

  revive(id: number): Promise<void> {
    return this.#ofJob(this.#directory.shardOfJob(id), (engine) => engine.revive(id));
  }

  // Schedules. One is in the shard of its queue, and its name tells nothing about that.

  setSchedule(
    schedule: NewSchedule,
    caller: Caller,
    shards?: readonly number[],
  ): Promise<number | undefined> {
    return setSchedule(this.routing, schedule, caller, shards);
  }

  pauseSchedule(
    name: string,
    paused: boolean,
    shards?: readonly number[],
  ): Promise<number | undefined> {
    return pauseSchedule(this.routing, name, paused, shards);
  }

  endSchedule(name: string, shards?: readonly number[]): Promise<void> {
    return endSchedule(this.routing, name, shards);
  }

  async findSchedule(name: string, shards?: readonly number[]): Promise<FoundSchedule | undefined> {
    return (await schedulesOf(this.routing, name, shards)).at(0);
  }

  schedules(shards?: readonly number[]): AsyncGenerator<ScheduleDetails, void, void> {
    return this.routing.items(
      shards,
      (engine, some) => engine.schedules(some),
      ({ schedule }) => schedule.name,
    );
  }

  // Queues.

  queues(
    filter?: QueueFilter,
    shards?: readonly number[],
  ): AsyncGenerator<QueueSummary, void, void> {
    return this.routing.items(
      shards,
      (engine, some, after = filter?.after) =>
        summariesOnClock(engine.queues({ ...filter, after }, some), this.now() - engine.now()),
      ({ queue }) => queue,
    );
  }

  queue(
    name: string,
    top: number,
    key?: string,
    keys?: KeyChoice,
  ): QueueDetails | Promise<QueueDetails> {
    return this.#look(name, (engine) => {
      const found = engine.queue(name, top, key, keys);
      const onClock = (details: QueueDetails) => queueOnClock(details, this.now() - engine.now());
      return found instanceof Promise ? found.then(onClock) : onClock(found);
    });
  }

  async list(filter: ListFilter, max: number, after: number, caller: Caller): Promise<JobList> {
    return await this.#follow(filter.queue, caller, async (engine) => {
      const { jobs, after: next } = await engine.list(filter, max, after, caller);
      const ahead = this.now() - engine.now();
      return { jobs: jobs.map((job) => jobOnClock(job, ahead)), after: next };
    });
  }

  async purge(filter: JobFilter, caller: Caller): Promise<number> {
    return await this.#follow(filter.queue, caller, (engine) => engine.purge(filter, caller));
  }

  async reviveAll(
    queue: string,
    key: string | undefined,
    caller: Caller,
    keys?: KeyChoice,
  ): Promise<number> {
    return await this.#follow(
      queue,
      caller,
      (engine) => engine.reviveAll(queue, key, caller, keys),
    );
  }

  limits(queue: string, key: string): QueueLimits | Promise<QueueLimits> {
    return this.#look(queue, (engine) => engine.limits(queue, key));
  }

  async setLimits(queue: string, key: string, change: LimitChange): Promise<QueueLimits> {
    return await this.#inQueue(
      this.#directory.assign(queue),
      undefined,
      (engine) => engine.setLimits(queue, key, change),
    );
  }

  async *allLimits(
    queue?: string,
    shards?: readonly number[],
  ): AsyncGenerator<QueueLimits, void, void> {
    const asked = queue === undefined ? shards : [await this.#directory.shardOf(queue) ?? 0];
    yield* this.routing.items(
      asked,
      (engine, some) => engine.allLimits(queue, some),
      ({ queue }) => queue,
    );
  }

  /** The shard of all these jobs; `undefined` if they have several. */
  #shardOfAll(ids: readonly number[]): number | undefined {
    const shard = this.#directory.shardOfJob(ids[0]);
    for (let at = 1; at < ids.length; at++) {
      if (this.#directory.shardOfJob(ids[at]) !== shard) return undefined;
    }
    return shard;
  }

  /** A change of jobs of one shard. */
  #ofJob<T>(shard: number, step: (engine: Engine) => Promise<T>): Promise<T> {
    const place = this.#directory.placeOf(shard);
    return isLocal(place) ? step(place.engine) : this.routing.follow(shard, undefined, step);
  }

  /** A step in the shard of a queue, which follows the shard. */
  async #inQueue<T>(
    shard: number | Promise<number>,
    caller: Waiting,
    step: ShardStep<T>,
  ): Promise<T> {
    return await this.routing.follow(await shard, caller, step);
  }

  /** As `#inQueue`, for a queue that gets no shard by this. Any engine knows that it has no jobs. */
  async #follow<T>(queue: string, caller: Waiting, step: ShardStep<T>): Promise<T> {
    return await this.routing.follow(await this.#directory.shardOf(queue) ?? 0, caller, step);
  }

  /** As `#follow`, without a promise where the engine is on this node. */
  #look<T>(queue: string, step: ShardStep<T>): T | Promise<T> {
    const shard = this.#directory.shardOf(queue);
    if (shard instanceof Promise) return this.#follow(queue, undefined, step);
    return this.routing.at(shard ?? 0, undefined, step);
  }
}
