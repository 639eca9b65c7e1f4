// The figures of a server, as an object.

import type { Clock } from "../scheduling/clock.ts";
import type { SchedulerStatistics } from "../scheduling/statistics.ts";
import type { Pressure } from "./admission/pressure.ts";
import type { Counters } from "./telemetry.ts";

/** The figures of a server. */
export interface ServerFigures {
  /** The time since its start, in ms. */
  readonly uptime: number;
  /** The open connections. */
  readonly connections: number;
  /** The counters since its start. */
  readonly counters: Readonly<Counters>;
  /** What waits and runs: in the event loop (`prefix` is empty), and in workers (`workers-`) where there are some. */
  readonly schedulers: readonly SchedulerFigures[];
  /** Bytes that are held for clients. */
  readonly heldBytes: number;
  /** Bytes that may be held for clients. */
  readonly heldBytesLimit: number;
  /** The recent lateness of the event loop, in ms. */
  readonly loopLag: number;
}

/** The figures of one scheduler. */
export interface SchedulerFigures extends SchedulerStatistics {
  /** Empty for the event loop, `workers-` for workers. */
  readonly prefix: string;
}

/** The sources of the figures. */
export interface FigureSources {
  readonly clock: Clock;
  /** The time of the server's start, in ms of the clock. */
  readonly startedAt: number;
  readonly counters: Counters;
  /** The open connections. */
  readonly connections: { readonly size: number };
  readonly pressure: Pressure;
  /** The schedulers, each with the prefix of its figures. */
  readonly schedulers: readonly (readonly [prefix: string, scheduler: Reporting])[];
}

/** The part of a `Scheduler` that reports. */
interface Reporting {
  statistics(): SchedulerStatistics;
}

/** The present figures. */
export function figuresOf(sources: FigureSources): ServerFigures {
  const { clock, startedAt, counters, connections, pressure, schedulers } = sources;
  return {
    uptime: clock.now() - startedAt,
    connections: connections.size,
    counters,
    schedulers: schedulers.map(([prefix, each]) => ({ prefix, ...each.statistics() })),
    heldBytes: pressure.held,
    heldBytesLimit: pressure.memory,
    loopLag: pressure.lag,
  };
}
