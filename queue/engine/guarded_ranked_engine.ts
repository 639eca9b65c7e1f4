// As guarded_engine.ts, for clients that know ranks.

import type { JobHistory } from "../index/job_page.ts";
import type { StoredJob } from "../store/job_fields.ts";
import type { Caller, QueueClient } from "./caller.ts";
import type { DeliveredJob, TakeRequest } from "./engine.ts";
import { GuardedEngine } from "./guarded_engine.ts";
import type { JobScope, JobWithBody, RankedEngine, ScopeCounts } from "./ranked_engine.ts";
import type { Right } from "../rights.ts";

/** An engine for clients that know ranks, with the rights of one identity. */
export class GuardedRankedEngine extends GuardedEngine<RankedEngine> implements RankedEngine {
  async takeJob(id: number, client: QueueClient): Promise<DeliveredJob> {
    this.needFound(id, await this.engine.find(id), "take");
    return this.engine.takeJob(id, client);
  }

  leaseEnd(client: QueueClient): number {
    return this.engine.leaseEnd(client);
  }

  describe(
    id: number,
  ): { readonly job: StoredJob; readonly history: Readonly<JobHistory> | undefined } {
    const described = this.engine.describe(id);
    this.needFound(id, described.job, "see");
    return described;
  }

  // deno-lint-ignore require-await
  async first(
    scope: JobScope,
    state: "ready" | "delayed" | "dead",
  ): Promise<JobWithBody | undefined> {
    this.#need("see", scope);
    return this.engine.first(scope, state);
  }

  async wake(id: number): Promise<void> {
    this.needFound(id, await this.engine.find(id), "manage");
    return this.engine.wake(id);
  }

  // deno-lint-ignore require-await
  async wakeFirst(scope: JobScope, most: number, caller: Caller): Promise<number> {
    this.#need("manage", scope);
    return this.engine.wakeFirst(scope, most, caller);
  }

  pauseFor(scope: JobScope, ms: number): void {
    this.rights.needLimits(scope.queue, scope.key);
    this.engine.pauseFor(scope, ms);
  }

  counts(scope?: JobScope): ScopeCounts {
    if (scope === undefined) this.rights.needOperator();
    return this.engine.counts(scope);
  }

  *keysOf(queue: string): Generator<string, void, void> {
    for (const key of this.engine.keysOf(queue)) {
      if (this.may("see", { queue, key })) yield key;
    }
  }

  may(right: Right, { queue, key }: JobScope): boolean {
    const { rights } = this;
    return key === undefined ? rights.hasWhole(right, queue) : rights.has(right, queue, key);
  }

  hasJobFor(request: TakeRequest): boolean {
    return this.engine.hasJobFor(this.allowed(request));
  }

  totals(): { readonly jobs: number; readonly timeouts: number } {
    this.rights.needOperator();
    return this.engine.totals();
  }

  #need(right: Right, { queue, key }: JobScope): void {
    if (key === undefined) this.rights.needWhole(right, queue);
    else this.rights.need(right, queue, key);
  }
}
