// The options of a server, wherever it listens.

import type { WireLimits } from "../dialects/dialect.ts";
import type { Clock } from "../scheduling/clock.ts";
import type { ClassOptions, SchedulingLimits } from "../scheduling/scheduler_options.ts";
import type { Rates } from "./admission/client_rates.ts";
import type { ConnectionBounds } from "./admission/connection_bounds.ts";
import type { ConnectionLimits } from "./admission/connection_limits.ts";
import type { Identities } from "./identity/identity.ts";
import type { ConnectedClient } from "./request/handlers.ts";
import type { LogEntry, LogLevel } from "./log.ts";
import type { Timeouts } from "./connection/timeouts.ts";
import type { PressureMarks } from "./admission/pressure.ts";
import type { WorkerOptions } from "./workers/pool.ts";

/** The options of a server, wherever it listens; every limit has a default. */
export interface ServiceOptions {
  /** Longest line and body, in bytes. */
  limits?: Partial<WireLimits>;
  /**
   * Requests that run at once, over all connections. `adaptive` finds the best number, for handlers that wait for
   * something outside this process. Default 2048; of these, one client gets at most half of the free ones
   * (`scheduling.share`). A number given here is a capacity, which one client may use up.
   */
  seats?: number | "adaptive";
  /** The limits on the number of connections. */
  connections?: Partial<ConnectionLimits>;
  /** The time limits of clients, and the bytes of answers that they may leave unread. */
  timeouts?: Partial<Timeouts>;
  /** The bounds of one connection beside `maxInFlight`: its work in flight, and its refusals. */
  bounds?: Partial<ConnectionBounds>;
  /** Bytes held for clients: unfinished input, requests, answers. Default 256 MiB. */
  memory?: number;
  /** The shares of `memory`, and the lateness of the event loop, at which the server defends itself. */
  pressure?: Partial<PressureMarks>;
  /** The bounds of waiting requests. Default: `LIMITS` of the scheduling module, but 1024 waiting requests a client. */
  scheduling?: Partial<SchedulingLimits>;
  /** The classes, the one for control work first. Default: `CLASSES` of the scheduling module. */
  classes?: readonly Readonly<ClassOptions>[];
  /** The requests a second of a client. More are refused with `quota`. Default: no limit. */
  rates?: Rates;
  /**
   * The clients that the server knows, and what each may do. A command of the protocol then needs an identity, and one
   * with a `role` that role. Default: every client may use every command without a role.
   */
  identities?: Identities;
  /**
   * The name of the identity of clients that prove none. Default: `anonymous`, where `identities` have that; else their
   * requests are refused with `unauthenticated`.
   */
  anonymous?: string;
  /** Runs the handlers of a module in processes of their own, for commands that burn CPU. */
  workers?: WorkerOptions;
  /**
   * Requests of one connection in flight. Above it, ordered requests are not read, and correlated ones are refused with
   * `quota`. Default 256.
   */
  maxInFlight?: number;
  /** The time in ms that a drain gives running requests. Default 10000. */
  drain?: number;
  /** The work that clients may end during a drain, such as `OpenQueue.heldWork`. Default: none. */
  heldWork?: HeldWork;
  /** Time. Default: this machine's. */
  clock?: Clock;
  /** Numbers from 0 to 1, 1 excluded, for jitter. Default: `Math.random`. */
  random?: () => number;
  /** The destination of log entries. Default: standard error. */
  log?: (entry: LogEntry) => void;
  /** The least level of the entries that `log` gets. Default `info`. */
  logLevel?: LogLevel;
  /** Further figures, listed behind those of the server. */
  stats?: () => Iterable<readonly [name: string, value: string | number]>;
}

/** Work that a client has begun and only that client can end, such as a job that is its own while it is connected. */
export interface HeldWork {
  /** The commands that end such work: they are served during a drain. */
  readonly commands: readonly string[];
  /** Whether a client has such work: then its connection stays open until the work is ended, or the drain is over. */
  readonly holds: (client: ConnectedClient) => boolean;
}
