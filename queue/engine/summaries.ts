// The summaries of queues for QUEUES and QUEUE.

import { type CountedEvent, events } from "../index/event_rates.ts";
import type { JobsView } from "../index/jobs.ts";
import { type KeyView, noJobs, type QueueView } from "../index/queue.ts";
import { glob } from "../glob.ts";
import type { BlockReason, KeySummary, QueueDetails, QueueFilter, QueueSummary } from "./engine.ts";
import { limitsOf } from "./limits.ts";

/** The queues, by name. */
export function* summaries(
  { names, queues }: JobsView,
  { match = "*", after = "" }: QueueFilter = {},
): Generator<QueueSummary, void, void> {
  const { prefix, matches } = glob(match);
  // Names before the prefix are skipped, so the queue of that very name must be looked at by itself.
  if (prefix > after) yield* summaryOfOne(prefix);
  for (const name of names.after(prefix > after ? prefix : after)) {
    if (!name.startsWith(prefix)) return;
    yield* summaryOfOne(name);
  }

  function* summaryOfOne(name: string): Generator<QueueSummary, void, void> {
    const queue = matches(name) ? queues.get(name) : undefined;
    if (queue !== undefined) yield summaryOf(name, queue);
  }
}

/** A queue with so many of its keys, or only this one; without jobs if there is none of this name. */
export function detailsOf(
  jobs: JobsView,
  name: string,
  top: number,
  only: string | undefined,
  now: number,
): QueueDetails {
  const queue = jobs.queues.get(name);
  const rateOf = (event: CountedEvent): [CountedEvent, number] => [
    event,
    queue?.rates.perSecond(event, now) ?? 0,
  ];
  return {
    ...summaryOf(name, queue),
    top: queue === undefined ? [] : keysOf(queue, top, only).map((key) => keySummary(jobs, key)),
    keys: queue?.keys.size ?? 0,
    rates: Object.fromEntries(events.map(rateOf)) as Record<CountedEvent, number>,
    limits: limitsOf(jobs, name, ""),
    blocked: queue && blockReason(queue, queue.counts.taken),
  };
}

function keysOf(queue: QueueView, top: number, only: string | undefined): readonly KeyView[] {
  if (only === undefined) return queue.keys.top(top);
  const key = queue.find(only);
  return key === undefined ? [] : [key];
}

function keySummary(jobs: JobsView, state: KeyView): KeySummary {
  const { key, delayed, ready, taken, dead, done, takes, queue } = state;
  return {
    key,
    counts: { delayed, ready, taken, dead, done },
    limits: limitsOf(jobs, queue.name, key),
    takes,
    blocked: blockReason(state, taken),
  };
}

/** Why a queue or key with so many taken jobs gives none out. */
function blockReason(
  { paused, limits }: Pick<QueueView, "paused" | "limits">,
  taken: number,
): BlockReason | undefined {
  return paused ? "paused" : limits?.blockReason(taken);
}

function summaryOf(name: string, queue: QueueView | undefined): QueueSummary {
  return {
    queue: name,
    counts: queue?.counts ?? noJobs(),
    oldest: queue?.order.oldest,
    consumers: queue?.consumers ?? 0,
    paused: queue?.limits?.limits.paused ?? false,
  };
}
