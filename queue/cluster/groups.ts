// Changes of jobs of several shards: all, or none if one is refused. First all engines are asked, then all are told.

import { oneAttempt } from "../engine/leases.ts";
import type { AttemptFailure, Claim, Engine, FailedCounts } from "../engine/engine.ts";
import type { Routing, Waiting } from "./routing.ts";

/** Jobs of one shard. */
type ShardJobs = readonly [shard: number, ids: number[]];

/** As `Engine.done`. */
export async function doneAll(
  routing: Routing,
  ids: readonly number[],
  claim: Claim,
  result: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  await changeAll(
    routing,
    ids,
    claim,
    { signal },
    (engine, ids) => engine.done(ids, claim, result, signal),
  );
}

/** As `Engine.fail`. */
export async function failAll(
  routing: Routing,
  ids: readonly number[],
  claim: Claim,
  failure: AttemptFailure,
): Promise<FailedCounts> {
  const counts = await changeAll(
    routing,
    ids,
    claim,
    undefined,
    (engine, ids) => engine.fail(ids, claim, failure),
  );
  const sum = (state: keyof FailedCounts): number =>
    counts.reduce((sum, count) => sum + count[state], 0);
  return { delayed: sum("delayed"), ready: sum("ready"), dead: sum("dead") };
}

async function changeAll<T>(
  routing: Routing,
  ids: readonly number[],
  claim: Claim,
  caller: Waiting,
  change: (engine: Engine, ids: readonly number[]) => Promise<T>,
): Promise<T[]> {
  const groups = await needAllTaken(routing, ids, claim, caller);
  return await Promise.all(
    // An engine of this node may throw, while others are at work.
    groups.map(async ([shard, ids]) =>
      await routing.at(shard, caller, (engine) => change(engine, ids))
    ),
  );
}

/** Rejects unless the client has taken all of these jobs. Resolves with the jobs by shard. */
export async function needAllTaken(
  routing: Routing,
  ids: readonly number[],
  claim: Claim,
  caller: Waiting,
): Promise<readonly ShardJobs[]> {
  const groups: ShardJobs[] = [
    ...Map.groupBy(new Set(ids), (id) => routing.directory.shardOfJob(id)),
  ];
  if (claim.attempt !== undefined && groups.length > 1) throw oneAttempt();
  await Promise.all(
    groups.map(([shard, ids]) =>
      routing.follow(shard, caller, (_, { engine }) => engine.needTaken(ids, claim))
    ),
  );
  return groups;
}
