import type { FairQueue } from "./fair_queue.ts";
import type { FlowKey } from "./flow.ts";
import { Histogram } from "./histogram.ts";
import type { ClassOptions } from "./scheduler_options.ts";
import type { Seating } from "./seating.ts";
import type { FlowHandle, RefusalReason, Ticket } from "./ticket.ts";

/** The figures of one class; counts are since the start, waits of the last half to whole minute. */
export interface ClassStatistics {
  /** The class. */
  name: string;
  /** Requests that wait for a seat now. */
  waiting: number;
  /** Requests that have a seat now. */
  running: number;
  /** Requests that wait for an event now, without a seat. */
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
  /** How long those lately started had waited, in milliseconds. */
  wait: { p50: number; p90: number; p99: number };
}

/** The figures of one flow. */
export interface FlowStatistics {
  /** Its class. */
  class: string;
  /** Its key; a number where guests share it. */
  key: FlowKey;
  /** Requests that wait. */
  waiting: number;
  /** Bytes that wait. */
  bytes: number;
}

/** What {@linkcode Scheduler.statistics} returns. */
export interface SchedulerStatistics {
  /** By class, in the order in which they were given. */
  classes: ClassStatistics[];
  /** Seats: how many there are, how many more are for control work, how many are taken. */
  seats: { limit: number; reserved: number; taken: number };
  /** What waits in all. */
  waiting: { count: number; bytes: number };
  /** The flows that hold the most, about in order. */
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
    readonly options: Readonly<ClassOptions>,
    /** Whether it is control work, which may use the reserved seats. */
    readonly control: boolean,
  ) {}

  /** As they are reported. */
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
    this.all = classes.map((options, rank) => new ClassRecord(options, rank === 0));
  }

  /** Those of the class whose requests line up there. */
  of(line: FlowHandle): ClassRecord {
    return this.all[line.flow.level.rank];
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
