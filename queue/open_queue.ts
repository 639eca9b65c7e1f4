// A queue that is open, over whatever engine.

import { logWritten } from "../server/log.ts";
import type { Metric } from "../server/metric.ts";
import type { HeldWork } from "../server/mod.ts";
import { createBeanstalkdHandlers } from "./beanstalkd/handlers.ts";
import type { BeanstalkdHandlers, BeanstalkdOptions } from "./beanstalkd/options.ts";
import type { QueueSummary } from "./engine/engine.ts";
import type { RankedEngine } from "./engine/ranked_engine.ts";
import { createHandlers } from "./handlers/handlers.ts";
import type { QueueHandlers } from "./handlers/queue_handlers.ts";
import type { MetricsOptions } from "./metrics.ts";
import type { QueueReconfiguration } from "./queue_options.ts";
import type { StoreLost } from "./store/store.ts";

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

/** An open queue over an engine. */
export function openQueueOver(
  engine: RankedEngine,
  parts: Pick<OpenQueue, "metrics" | "queues" | "unready" | "lost" | "reconfigure" | "close">,
): OpenQueue {
  const close = async (): Promise<number> => {
    const lost = await parts.close();
    await logWritten();
    return lost;
  };
  return {
    ...parts,
    handlers: createHandlers(engine),
    beanstalkd: (options) => createBeanstalkdHandlers(engine, options),
    heldWork: {
      commands: ["DONE", "FAIL", "EXTEND", "RELEASE", "DELETE", "BURY", "TOUCH"],
      holds: (client) => engine.leaseEnd(client) < Infinity,
    },
    stats: () => engine.figures(),
    close,
    [Symbol.asyncDispose]: () => close().then(() => {}),
  };
}
