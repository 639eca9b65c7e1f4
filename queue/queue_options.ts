// The options of a queue, and what they say.

import { setImmediate } from "node:timers";
import { systemClock } from "../net/clock.ts";
import type { Clock } from "../scheduling/clock.ts";
import { isLogged, LOG_LEVELS, type LogEntry, type LogLevel, logToConsole } from "../server/log.ts";
import { RepeatingLog } from "../server/repeating_log.ts";
import type { Dependencies } from "./engine/work_queue.ts";
import type { Store } from "./store/store.ts";

/** The options of a queue; each has a default. */
export interface QueueOptions {
  /** Where jobs are kept; the queue closes it. Default: `memoryStore()`. */
  store?: Store;
  /** The clock, in ms since the Unix epoch. Default: that of this machine. */
  clock?: Clock;
  /** Where log entries go. Default: standard error. */
  log?: (entry: LogEntry) => void;
  /** The least level of the entries that `log` gets. Default `info`. */
  logLevel?: LogLevel;
  /**
   * The most bytes of memory: for jobs, keys, queues, limits, schedules, changes that are not stored yet, and the jobs of a
   * store in memory; an eighth is for requests that wait. Beyond it PUT, EVERY, LIMIT, PAUSE and TAKE with `wait=` answer
   * `busy`; a store that has more is loaded. Default 1 GiB.
   */
  maxMemory?: number;
  /** The most jobs in all states; beyond it PUT answers `busy`. Default 5 million. */
  maxJobs?: number;
  /** The most queues; beyond it PUT and TAKE with `wait=` answer `busy` for others. Default 100,000. */
  maxQueues?: number;
  /** The most requests that wait for a job or a result; beyond it TAKE and WAIT answer `busy`. Default 100,000. */
  maxTakers?: number;
  /** The most queues and keys with limits; beyond it LIMIT and PAUSE answer `busy`. Default 100,000. */
  maxRules?: number;
  /** The most schedules; beyond it EVERY answers `busy`. Default 10,000. */
  maxSchedules?: number;
  /** The most results that are kept; beyond it the oldest is forgotten. Default 10,000. */
  maxResults?: number;
  /** How long results are kept, in ms. Default an hour. */
  resultTime?: number;
  /** A number from 0 up to 1, for the pauses of backoff. Default: `Math.random`. */
  random?: () => number;
  /**
   * Calls `go` once the event loop has looked after everything else. Work on many jobs goes in slices, and waits so between
   * two slices. Default: `setImmediate`, with which Deno looks at sockets only now and then.
   */
  yield?: (go: () => void) => void;
}

/** The options that can change while a queue is open. */
export type QueueReconfiguration = Pick<
  QueueOptions,
  | "logLevel"
  | "maxMemory"
  | "maxJobs"
  | "maxQueues"
  | "maxTakers"
  | "maxRules"
  | "maxSchedules"
  | "maxResults"
  | "resultTime"
>;

/** The default bounds. */
export const DEFAULT_CAPACITY = {
  maxMemory: 2 ** 30,
  maxJobs: 5_000_000,
  maxQueues: 100_000,
  maxTakers: 100_000,
  maxRules: 100_000,
  maxSchedules: 10_000,
  maxResults: 10_000,
  resultTime: 3_600_000,
};

/** The bounds of options. Throws `RangeError` for one that is not a number from 0. */
function capacityOf(options: QueueOptions): typeof DEFAULT_CAPACITY {
  const all = { ...DEFAULT_CAPACITY };
  for (const name of Object.keys(DEFAULT_CAPACITY) as (keyof typeof DEFAULT_CAPACITY)[]) {
    const value = options[name] ?? DEFAULT_CAPACITY[name];
    if (!(value >= 0)) throw new RangeError(`${name} must be a number from 0, not ${value}`);
    all[name] = value;
  }
  return all;
}

/** The level of the log. Throws `RangeError` for an unknown one. */
function levelOf({ logLevel = "info" }: QueueOptions): LogLevel {
  if (LOG_LEVELS.includes(logLevel)) return logLevel;
  throw new RangeError(`logLevel must be one of ${LOG_LEVELS.join(", ")}, not ${logLevel}`);
}

/** What the options of a queue say. */
export interface QueueSettings extends Omit<Dependencies, "store"> {
  /** Changes bounds and the level of the log. Throws `RangeError`, and has changed nothing then. */
  reconfigure(changes: QueueReconfiguration): void;
}

/** Reads options. Throws `RangeError` for one that cannot be. */
export function settingsOf(options: QueueOptions): QueueSettings {
  const {
    clock = systemClock,
    random = Math.random,
    yield: yieldTo = (go) => void setImmediate(go),
  } = options;
  let level = levelOf(options);
  // The engine reads the bounds each time.
  const max = capacityOf(options);
  const own = new RepeatingLog(clock, logToConsole);
  const { log: to = (entry: LogEntry): void => own.add(entry) } = options;
  return {
    clock,
    random,
    max,
    yield: yieldTo,
    log(entry: LogEntry): void {
      if (isLogged(entry.level, level)) to(entry);
    },
    reconfigure(changes: QueueReconfiguration): void {
      const all = { ...options, logLevel: level, ...max, ...changes };
      const [bounds, next] = [capacityOf(all), levelOf(all)];
      Object.assign(max, bounds);
      level = next;
    },
  };
}
