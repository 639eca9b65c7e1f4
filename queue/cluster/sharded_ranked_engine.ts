// As sharded_engine.ts, for clients that know ranks. Their commands look at jobs in ways that no other node is asked for, so
// these jobs must be on this node.

import { Refusal } from "../../protocol/errors.ts";
import type { Caller, QueueClient } from "../engine/caller.ts";
import type { DeliveredJob, TakeRequest } from "../engine/engine.ts";
import type { JobScope, JobWithBody, RankedEngine, ScopeCounts } from "../engine/ranked_engine.ts";
import type { ShardEngine } from "../engine/shard_engine.ts";
import type { JobHistory } from "../index/job_page.ts";
import { noJobs } from "../index/queue.ts";
import type { Right } from "../rights.ts";
import type { StoredJob } from "../store/job_fields.ts";
import { isLocal } from "./routing.ts";
import { ShardedEngine } from "./sharded_engine.ts";
import { jobOnClock } from "./times.ts";

/** An engine over the engines of several shards, for clients that know ranks. */
export class ShardedRankedEngine extends ShardedEngine implements RankedEngine {
  // deno-lint-ignore require-await
  async takeJob(id: number, client: QueueClient): Promise<DeliveredJob> {
    return this.#ofJob(id).takeJob(id, client);
  }

  leaseEnd(client: QueueClient): number {
    let first = this.holds.firstEnd(client, this.now());
    for (const { engine } of this.routing.local()) {
      const end = engine.leaseEnd(client);
      if (end < Infinity) first = Math.min(first, end + this.#ahead(engine));
    }
    return first;
  }

  describe(
    id: number,
  ): { readonly job: StoredJob; readonly history: Readonly<JobHistory> | undefined } {
    const engine = this.#ofJob(id);
    const { job, history } = engine.describe(id);
    return { job: jobOnClock(job, this.#ahead(engine)), history };
  }

  async first(
    scope: JobScope,
    state: "ready" | "delayed" | "dead",
  ): Promise<JobWithBody | undefined> {
    const engine = this.#ofQueue(scope);
    const found = await engine?.first(scope, state);
    return found && { ...found, job: jobOnClock(found.job, this.#ahead(engine!)) };
  }

  // deno-lint-ignore require-await
  async wake(id: number): Promise<void> {
    return this.#ofJob(id).wake(id);
  }

  async wakeFirst(scope: JobScope, most: number, caller: Caller): Promise<number> {
    return await this.#ofQueue(scope)?.wakeFirst(scope, most, caller) ?? 0;
  }

  pauseFor(scope: JobScope, ms: number): void {
    this.#ofQueue(scope)?.pauseFor(scope, ms);
  }

  counts(scope?: JobScope): ScopeCounts {
    if (scope !== undefined) return this.#ofQueue(scope)?.counts(scope) ?? NOTHING;
    const sum = { ...NOTHING };
    for (const { engine } of this.routing.local()) {
      const counts = engine.counts();
      for (const state of Object.keys(sum) as (keyof ScopeCounts)[]) sum[state] += counts[state];
    }
    return sum;
  }

  keysOf(queue: string): Iterable<string> {
    return this.#ofQueue({ queue })?.keysOf(queue) ?? [];
  }

  may(_right: Right, _scope: JobScope): boolean {
    return true;
  }

  /** Of queues on other nodes nobody knows without a question. */
  hasJobFor(request: TakeRequest): boolean {
    const { directory } = this.routing;
    return request.queues.some((queue) => {
      const shard = directory.shardOf(queue);
      const place = typeof shard === "number" ? directory.placeOf(shard) : undefined;
      if (place instanceof Promise) place.catch(() => {});
      return place !== undefined && isLocal(place) &&
        place.engine.next(queue, request.keys?.get(queue)) !== undefined;
    });
  }

  totals(): { readonly jobs: number; readonly timeouts: number } {
    const sum = { jobs: 0, timeouts: 0 };
    for (const { engine } of this.routing.local()) {
      const { jobs, timeouts } = engine.totals();
      sum.jobs += jobs;
      sum.timeouts += timeouts;
    }
    return sum;
  }

  /** How far the clock of an engine is behind that of this node, in ms. */
  #ahead(engine: ShardEngine): number {
    return this.now() - engine.now();
  }

  /** The engine of a job. */
  #ofJob(id: number): ShardEngine {
    return this.#local(this.routing.directory.shardOfJob(id));
  }

  /** The engine of a queue; `undefined` if it has no shard. */
  #ofQueue({ queue }: JobScope): ShardEngine | undefined {
    const shard = this.routing.directory.shardOf(queue);
    if (shard === undefined) return undefined;
    if (!(shard instanceof Promise)) return this.#local(shard);
    // The next look finds the answer.
    shard.catch(() => {});
    return undefined;
  }

  #local(shard: number): ShardEngine {
    const place = this.routing.directory.placeOf(shard);
    if (isLocal(place)) return place.engine;
    if (place instanceof Promise) place.catch(() => {});
    throw elsewhere();
  }
}

const NOTHING: ScopeCounts & { [K in keyof ScopeCounts]: number } = { ...noJobs(), urgent: 0 };

/** The jobs are on another node. */
function elsewhere(): Refusal {
  const message =
    "These jobs are on another node of the cluster, which this command does not ask; connect to it.";
  return new Refusal("busy", message, { retry: 1000 });
}
