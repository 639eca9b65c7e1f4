// Schedules over several engines. One is in the shard of its queue, and its name tells nothing about that.

import type { Caller } from "../engine/caller.ts";
import type { Engine, FoundSchedule, NewSchedule } from "../engine/engine.ts";
import { noSchedule } from "../refusals.ts";
import type { Routing, Waiting } from "./routing.ts";

/** A schedule and the engine that has it. */
interface PlacedSchedule {
  readonly engine: Engine;
  readonly found: FoundSchedule;
}

/** The schedules of this name: one, but while it moves to a queue of another shard. */
export async function schedulesOf(
  routing: Routing,
  name: string,
  caller?: Waiting,
): Promise<readonly PlacedSchedule[]> {
  const all = await Promise.all((await routing.places(caller)).map(async ({ engine }) => {
    const found = await engine.findSchedule(name);
    return found === undefined ? [] : [{ engine, found }];
  }));
  return all.flat();
}

/** As `Engine.setSchedule`. */
export async function setSchedule(
  routing: Routing,
  schedule: NewSchedule,
  caller: Caller,
): Promise<number | undefined> {
  const { name, queue } = schedule;
  const shard = await routing.directory.assign(queue);
  const own = await routing.directory.placeOf(shard, caller);
  // It may have had a queue of another shard. That it has two for a moment is better than none after a crash: EVERY again
  // ends the other.
  const others = (await schedulesOf(routing, name, caller))
    .filter(({ engine }) => engine !== own.engine);
  const replaces = others.at(0)?.found;
  const next = await routing.follow(
    shard,
    caller,
    (engine) => engine.setSchedule({ replaces, ...schedule }, caller),
  );
  await Promise.all(others.map(async ({ engine }) => await engine.endSchedule(name)));
  return next;
}

/** As `Engine.pauseSchedule`. */
export async function pauseSchedule(
  routing: Routing,
  name: string,
  paused: boolean,
): Promise<number | undefined> {
  const [placed] = await schedulesOf(routing, name);
  if (placed === undefined) throw noSchedule(name);
  return await placed.engine.pauseSchedule(name, paused);
}

/** As `Engine.endSchedule`. */
export async function endSchedule(routing: Routing, name: string): Promise<void> {
  const all = await schedulesOf(routing, name);
  if (all.length === 0) throw noSchedule(name);
  await Promise.all(all.map(async ({ engine }) => await engine.endSchedule(name)));
}
