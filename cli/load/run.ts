// The run of a load over all its threads.

import { needRead } from "../permissions.ts";
import { ConnectionLost } from "../../client/mod.ts";
import type { FromThread, ToThread } from "./messages.ts";
import { type LoadPlan, share, type ThreadPlan } from "./plan.ts";
import type { IntervalReport, LoadReport, RunOrigin } from "./report.ts";
import { LoadResults } from "./results.ts";

/** A load that runs. */
export interface RunningLoad {
  /** Resolves with the report, after the last answer. */
  readonly report: Promise<LoadReport>;
  /** Sends nothing more, and waits for the answers in flight. A second call does not wait. */
  stop(): void;
}

/**
 * Connects all threads, then begins. `onInterval` gets a report of each interval of `shownTicks` ticks. Rejects with
 * `ConnectionLost` if no thread gets a connection.
 */
export async function startLoad(
  plan: LoadPlan,
  origin: RunOrigin,
  onInterval: (interval: IntervalReport) => void,
  shownTicks = 1,
): Promise<RunningLoad> {
  const results = new LoadResults(plan, shownTicks);
  const threads = share(plan).map((part, i) => new Thread(i, results, onInterval, part));
  const close = (): void => threads.forEach((thread) => thread.close());
  try {
    const refusals = await Promise.all(threads.map((thread) => thread.opened));
    const [reason] = refusals;
    if (refusals.every((each) => each !== undefined)) throw new ConnectionLost(reason!, "no");
  } catch (error) {
    close();
    throw error;
  }
  threads.forEach((thread) => thread.tell({ kind: "run" }));
  const report = Promise.all(threads.map((thread) => thread.over))
    .then(() => results.report(origin))
    .finally(close);
  return { report, stop: () => threads.forEach((thread) => thread.tell({ kind: "stop" })) };
}

/** A worker that runs one thread of the load. */
class Thread {
  /** Resolves once the thread has tried to connect: with the reason if it has no connection. */
  readonly opened: Promise<string | undefined>;
  readonly over: Promise<void>;
  readonly #worker: Worker;

  constructor(
    index: number,
    results: LoadResults,
    onInterval: (interval: IntervalReport) => void,
    plan: ThreadPlan,
  ) {
    const opened = Promise.withResolvers<string | undefined>();
    const over = Promise.withResolvers<void>();
    this.opened = opened.promise;
    this.over = over.promise;
    // A failure rejects `opened` as well, where it is handled.
    this.over.catch(() => {});
    const url = new URL("./worker.ts", import.meta.url);
    needRead(url.href);
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<FromThread>) => {
      if (data.kind === "opened") opened.resolve(data.refusal);
      else if (data.kind === "over") over.resolve();
      else {
        const interval = results.add(index, data.tick);
        if (interval !== undefined) onInterval(interval);
      }
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(`a thread of the load failed: ${event.message}`);
      opened.reject(error);
      over.reject(error);
    };
    this.tell({ kind: "open", plan });
  }

  tell(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  close(): void {
    this.#worker.terminate();
  }
}
