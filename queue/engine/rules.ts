// PAUSE, RESUME, LIMIT: what holds the jobs of a queue or key back.

import { roomForQueues, roomForRow, roomForRules, roomInMemory } from "./capacity.ts";
import { noRules, wrongRule } from "../index/rate_state.ts";
import { badArguments } from "../refusals.ts";
import { hasRules, type QueueLimits } from "../store/store.ts";
import type { WorkQueue } from "./work_queue.ts";

/** What may be set. */
export type RuleChange = Partial<Omit<QueueLimits, "queue" | "key">>;

/** The rules of a queue, or of one of its keys. */
export function rulesOf(work: WorkQueue, name: string, key: string): QueueLimits {
  const queue = work.jobs.queues.get(name);
  const limits = key === "" ? queue?.limits : queue?.find(key)?.limits;
  return limits?.rules ?? noRules(name, key);
}

/** Changes some of the rules of a queue or key. Resolves with all of them once that is stored. */
export async function setRules(
  work: WorkQueue,
  name: string,
  key: string,
  change: RuleChange,
): Promise<QueueLimits> {
  work.mayChange();
  const before = rulesOf(work, name, key);
  const rules = { ...before, ...change };
  const wrong = wrongRule(rules);
  if (wrong !== undefined) throw badArguments(`${wrong}.`);
  if (hasRules(rules) && !hasRules(before)) {
    roomInMemory(work);
    roomForQueues(work, [name]);
    roomForRules(work.bounds, work.rules);
  }
  // To lift makes room.
  if (Object.values(change).some(Boolean)) roomForRow(work, name.length + key.length);
  await work.journal.write({ kind: "rules", rules: work.limit(rules) });
  return rules;
}

/** The rules of all queues, or of one, and of their keys, by name. */
export function* allRules(
  work: WorkQueue,
  name: string | undefined,
): Generator<QueueLimits, void, void> {
  const { queues, names } = work.jobs;
  for (const each of name === undefined ? names : [name]) {
    const queue = queues.get(each);
    if (queue?.limits !== undefined) yield queue.limits.rules;
    for (const { rules } of queue?.keyLimits() ?? []) yield rules;
  }
}
