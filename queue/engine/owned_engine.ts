// An engine over a store that another server may take over. A commit finds out by itself whether the store is still ours.
// An answer from memory does not: an empty TAKE, a duplicate, a JOB. So nothing is answered while it is not sure.

import { closed, notOwned } from "../refusals.ts";
import type { Ownership } from "../store/store.ts";
import type { ShardEngine } from "./shard_engine.ts";

type EngineMethod = (...args: unknown[]) => unknown;

const always = (): boolean => true;
const never = (): boolean => false;
const ifZero = (count: unknown): boolean => count === 0;

/**
 * The methods that refuse while it is not sure, each with which of its answers come from memory: those are refused as well
 * if it is not sure any more once they are there. An answer behind a commit is true whatever has happened since.
 */
const asked: Readonly<Record<Asked, (answer: unknown) => boolean>> = {
  put: (answer) => (answer as { duplicate?: true }).duplicate === true,
  take: (jobs) => (jobs as readonly unknown[]).length === 0,
  purge: ifZero,
  reviveAll: ifZero,
  wakeFirst: ifZero,
  result: always,
  job: always,
  list: always,
  first: always,
  setSchedule: never,
  endSchedule: never,
  pauseSchedule: always,
  done: never,
  fail: never,
  extend: never,
  release: never,
  drop: never,
  revive: never,
  setLimits: never,
  takeJob: never,
  wake: never,
  pauseFor: never,
  schedules: never,
  queues: never,
  queue: never,
  limits: never,
  allLimits: never,
  describe: never,
  counts: never,
  keysOf: never,
  find: never,
  findSchedule: never,
  next: never,
  offer: never,
  needTaken: never,
};

/** The methods that tell nobody anything: they never refuse. */
const silent = [
  "now",
  "figures",
  "close",
  "giveBack",
  "endHolds",
  "leaseEnd",
  "may",
  "hasJobFor",
  "totals",
] as const satisfies readonly (keyof ShardEngine)[];
type Asked = Exclude<keyof ShardEngine, typeof silent[number] | "readOnly">;

/**
 * An engine that answers `busy` while it is not sure that the store is ours, and `draining` once it is closed: then the store
 * may be given to another server.
 */
export function ownedEngine(engine: ShardEngine, ownership: Ownership): ShardEngine {
  let isClosed = false;
  const ask = (): void => {
    if (isClosed) throw closed();
    if (!ownership.holds) throw notOwned();
  };
  const methodOf = (name: string): EngineMethod =>
    (engine[name as keyof ShardEngine] as EngineMethod).bind(engine);
  const guarded = (
    method: EngineMethod,
    isFromMemory: (answer: unknown) => boolean,
  ): EngineMethod => {
    const checked = (answer: unknown): unknown => {
      if (isFromMemory(answer)) ask();
      return answer;
    };
    return (...args) => {
      ask();
      const answer = method(...args);
      return answer instanceof Promise ? answer.then(checked) : answer;
    };
  };
  const methods = [
    ...Object.entries(asked).map(([name, isFromMemory]) => [
      name,
      guarded(methodOf(name), isFromMemory),
    ]),
    ...silent.map((name) => [name, methodOf(name)]),
  ];
  return {
    ...Object.fromEntries(methods),
    close(): Promise<number> {
      isClosed = true;
      return engine.close();
    },
    get readOnly(): boolean {
      return engine.readOnly;
    },
  } as ShardEngine;
}
