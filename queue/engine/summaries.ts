// The summaries of queues for QUEUES and QUEUE.

import { type CountedEvent, events } from "../index/event_rates.ts";
import type { JobsView } from "../index/jobs.ts";
import { type Counts, type KeyView, noJobs, type QueueView } from "../index/queue.ts";
import { glob } from "../glob.ts";
import type { KeyChoice } from "../patterns.ts";
import type { BlockReason, KeySummary, QueueDetails, QueueFilter, QueueSummary } from "./engine.ts";
import { limitsOf } from "./limits.ts";

/** The queues, by name. */
export function* summaries(
  { names, queues }: JobsView,
  { match = "*", after = "", keys }: QueueFilter = {},
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
    if (queue === undefined) return;
    const some = keys && [...queue.some(keys)];
    if (some?.length !== 0) yield summaryOf(name, queue, some);
  }
}

/** Which keys of a queue are told. */
interface ToldKeys {
  /** How many, those with most ready jobs first. */
  readonly top: number;
  /** Only this one. */
  readonly key: string | undefined;
  /** Only what these have. */
  readonly keys: KeyChoice | undefined;
}

/** A queue with some of its keys; without jobs if there is none of this name. */
export function detailsOf(
  jobs: JobsView,
  name: string,
  told: ToldKeys,
  now: number,
): QueueDetails {
  const queue = jobs.queues.get(name);
  const some = told.keys && [...queue?.some(told.keys) ?? []];
  // Rates are not kept by key.
  const rateOf = (event: CountedEvent): [CountedEvent, number] => [
    event,
    some === undefined ? queue?.rates.perSecond(event, now) ?? 0 : 0,
  ];
  return {
    ...summaryOf(name, queue, some),
    top: queue === undefined ? [] : keysOf(queue, told, some).map((key) => keySummary(jobs, key)),
    keys: some?.length ?? queue?.keys.size ?? 0,
    rates: Object.fromEntries(events.map(rateOf)) as Record<CountedEvent, number>,
    limits: limitsOf(jobs, name, ""),
    blocked: queue && blockReason(queue, queue.counts.taken),
  };
}

function keysOf(
  queue: QueueView,
  { top, key: only }: ToldKeys,
  some: readonly KeyView[] | undefined,
): readonly KeyView[] {
  if (only === undefined) {
    return some?.toSorted((a, b) => b.ready - a.ready).slice(0, top) ?? queue.keys.top(top);
  }
  const key = queue.find(only);
  return key === undefined || some?.includes(key) === false ? [] : [key];
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

function summaryOf(
  name: string,
  queue: QueueView | undefined,
  some: readonly KeyView[] | undefined,
): QueueSummary {
  return {
    queue: name,
    counts: some === undefined ? queue?.counts ?? noJobs() : sumOf(some),
    oldest: some === undefined ? queue?.order.oldest : queue && oldestOf(queue, some),
    consumers: queue?.consumers ?? 0,
    paused: queue?.limits?.limits.paused ?? false,
  };
}

function sumOf(keys: readonly KeyView[]): Counts {
  const sum = noJobs();
  for (const key of keys) {
    for (const state of Object.keys(sum) as (keyof Counts)[]) sum[state] += key[state];
  }
  return sum;
}

function oldestOf(queue: QueueView, keys: readonly KeyView[]): number | undefined {
  const times = keys.flatMap(({ key }) => queue.oldestOf(key) ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}
