// The limits of queues and keys: PAUSE, RESUME, LIMIT, LIMITS.

import type { JobsView } from "../index/jobs.ts";
import { hasLimits, noLimits, wrongLimit } from "../queue_limits.ts";
import { badArguments } from "../refusals.ts";
import type { QueueLimits } from "../store/store.ts";
import type { CapacityCheck } from "./capacity.ts";
import type { LimitChange } from "./engine.ts";
import type { RateLimits } from "./rate_limits.ts";
import type { Transitions } from "./transitions.ts";

/** The parts that limits work with. */
interface LimitParts {
  readonly jobs: JobsView;
  readonly transitions: Transitions;
  readonly limits: RateLimits;
  readonly capacity: CapacityCheck;
}

/** The limits of a queue, or of one of its keys. */
export function limitsOf(jobs: JobsView, name: string, key: string): QueueLimits {
  const queue = jobs.queues.get(name);
  const state = key === "" ? queue?.limits : queue?.find(key)?.limits;
  return state?.limits ?? noLimits(name, key);
}

/** Changes some limits of a queue or key. Resolves with all of them once that is stored. */
export async function setLimits(
  { jobs, transitions, limits, capacity }: LimitParts,
  name: string,
  key: string,
  change: LimitChange,
): Promise<QueueLimits> {
  transitions.ask();
  const before = limitsOf(jobs, name, key);
  const after = { ...before, ...change };
  const wrong = wrongLimit(after);
  if (wrong !== undefined) throw badArguments(`${wrong}.`);
  if (hasLimits(after) && !hasLimits(before)) {
    capacity.forMemory();
    capacity.forQueues(jobs, [name]);
    capacity.forLimits();
  }
  // To lift a limit makes room.
  if (Object.values(change).some(Boolean)) capacity.forRow(name.length + key.length);
  await limits.set(after);
  return after;
}

/** All limits of all queues, or of one, and of their keys, by name. */
export function* allLimits(
  { queues, names }: JobsView,
  name: string | undefined,
): Generator<QueueLimits, void, void> {
  for (const each of name === undefined ? names : [name]) {
    const queue = queues.get(each);
    if (queue?.limits !== undefined) yield queue.limits.limits;
    for (const { limits } of queue?.keyLimits() ?? []) yield limits;
  }
}
