import type { Clock } from "./clock.ts";
import type { Meter } from "./rate_limiter.ts";
import type { Seats } from "./seats.ts";
import type { RefusalReason, Ticket } from "./ticket.ts";

/** A class of work. */
export interface ClassOptions {
  /** Its name, as requests give it. */
  name: string;
  /** Its share beside the other classes; Infinity is strict priority, for the first class only. */
  weight: number;
  /** The wait below which a good queue falls, in milliseconds, see {@linkcode Codel}; Infinity sheds nothing. */
  target: number;
  /** The longest wait, in milliseconds. After it a request is refused as `busy`. */
  patience: number;
}

/**
 * The default classes. The first is for control work, which may use the reserved seats. The shares are our choice
 * (Kubernetes gives its levels 5 to 100), and so are the longer targets of work that nobody watches. A target of 10 ms is
 * between the 5 ms of Facebook and the 20 ms of DAGOR and Finagle.
 */
export const CLASSES: readonly Readonly<ClassOptions>[] = [
  { name: "control", weight: Infinity, target: Infinity, patience: 1_000 },
  { name: "interactive", weight: 8, target: 10, patience: 1_000 },
  { name: "normal", weight: 4, target: 10, patience: 1_000 },
  { name: "bulk", weight: 2, target: 100, patience: 10_000 },
  { name: "background", weight: 1, target: 1_000, patience: 60_000 },
];

/** The bounds of a scheduler. */
export interface SchedulingLimits {
  /** Requests that may wait in one flow. */
  flow: number;
  /** Requests that may wait in all. */
  waiting: number;
  /** Bytes that may wait in all. */
  bytes: number;
  /** Requests that may be parked at once. */
  parked: number;
  /**
   * How many requests of one flow may run for each free seat, and be parked for each free place. With 1, a flow gets half
   * of the seats that others leave free. Infinity leaves no seat free while a request waits, which is right if seats stand
   * for a capacity to use up.
   */
  share: number;
  /** The number of flows of a class from which on guests share flows, see {@linkcode dealHand}. */
  guests: number;
  /** How long the scheduler starts requests in a row before it yields to the event loop, in milliseconds. */
  slice: number;
  /** Seats for control work only, as a share of the other seats and in addition to them; at least one. */
  control: number;
  /** Control requests a second of one flow that go first. Further ones go with the next class. */
  controlRate: number;
  /** Control requests that may come at once. */
  controlBurst: number;
  /** The longest wait of a request, as a share of the time to its deadline. */
  patience: number;
}

/** The default bounds; docs/SCHEDULING.md tells their sources. */
export const LIMITS: Readonly<SchedulingLimits> = {
  flow: 50,
  waiting: 10_240,
  bytes: 32 * 1024 * 1024,
  parked: 16_384,
  share: Infinity,
  guests: 4_096,
  slice: 1,
  control: 0.2,
  controlRate: 100,
  controlBurst: 200,
  patience: 0.5,
};

/** The options of a {@linkcode Scheduler}. */
export interface SchedulerOptions<T extends Ticket> {
  /** The source of time, and of the one timer. */
  clock: Clock;
  /** Returns a number from 0 to 1, 1 excluded: for jitter, and for the secret of the hash. */
  random: () => number;
  /** Starts a request; `finish` must follow, at once or later. An error thrown here finishes the request. */
  run: (ticket: T) => void;
  /**
   * Answers a request that will not run. `retry` is how long its client should stay away, in whole milliseconds, 0 if
   * that makes no difference; `scope` is the kind of key whose quota is used up.
   */
  refuse: (ticket: T, reason: RefusalReason, retry: number, scope?: string) => void;
  /** Called when a parked request has a seat again. */
  resume?: (ticket: T) => void;
  /** Called when the deadline of a started request passes; the request keeps its seat until `finish`. */
  overdue?: (ticket: T) => void;
  /** Called when nothing waits any more and a seat is free: a caller that holds requests back may submit some. */
  idle?: () => void;
  /**
   * Calls `go` after the event loop has done its other work, like `setImmediate`. Without it the scheduler never yields.
   */
  yield?: (go: () => void) => void;
  /** The number of requests that run at once (default 1). */
  seats?: Seats;
  /** The classes, the one for control work first (default {@linkcode CLASSES}). */
  classes?: readonly Readonly<ClassOptions>[];
  /** Bounds that differ from {@linkcode LIMITS}. */
  limits?: Partial<SchedulingLimits>;
}

/** The options of {@linkcode Scheduler.openFlow}. */
export interface FlowOptions {
  /** The share of the client beside other clients (default 1). */
  weight?: number;
  /** Whether the client is unknown to the server and may have to share a flow (default false). */
  guest?: boolean;
  /** The rates for which its requests count (default none). */
  meters?: readonly Meter[];
}
