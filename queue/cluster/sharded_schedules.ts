// Schedules over several engines. One is in the shard of its queue, and its name tells nothing about that.

import type { Caller } from "../engine/caller.ts";
import type { FoundSchedule, NewSchedule } from "../engine/engine.ts";
import { noSchedule } from "../refusals.ts";
import type { PartStep, Routing, Waiting } from "./routing.ts";

/** Some shards; default: all. */
type Shards = readonly number[] | undefined;

/** The schedules of this name in these shards: one, but while it moves to a queue of another shard. */
export async function schedulesOf(
  routing: Routing,
  name: string,
  shards: Shards,
  caller?: Waiting,
): Promise<readonly FoundSchedule[]> {
  const all = await routing.ask(shards, caller, (engine, some) => engine.findSchedule(name, some));
  return all.filter((found) => found !== undefined);
}

/** As `Engine.setSchedule`. */
export async function setSchedule(
  routing: Routing,
  schedule: NewSchedule,
  caller: Caller,
  shards: Shards,
): Promise<number | undefined> {
  const { name, queue } = schedule;
  const shard = await routing.directory.assign(queue);
  // It may have had a queue of another shard. That it has two for a moment is better than none after a crash: EVERY again
  // ends the other.
  const all = shards ?? Array.from({ length: routing.directory.shards }, (_, each) => each);
  const others = all.filter((each) => each !== shard);
  const [replaces] = await schedulesOf(routing, name, others, caller);
  const next = await routing.follow(
    shard,
    caller,
    (engine) => engine.setSchedule({ replaces, ...schedule }, caller, [shard]),
  );
  if (replaces !== undefined) {
    await changeThose(routing, name, others, (engine, some) => engine.endSchedule(name, some));
  }
  return next;
}

/** As `Engine.pauseSchedule`. */
export async function pauseSchedule(
  routing: Routing,
  name: string,
  paused: boolean,
  shards: Shards,
): Promise<number | undefined> {
  const changed = await changeThose(
    routing,
    name,
    shards,
    (engine, some) => engine.pauseSchedule(name, paused, some),
  );
  if (changed.length === 0) throw noSchedule(name);
  return changed[0];
}

/** As `Engine.endSchedule`. */
export async function endSchedule(routing: Routing, name: string, shards: Shards): Promise<void> {
  const changed = await changeThose(
    routing,
    name,
    shards,
    (engine, some) => engine.endSchedule(name, some),
  );
  if (changed.length === 0) throw noSchedule(name);
}

/** Changes the schedules of this name. Resolves with what each change does. */
async function changeThose<T>(
  routing: Routing,
  name: string,
  shards: Shards,
  change: PartStep<T>,
): Promise<T[]> {
  const changed = await routing.ask(shards, undefined, async (engine, some) => {
    if (await engine.findSchedule(name, some) === undefined) return [];
    return [await change(engine, some)];
  });
  return changed.flat();
}
