// The options of a server, wherever it listens.

import type { WireLimits } from "../dialects/dialect.ts";
import type { Clock } from "../scheduling/clock.ts";
import type { RateLimiterOptions } from "../scheduling/rate_limiter.ts";
import type { ClassOptions, SchedulingLimits } from "../scheduling/scheduler_options.ts";
import type { ConnectionBounds } from "./connection/bounds.ts";
import type { ConnectionLimits } from "./admission/connection_limits.ts";
import type { LogEntry } from "./log.ts";
import type { Timeouts } from "./connection/timeouts.ts";
import type { PressureMarks } from "./admission/pressure.ts";
import type { WorkerOptions } from "./workers/pool.ts";

/** The options of a server, wherever it listens; every limit has a default. */
export interface ServiceOptions {
  /** Longest line and body, in bytes. */
  limits?: Partial<WireLimits>;
  /**
   * Requests that run at once, over all connections. `adaptive` finds out how many serve best, for handlers that wait for
   * something outside this process. Default 2048, of which one client gets half of the free ones at most
   * (`scheduling.share`); a number given here is a capacity, which one client may use up.
   */
  seats?: number | "adaptive";
  /** How many connections there may be. */
  connections?: Partial<ConnectionLimits>;
  /** How long a client may take, and how many bytes of answers it may leave unread. */
  timeouts?: Partial<Timeouts>;
  /** What one connection may have under way beside `maxInFlight`, and how often it may be refused. */
  bounds?: Partial<ConnectionBounds>;
  /** Bytes held for clients: unfinished input, requests, answers. Default 256 MiB. */
  memory?: number;
  /** The shares of `memory`, and the lateness of the event loop, at which the server defends itself. */
  pressure?: Partial<PressureMarks>;
  /** The bounds of waiting requests. Default: `LIMITS` of the scheduling module, but 1024 waiting requests a client. */
  scheduling?: Partial<SchedulingLimits>;
  /** The classes, the one for control work first. Default: `CLASSES` of the scheduling module. */
  classes?: readonly Readonly<ClassOptions>[];
  /** How many requests a second a client may make; more are refused with `quota`. Default: no limit. */
  rates?: Rates;
  /** Runs the handlers of a module in processes of their own, for commands that burn CPU. */
  workers?: WorkerOptions;
  /**
   * Requests of one connection in flight. Above it, requests that are answered in order are not read, and correlated ones
   * are refused with `quota`. Default 256.
   */
  maxInFlight?: number;
  /** How long a drain lets running requests finish, in ms. Default 10000. */
  drain?: number;
  /** Time. Default: this machine's. */
  clock?: Clock;
  /** Numbers from 0 to 1, 1 excluded, for jitter. Default: `Math.random`. */
  random?: () => number;
  /** Where log entries go. Default: standard error. */
  log?: (entry: LogEntry) => void;
  /** Further figures, listed behind those of the server. */
  stats?: () => Iterable<readonly [name: string, value: string | number]>;
}

/** Bounds on the rate of a client's requests, see `PUBLIC_RATES`. */
export interface Rates {
  /** For an IPv4 address or an IPv6 /64. */
  prefix?: RateLimiterOptions;
  /** For an IPv6 /48. */
  site?: RateLimiterOptions;
}
