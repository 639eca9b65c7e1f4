// The calls of an engine that other nodes make, as the owner answers them. `remote_engine.ts` is the other side.

import type { Caller } from "../engine/caller.ts";
import type { ShardedEngine } from "./sharded_engine.ts";

/** The most queues, limits or schedules of one part of an answer. */
export const MOST_ITEMS = 500;

/** The other node is of this program: its arguments are those that `remote_engine.ts` sends. */
// deno-lint-ignore no-explicit-any
type Arguments = any;
type ForwardedCall = (engine: ShardedEngine, args: Arguments, caller: Caller) => unknown;
type ForwardedStream = (engine: ShardedEngine, args: Arguments) => AsyncIterable<unknown>;

/** Answers with times are told by the clock of this node. */
async function timed(engine: ShardedEngine, value: unknown): Promise<unknown> {
  return { value: await value, now: engine.now() };
}

/** The calls with one answer. */
export const answers: Readonly<Record<string, ForwardedCall>> = {
  put: (engine, [job], caller) => engine.put(job, caller),
  result: (engine, [id], caller) => engine.result(id, caller),
  setSchedule: (engine, [schedule, shards], caller) => engine.setSchedule(schedule, caller, shards),
  pauseSchedule: (engine, [name, paused, shards]) => engine.pauseSchedule(name, paused, shards),
  endSchedule: (engine, [name, shards]) => engine.endSchedule(name, shards),
  findSchedule: (engine, [name, shards]) => engine.findSchedule(name, shards),
  done: (engine, [ids, attempt, result], { client, signal }) =>
    engine.done(ids, { client, attempt }, result, signal),
  fail: (engine, [ids, attempt, failure], { client }) =>
    engine.fail(ids, { client, attempt }, failure),
  extend: (engine, [id, attempt, lease], { client }) =>
    engine.extend(id, { client, attempt }, lease),
  release: (engine, [id, attempt, delay, rank], { client }) =>
    engine.release(id, { client, attempt }, delay, rank),
  needTaken: (engine, [ids, attempt], { client }) => engine.needTaken(ids, { client, attempt }),
  giveBack: (engine, [jobs, mayBeRead]) => engine.giveBack(jobs, mayBeRead),
  endHolds: (engine, [jobs]) => engine.endHolds(jobs),
  gone() {},
  find: (engine, [id]) => engine.find(id),
  queue: (engine, [name, top, key, keys]) => timed(engine, engine.queue(name, top, key, keys)),
  queues: (engine, [filter, max, shards]) =>
    timed(engine, page(engine.queues(filter, shards), max)),
  job: (engine, [id]) => timed(engine, engine.job(id)),
  list: (engine, [filter, max, after], caller) =>
    timed(engine, engine.list(filter, max, after, caller)),
  drop: (engine, [id]) => engine.drop(id),
  purge: (engine, [filter], caller) => engine.purge(filter, caller),
  revive: (engine, [id]) => engine.revive(id),
  reviveAll: (engine, [queue, key, keys], caller) => engine.reviveAll(queue, key, caller, keys),
  limits: (engine, [queue, key]) => engine.limits(queue, key),
  setLimits: (engine, [queue, key, change]) => engine.setLimits(queue, key, change),
};

/** The calls whose answers have several parts. */
export const streams: Readonly<Record<string, ForwardedStream>> = {
  schedules: (engine, [shards]) => engine.schedules(shards),
  allLimits: (engine, [queue, shards]) => engine.allLimits(queue, shards),
};

/** About how many bytes of a part an item takes beside its fields. */
export function bodyBytes(item: unknown): number {
  const { schedule } = item as { readonly schedule?: { readonly body: Uint8Array } };
  return schedule?.body.length ?? 0;
}

async function page<T>(items: AsyncIterable<T>, max: number): Promise<T[]> {
  const some: T[] = [];
  for await (const item of items) {
    some.push(item);
    if (some.length === max) break;
  }
  return some;
}
