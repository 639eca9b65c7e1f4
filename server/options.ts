// What a server may be told.

import type { WireLimits } from "../dialects/wire_limits.ts";
import type { Clock } from "../scheduling/clock.ts";
import type { RateLimiterOptions } from "../scheduling/rate_limiter.ts";
import type { ClassOptions, SchedulingLimits } from "../scheduling/scheduler_options.ts";
import type { ConnectionBounds } from "./connection/bounds.ts";
import type { ConnectionLimits } from "./admission/connection_limiter.ts";
import type { LogEntry } from "./log.ts";
import type { Timeouts } from "./connection/timeouts.ts";
import type { PressureMarks } from "./admission/pressure.ts";
import type { WorkerOptions } from "./workers/pool.ts";

/** What a server may be told; every limit has a default. */
export interface ServiceOptions {
  /** Longest line and body, in bytes. */
  limits?: Partial<WireLimits>;
  /**
   * Requests that run at once, over all connections; `adaptive` finds out how many serve best, for handlers that
   * wait for something else than this process. Default 2048, of which one client has half of what others leave free at
   * most (`scheduling.share`); seats that are given here are a capacity, which one client may use up.
   */
  seats?: number | "adaptive";
  /** How many connections there may be. */
  connections?: Partial<ConnectionLimits>;
  /** How long a client may take, and how much of its answers it may leave unread. */
  timeouts?: Partial<Timeouts>;
  /** What one connection may have under way beside `maxInFlight`, and how often it may be wrong. */
  bounds?: Partial<ConnectionBounds>;
  /** Bytes held for clients: requests, answers, what has come of them. Default 256 MiB. */
  memory?: number;
  /** At which shares of `memory`, and at which lateness of the event loop, something is done. */
  pressure?: Partial<PressureMarks>;
  /** The bounds of what waits. Default: `LIMITS` of the scheduling module, but 1024 waiting requests a client. */
  scheduling?: Partial<SchedulingLimits>;
  /** The classes, the one for control work first. Default: `CLASSES` of the scheduling module. */
  classes?: readonly Readonly<ClassOptions>[];
  /** How many requests a second a client may make; more are refused with `quota`. Default: no limit. */
  rates?: Rates;
  /** Runs the handlers of a module in processes of their own, for commands that burn CPU. */
  workers?: WorkerOptions;
  /** Requests of one connection in flight: of untagged ones more are not read, of tagged ones more are refused with `quota`. Default 256. */
  maxInFlight?: number;
  /** How long a drain lets running requests finish, in ms. Default 10000. */
  drain?: number;
  /** Time. Default: this machine's. */
  clock?: Clock;
  /** Numbers from 0 to 1, 1 excluded, for jitter. Default: `Math.random`. */
  random?: () => number;
  /** Where log entries go. Default: standard error. */
  log?: (entry: LogEntry) => void;
  /** Further figures for STATS. */
  stats?: () => Iterable<readonly [name: string, value: string | number]>;
}

/** Limits on how fast a client may ask, see `PUBLIC_RATES`. */
export interface Rates {
  /** For an IPv4 address or an IPv6 /64. */
  prefix?: RateLimiterOptions;
  /** For an IPv6 /48. */
  site?: RateLimiterOptions;
}
