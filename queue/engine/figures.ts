import { states } from "../store/job_fields.ts";
import type { WorkQueue } from "./work_queue.ts";

/** The parts of a work queue that metrics are read from. Reading changes nothing. */
export type MeasuredParts = Readonly<
  Pick<
    WorkQueue,
    | "jobs"
    | "journal"
    | "consumers"
    | "results"
    | "schedules"
    | "limits"
    | "capacity"
    | "transitions"
    | "clock"
  >
>;

/** The figures of a queue for STATS. */
export function* figuresOf(work: MeasuredParts): Generator<readonly [name: string, value: number]> {
  const { jobs, journal, consumers, results, schedules, limits, capacity, transitions } = work;
  yield ["queue-queues", jobs.queues.size];
  for (const state of states) yield [`queue-${state}`, jobs.counts[state]];
  yield ["queue-takers", consumers.size];
  yield ["queue-waiting-results", results.waiting];
  yield ["queue-schedules", schedules.size];
  yield ["queue-limits", limits.size];
  yield ["queue-held-bytes", capacity.held];
  yield ["queue-held-bytes-limit", capacity.max.maxMemory];
  const room = capacity.storeRoom.reported;
  if (room !== undefined) {
    yield ["queue-store-bytes", room.used];
    yield ["queue-store-bytes-left", Math.floor(room.left)];
  }
  yield ["queue-expired-total", transitions.expired];
  yield ["queue-commits-total", journal.commits];
  yield ["queue-changes-total", journal.changes];
  yield ["queue-read-only", journal.failure === undefined ? 0 : 1];
}
