import type { Clock } from "./clock.ts";
import type { Meter } from "./rate_limiter.ts";
import type { Seats } from "./seats.ts";
import type { RefusalReason, Ticket } from "./ticket.ts";

/** A class of work. */
export interface ClassOptions {
  /** What requests call it. */
  name: string;
  /** Its share beside the other classes; Infinity is strict priority, for the first class only. */
  weight: number;
  /** The wait that a good queue goes below, in milliseconds, see {@linkcode Codel}; Infinity sheds nothing. */
  target: number;
  /** The longest wait, in milliseconds; who waited that long is refused as `busy`. */
  patience: number;
}

/**
 * The classes of a scheduler unless others are given. The first is for control work, which uses the
 * reserved seats. Shares are ours (Kubernetes gives its levels 5 to 100); so are the longer targets of
 * work that nobody watches; 10 ms is between Facebook's 5 and the 20 of DAGOR and Finagle.
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
   * How many requests of one flow may run for each seat that is free, and be parked for each place that is free: with 1, a
   * flow gets half of the seats that others leave free. Infinity leaves no seat free while something waits, as is right
   * where seats stand for a capacity that is to be used up.
   */
  share: number;
  /** Flows of a class above which guests share flows, see {@linkcode dealHand}. */
  guests: number;
  /** How long requests are started in a row before other work gets the loop, in milliseconds. */
  slice: number;
  /** Seats for control work only, as a share of the others and on top of them; at least one. */
  control: number;
  /** Control requests a second of one flow that go first; more of them go as the next class does. */
  controlRate: number;
  /** Control requests that may come at once. */
  controlBurst: number;
  /** The share of the time left to its deadline that a request waits at most. */
  patience: number;
}

/** The bounds of a scheduler unless others are given; docs/SCHEDULING.md says where they are from. */
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

/** What a {@linkcode Scheduler} is made of. */
export interface SchedulerOptions<T extends Ticket> {
  /** Time and the one timer. */
  clock: Clock;
  /** A number from 0 to 1, 1 excluded: for jitter and for the secret of the hash. */
  random: () => number;
  /** Starts a request; `finish` must follow, at once or later. An error thrown here finishes it. */
  run: (ticket: T) => void;
  /**
   * Answers a request that will not run. `retry` is how long its client should stay away, in whole
   * milliseconds, 0 where it makes no difference; `scope` says whose quota is used up.
   */
  refuse: (ticket: T, reason: RefusalReason, retry: number, scope?: string) => void;
  /** A parked request has a seat again. */
  resume?: (ticket: T) => void;
  /** The deadline of a request passed after it had started; it keeps its seat until `finish`. */
  overdue?: (ticket: T) => void;
  /** Nothing waits any more and a seat is free: who holds requests back may bring some. */
  idle?: () => void;
  /**
   * Calls `go` once the event loop has looked after everything else, such as `setImmediate` does.
   * Without it the scheduler does not work in slices.
   */
  yield?: (go: () => void) => void;
  /** How many requests run at once (default one). */
  seats?: Seats;
  /** The classes, the one for control work first (default {@linkcode CLASSES}). */
  classes?: readonly Readonly<ClassOptions>[];
  /** Bounds that differ from {@linkcode LIMITS}. */
  limits?: Partial<SchedulingLimits>;
}

/** What {@linkcode Scheduler.openFlow} may be told of a client. */
export interface FlowOptions {
  /** Its share beside other clients (default 1). */
  weight?: number;
  /** Whether it is unknown to the server, so that it may have to share a flow (default no). */
  guest?: boolean;
  /** The rates that its requests count towards (default none). */
  meters?: readonly Meter[];
}
