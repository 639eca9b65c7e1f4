import { setImmediate } from "node:timers";
import type { Clock } from "../scheduling/clock.ts";
import { systemClock } from "../net/clock.ts";
import type { Metric } from "../server/metric.ts";
import {
  isLogged,
  LOG_LEVELS,
  type LogEntry,
  type LogLevel,
  logToConsole,
  logWritten,
} from "../server/log.ts";
import { RepeatingLog } from "../server/repeating_log.ts";
import { createBeanstalkdHandlers } from "./beanstalkd/handlers.ts";
import type { HeldWork } from "../server/mod.ts";
import type { BeanstalkdHandlers, BeanstalkdOptions } from "./beanstalkd/options.ts";
import { createHandlers } from "./handlers/handlers.ts";
import type { QueueHandlers } from "./handlers/queue_handlers.ts";
import { type MetricsOptions, queueMetrics } from "./metrics.ts";
import { memoryStore } from "./store/memory_store.ts";
import type { Store, StoreLost } from "./store/store.ts";
import type { QueueSummary } from "./engine/engine.ts";
import { LocalEngine } from "./engine/local_engine.ts";
import { ownedEngine } from "./engine/owned_engine.ts";

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

/** A work queue, ready to be served. `await using` closes it. */
export interface OpenQueue extends AsyncDisposable {
  /** The handlers of `queueProtocol`. */
  readonly handlers: QueueHandlers;
  /**
   * The handlers of `beanstalkdProtocol`, on the same jobs. Throws `RangeError` for a pattern of tubes that is none.
   * Call it once: clients of other handlers do not see these clients' tubes that have no jobs.
   */
  readonly beanstalkd: (options?: BeanstalkdOptions) => BeanstalkdHandlers;
  /**
   * What clients may end while their server drains, in any of its protocols: the jobs that they have taken. A connection
   * whose end is that of a lease stays open until that job is ended, or the drain is over.
   */
  readonly heldWork: HeldWork;
  /** The figures for STATS: jobs by state, requests that wait, commits and changes, whether the store fails. */
  readonly stats: () => Iterable<readonly [name: string, value: string | number]>;
  /** Its metrics, for `serveAdmin`: jobs by queue and state, ages, events, the store. */
  readonly metrics: (options?: MetricsOptions) => Iterable<Metric>;
  /** Its queues, by name, with their counts; with `after`, only those behind it. Nothing is scanned for them. */
  readonly queues: (after?: string) => Iterable<QueueSummary>;
  /** Why it should get no requests now, in words: its store fails, or is full; `undefined` where it may. */
  readonly unready: () => string | undefined;
  /** Resolves once another server has the store: close the queue then. Absent where no other server can take it. */
  readonly lost?: Promise<StoreLost>;
  /**
   * Changes bounds, or the level of the log, while it is open. A member that is `undefined` brings the default back. What
   * is there already stays, also beyond a lower bound. Throws `RangeError` for a value that cannot be; nothing has changed
   * then.
   */
  reconfigure(changes: QueueReconfiguration): void;
  /**
   * Stores what has changed and closes the store; shut the server down first. May be called again. Resolves with how many
   * changes are lost because the store failed to the end: normally 0. Rejects if the store does, such as one whose file was
   * removed.
   */
  close(): Promise<number>;
}

/**
 * Opens a work queue and loads the jobs of its store. If that fails, closes the store and rejects with its error.
 *
 * @example
 * ```ts
 * import { memoryStore, openQueue, queueProtocol } from "@lineup/lineup/queue";
 * import { listenMemory, serve } from "@lineup/lineup/server";
 * import { assertEquals } from "@std/assert";
 *
 * await using queue = await openQueue({ store: memoryStore() });
 * const listener = listenMemory();
 * await using server = await serve(queueProtocol, queue.handlers, { listen: [listener] });
 * const connection = listener.connect();
 * await connection.write(new TextEncoder().encode("PUT mail hello\nQUIT\n"));
 * let text = "";
 * const buffer = new Uint8Array(1024);
 * for (let n; (n = await connection.read(buffer)) !== null;) {
 *   text += new TextDecoder().decode(buffer.subarray(0, n));
 * }
 * assertEquals(text.split(/\r?\n/).slice(1, 3), ["OK id=1", "OK bye"]);
 * assertEquals(new Map(queue.stats()).get("queue-ready"), 1);
 * ```
 */
export async function openQueue(options: QueueOptions = {}): Promise<OpenQueue> {
  const { store = memoryStore(), clock = systemClock } = options;
  const own = new RepeatingLog(clock, logToConsole);
  const { random = Math.random } = options;
  let level: LogLevel;
  let max: typeof DEFAULT_CAPACITY;
  try {
    level = levelOf(options);
    // The engine reads the bounds each time.
    max = capacityOf(options);
  } catch (error) {
    await store.close();
    throw error;
  }
  const { log: to = (entry: LogEntry): void => own.add(entry) } = options;
  const log = (entry: LogEntry): void => {
    if (isLogged(entry.level, level)) to(entry);
  };
  const { yield: yieldTo = (go) => void setImmediate(go) } = options;
  const local = await LocalEngine.open({ store, clock, log, random, max, yield: yieldTo });
  const { ownership } = store;
  const engine = ownership === undefined ? local : ownedEngine(local, ownership);
  const close = async (): Promise<number> => {
    const lost = await engine.close();
    await logWritten();
    return lost;
  };
  return {
    handlers: createHandlers(engine),
    beanstalkd: (options) => createBeanstalkdHandlers(engine, options),
    heldWork: {
      commands: ["DONE", "FAIL", "EXTEND", "RELEASE", "DELETE", "BURY", "TOUCH"],
      holds: (client) => engine.leaseEnd(client) < Infinity,
    },
    stats: () => engine.figures(),
    metrics: (options) => queueMetrics(local.measured, options),
    queues: (after) => local.queues({ after }),
    unready: () => ownership?.holds === false ? "the database cannot be reached" : local.unready(),
    lost: ownership?.lost,
    reconfigure(changes) {
      const all = { ...options, logLevel: level, ...max, ...changes };
      const [bounds, next] = [capacityOf(all), levelOf(all)];
      Object.assign(max, bounds);
      level = next;
    },
    close,
    [Symbol.asyncDispose]: () => close().then(() => {}),
  };
}
