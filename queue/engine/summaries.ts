// The summaries of queues for QUEUES and QUEUE.

import { type CountedEvent, events } from "../index/event_rates.ts";
import type { JobsView } from "../index/jobs.ts";
import { noJobs, type QueueView } from "../index/queue.ts";
import type { QueueDetails, QueueSummary } from "./engine.ts";
import { limitsOf } from "./limits.ts";

/** All queues, by name. */
export function* summaries({ names, queues }: JobsView): Generator<QueueSummary, void, void> {
  for (const name of names) {
    const queue = queues.get(name);
    if (queue !== undefined) yield summaryOf(name, queue);
  }
}

/** A queue with so many of its keys; without jobs if there is none of this name. */
export function detailsOf(jobs: JobsView, name: string, top: number, now: number): QueueDetails {
  const queue = jobs.queues.get(name);
  const rateOf = (event: CountedEvent): [CountedEvent, number] => [
    event,
    queue?.rates.perSecond(event, now) ?? 0,
  ];
  return {
    ...summaryOf(name, queue),
    top: queue?.keys.top(top).map(({ key, delayed, ready, taken, dead, done }) => ({
      key,
      counts: { delayed, ready, taken, dead, done },
      limits: limitsOf(jobs, name, key),
    })) ?? [],
    keys: queue?.keys.size ?? 0,
    rates: Object.fromEntries(events.map(rateOf)) as Record<CountedEvent, number>,
    limits: limitsOf(jobs, name, ""),
  };
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
