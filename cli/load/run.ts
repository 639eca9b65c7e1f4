// A load over all its threads.

import { needRead } from "../permissions.ts";
import { ConnectionLost } from "../../client/mod.ts";
import type { FromThread, ToThread } from "./messages.ts";
import { type LoadPlan, share } from "./plan.ts";
import { type IntervalReport, type LoadReport, LoadResults } from "./results.ts";

/** A load that runs. */
export interface RunningLoad {
  /** Resolves with what it has shown, once the last answer has come. */
  readonly report: Promise<LoadReport>;
  /** Sends nothing more, and waits for what is in flight; called again, it does not wait. */
  stop(): void;
}

/**
 * Connects from every thread, then begins; `onMoment` is told how it goes, every so many ticks. Throws `ConnectionLost`.
 */
export async function startLoad(
  plan: LoadPlan,
  onMoment: (moment: IntervalReport) => void,
  shownTicks = 1,
): Promise<RunningLoad> {
  const results = new LoadResults(plan, shownTicks);
  const threads = share(plan).map((part, i) => new Thread(i, results, onMoment, part));
  const close = (): void => threads.forEach((thread) => thread.close());
  try {
    const refusals = await Promise.all(threads.map((thread) => thread.opened));
    const [why] = refusals;
    if (refusals.every((each) => each !== undefined)) throw new ConnectionLost(why!, "no");
  } catch (error) {
    close();
    throw error;
  }
  threads.forEach((thread) => thread.tell({ kind: "run" }));
  const report = Promise.all(threads.map((thread) => thread.over))
    .then(() => results.report())
    .finally(close);
  return { report, stop: () => threads.forEach((thread) => thread.tell({ kind: "stop" })) };
}

class Thread {
  readonly opened: Promise<string | undefined>;
  readonly over: Promise<void>;
  readonly #worker: Worker;

  constructor(
    index: number,
    results: LoadResults,
    onMoment: (moment: IntervalReport) => void,
    plan: Extract<ToThread, { kind: "open" }>["plan"],
  ) {
    const opened = Promise.withResolvers<string | undefined>();
    const over = Promise.withResolvers<void>();
    this.opened = opened.promise;
    this.over = over.promise;
    // Who waits for `opened` hears of it there.
    this.over.catch(() => {});
    const url = new URL("./worker.ts", import.meta.url);
    needRead(url.href);
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<FromThread>) => {
      if (data.kind === "opened") opened.resolve(data.why);
      else if (data.kind === "over") over.resolve();
      else {
        const moment = results.add(index, data.tick);
        if (moment !== undefined) onMoment(moment);
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
