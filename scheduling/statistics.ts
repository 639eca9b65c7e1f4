import type { FairQueue } from "./fair_queue.ts";
import type { FlowKey } from "./flow.ts";
import { Histogram } from "./histogram.ts";
import type { ClassOptions } from "./scheduler_options.ts";
import type { Seating } from "./seating.ts";
import type { FlowHandle, RefusalReason, Ticket } from "./ticket.ts";

/** The figures of one class. Counts are since the start; waits cover the last half minute to minute. */
export interface ClassStatistics {
  /** The class. */
  name: string;
  /** Requests that wait for a seat now. */
  waiting: number;
  /** Requests that have a seat now. */
  running: number;
  /** Requests that wait for an event now and hold no seat. */
  parked: number;
  /** Requests that were started. */
  started: number;
  /** Requests that were refused as `busy`. */
  shed: number;
  /** Requests that were refused as `quota`. */
  quota: number;
  /** Requests that were refused as `expired`. */
  expired: number;
  /** Requests that were cancelled while they waited. */
  cancelled: number;
  /** How long recently started requests had waited, in milliseconds. */
  wait: { p50: number; p90: number; p99: number };
}

/** The figures of one flow. */
export interface FlowStatistics {
  /** Its class. */
  class: string;
  /** Its key; a number if guests share the flow. */
  key: FlowKey;
  /** Requests that wait. */
  waiting: number;
  /** Bytes that wait. */
  bytes: number;
}

/** The result of {@linkcode Scheduler.statistics}. */
export interface SchedulerStatistics {
  /** By class, in the order of the options. */
  classes: ClassStatistics[];
  /** The seats for all requests, the seats for control work only, and how many of both are taken. */
  seats: { limit: number; reserved: number; taken: number };
  /** All waiting requests. */
  waiting: { count: number; bytes: number };
  /** The largest flows, roughly in order. */
  heaviest: FlowStatistics[];
}

/** The running figures of one class. */
export class ClassRecord {
  running: number = 0;
  parked: number = 0;
  started: number = 0;
  cancelled: number = 0;
  readonly refused: Record<RefusalReason, number> = { busy: 0, quota: 0, expired: 0, draining: 0 };
  readonly waits: Histogram = new Histogram();

  constructor(
    readonly options: ClassOptions,
    /** Whether the class is for control work, which may use the reserved seats. */
    readonly control: boolean,
  ) {}

  /** The figures for a report, with the number of waiting requests. */
  report(waiting: number): ClassStatistics {
    const { running, parked, started, refused, cancelled, waits } = this;
    const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => waits.percentile(share));
    return {
      name: this.options.name,
      waiting,
      running,
      parked,
      started,
      shed: refused.busy,
      quota: refused.quota,
      expired: refused.expired,
      cancelled,
      wait: { p50, p90, p99 },
    };
  }
}

/** The running figures of all classes. */
export class ClassRecords {
  /** By rank. */
  readonly all: readonly ClassRecord[];

  constructor(classes: readonly Readonly<ClassOptions>[]) {
    this.all = classes.map((options, rank) => new ClassRecord({ ...options }, rank === 0));
  }

  /** The record of the class of a flow. */
  of(handle: FlowHandle): ClassRecord {
    return this.all[handle.flow.level.rank];
  }
}

/** The figures of a scheduler. */
export function report(
  queue: FairQueue<Ticket>,
  records: ClassRecords,
  seating: Seating,
  heaviest: number,
): SchedulerStatistics {
  return {
    classes: records.all.map((record, rank) => record.report(queue.levels[rank].waiting)),
    seats: { limit: seating.limit, reserved: seating.reserved, taken: seating.taken },
    waiting: { count: queue.size, bytes: queue.bytes },
    heaviest: queue.largestFlows(heaviest).map(({ level, key, waiting, bytes }) => ({
      class: records.all[level.rank].options.name,
      key,
      waiting,
      bytes,
    })),
  };
}
