// The metrics of a queue. All of them are counts that the queue keeps anyway: nothing is scanned.

import type { Clock } from "../scheduling/clock.ts";
import { DurationBuckets } from "../scheduling/duration_buckets.ts";
import type { Metric, MetricSample } from "../server/metric.ts";
import type { MeasuredParts } from "./engine/figures.ts";
import { events } from "./index/event_rates.ts";
import type { Counts, QueueView } from "./index/queue.ts";
import { states } from "./store/job_fields.ts";

/** The label of all queues, or keys, that have no label of their own. */
const OTHER = "_other";

/** The options of metrics. */
export interface MetricsOptions {
  /** The most queues with a label of their own, those that exist for longest; all others are `_other`. Default 100. */
  queues?: number;
  /**
   * The queues whose keys have labels: at most 100 keys of each, those with most ready jobs; all others are `_other`.
   * Default: none.
   */
  keysOf?: readonly string[];
}

const MOST_QUEUES = 100, MOST_KEYS = 100;

/** The metrics of a queue, whose jobs are in one engine or in several. */
export function* queueMetrics(
  works: readonly MeasuredParts[],
  { queues: most = MOST_QUEUES, keysOf = [] }: MetricsOptions = {},
): Generator<Metric> {
  const sum = (of: (work: MeasuredParts) => number): number =>
    works.reduce((all, work) => all + of(work), 0);
  const named = firstQueues(works, most);
  const counts = Object.fromEntries(
    states.map((state) => [state, sum(({ jobs }) => jobs.counts[state])]),
  ) as unknown as Counts;
  yield {
    name: "lineup_queue_jobs",
    type: "gauge",
    help: "Jobs, by queue and state.",
    samples: jobSamples(counts, named.map(({ queue }) => [queue.name, queue.counts]), "queue", {}),
  };
  yield {
    name: "lineup_queue_oldest_seconds",
    type: "gauge",
    help: "How long the job that has been ready for longest has been so; 0 without ready jobs.",
    samples: named.map(({ queue: { name, order: { oldest } }, clock }) => ({
      labels: { queue: name },
      value: oldest === undefined ? 0 : Math.max(0, clock.now() - oldest) / 1000,
    })),
  };
  yield {
    name: "lineup_queue_takers",
    type: "gauge",
    help: "Requests that wait for a job of a queue.",
    samples: named.map(({ queue: { name, consumers: value } }) => ({
      labels: { queue: name },
      value,
    })),
  };
  yield {
    name: "lineup_queue_paused",
    type: "gauge",
    help: "Whether a queue gives out no jobs.",
    samples: named.map(({ queue: { name, limits } }) => ({
      labels: { queue: name },
      value: limits?.limits.paused ? 1 : 0,
    })),
  };
  yield {
    name: "lineup_queue_events_per_second",
    type: "gauge",
    help:
      "How often jobs of a queue were put, taken, done or failed, on average of the last minute.",
    samples: named.flatMap(({ queue: { name, rates }, clock }) =>
      events.map((event) => ({
        labels: { queue: name, event },
        value: rates.perSecond(event, clock.now()),
      }))
    ),
  };
  if (keysOf.length > 0) {
    yield {
      name: "lineup_queue_key_jobs",
      type: "gauge",
      help: "Jobs, by queue, key and state.",
      samples: keysOf.flatMap((name) =>
        works.flatMap(({ jobs }) => keySamples(jobs.queues.get(name)))
      ),
    };
  }
  yield {
    name: "lineup_queue_events",
    type: "counter",
    help: "How often jobs of all queues were put, taken, done or failed.",
    samples: events.map((event) => ({
      labels: { event },
      value: sum(({ jobs }) => jobs.events[event]),
    })),
  };
  const commitTimes = new DurationBuckets();
  for (const { journal } of works) commitTimes.add(journal.commitTimes);
  yield {
    name: "lineup_store_commit_seconds",
    type: "histogram",
    help: "How long batches of changes took to be stored.",
    samples: [{ buckets: commitTimes }],
  };
  yield counter(
    "lineup_store_changes",
    "Changes that were stored.",
    sum(({ journal }) => journal.changes),
  );
  yield gauge(
    "lineup_store_pending_bytes",
    "Changes that are not stored yet.",
    sum(({ journal }) => journal.pending),
  );
  yield gauge(
    "lineup_queue_read_only",
    "Whether the store fails, so that nothing can change.",
    works.some(({ journal }) => journal.failure !== undefined) ? 1 : 0,
  );
  // Only one engine alone has a store with a bound.
  const room = works.length === 1 ? works[0].capacity.storeRoom.reported : undefined;
  if (room !== undefined) {
    yield gauge("lineup_store_bytes", "The size of the store.", room.used);
    yield gauge("lineup_store_left_bytes", "The room for new jobs.", Math.floor(room.left));
  }
  yield gauge("lineup_queue_held_bytes", "Memory of the queue.", sum((work) => work.capacity.held));
  yield gauge(
    "lineup_queue_held_limit_bytes",
    "Memory that the queue may use.",
    works[0]?.capacity.max.maxMemory ?? 0,
  );
  yield gauge("lineup_queues", "Queues.", sum(({ jobs }) => jobs.queues.size));
  yield gauge("lineup_queue_schedules", "Schedules.", sum(({ schedules }) => schedules.size));
  yield gauge(
    "lineup_queue_waiting_takes",
    "Requests that wait for a job.",
    sum(({ consumers }) => consumers.size),
  );
  yield gauge(
    "lineup_queue_waiting_results",
    "Requests that wait for a result.",
    sum(({ results }) => results.waiting),
  );
  yield counter(
    "lineup_queue_expired",
    "Jobs that expired.",
    sum(({ transitions }) => transitions.expired),
  );
}

/** A queue, and the clock of its engine. */
interface ClockedQueue {
  readonly queue: QueueView;
  readonly clock: Clock;
}

/** The queues with labels: the oldest ones, so that labels stay the same. The label of the others is not a queue's. */
function firstQueues(works: readonly MeasuredParts[], most: number): ClockedQueue[] {
  return Iterator.from(works)
    .flatMap(({ jobs, clock }) => jobs.queues.values().map((queue) => ({ queue, clock })))
    .take(most).filter(({ queue }) => queue.name !== OTHER).toArray();
}

/** The counts of some, and what is left of the sum. */
function jobSamples(
  sum: Readonly<Counts>,
  named: readonly (readonly [name: string, counts: Readonly<Counts>])[],
  label: string,
  labels: Readonly<Record<string, string>>,
): MetricSample[] {
  const rest = { ...sum };
  const samples: MetricSample[] = [];
  for (const [name, counts] of named) {
    for (const state of states) {
      rest[state] -= counts[state];
      samples.push({ labels: { ...labels, [label]: name, state }, value: counts[state] });
    }
  }
  for (const state of states) {
    samples.push({ labels: { ...labels, [label]: OTHER, state }, value: rest[state] });
  }
  return samples;
}

function keySamples(queue: QueueView | undefined): MetricSample[] {
  if (queue === undefined) return [];
  const top = queue.keys.top(MOST_KEYS).filter(({ key }) => key !== OTHER);
  return jobSamples(queue.counts, top.map((key) => [key.key, key]), "key", { queue: queue.name });
}

function gauge(name: string, help: string, value: number): Metric {
  return { name, type: "gauge", help, samples: [{ value }] };
}

function counter(name: string, help: string, value: number): Metric {
  return { name, type: "counter", help, samples: [{ value }] };
}
