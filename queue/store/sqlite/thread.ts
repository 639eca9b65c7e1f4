// The thread that writes, as its store sees it.

import { StoreFull } from "../store.ts";
import type { StoreAnswer, StoreRequest } from "./messages.ts";

/** Asks the thread. Rejects with the reason where it has ended. */
export interface StoreThread {
  (request: StoreRequest, transfer?: ArrayBuffer[]): Promise<unknown>;
  /** Ends the thread. */
  end(): void;
}

/** Starts a thread. */
export function startThread(): StoreThread {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  // Answers come in the order of the requests, so that needs no numbers.
  const waiting: PromiseWithResolvers<unknown>[] = [];
  let at = 0;
  let failure: Error | undefined;

  const end = (why: Error): void => {
    failure ??= why;
    worker.terminate();
    for (const { reject } of waiting.splice(0).slice(at)) reject(failure);
    at = 0;
  };
  worker.onmessage = ({ data }: MessageEvent<StoreAnswer>): void => {
    const { resolve, reject } = waiting[at++];
    if (at === waiting.length) waiting.length = at = 0;
    if ("error" in data) reject(data.full ? new StoreFull(data.error) : new Error(data.error));
    else resolve(data.result);
  };
  worker.onerror = (event): void => {
    event.preventDefault();
    end(new Error(`the thread of the store ended: ${event.message}`));
  };
  const ask = (request: StoreRequest, transfer: ArrayBuffer[] = []): Promise<unknown> => {
    if (failure !== undefined) return Promise.reject(failure);
    const answer = Promise.withResolvers<unknown>();
    waiting.push(answer);
    worker.postMessage(request, transfer);
    return answer.promise;
  };
  return Object.assign(ask, { end: () => end(new Error("the store is closed")) });
}
