// Runs in a worker: loads the module with the handlers, and runs one request at a time.

/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />

import { Refusal } from "../protocol/errors.ts";
import type { Values } from "../protocol/message.ts";
import type { Context } from "./handlers.ts";
import type { FromWorker, PlainRefusal, Task, ToWorker } from "./worker_messages.ts";

type AnyHandler = (args: Values, context: Context) => unknown;

let handlers: Readonly<Record<string, AnyHandler>> = {};
let abort = new AbortController();
let more: () => void = () => {};

function tell(message: FromWorker): void {
  self.postMessage(message);
}

self.onmessage = ({ data }: MessageEvent<ToWorker>): void => {
  switch (data.kind) {
    case "load":
      load(data.module);
      break;
    case "task":
      run(data.task);
      break;
    case "abort":
      abort.abort(toRefusal(data.refusal));
      more();
      break;
    case "more":
      more();
  }
};

async function load(module: string): Promise<void> {
  try {
    const loaded = await import(module);
    const found = loaded.default?.handlers ?? loaded.default;
    if (typeof found !== "object" || found === null) {
      throw new TypeError(`${module} must export default handlers, or { handlers }`);
    }
    handlers = found;
    const verbs = Object.keys(found).filter((verb) => typeof found[verb] === "function");
    tell({ kind: "ready", verbs });
  } catch (error) {
    tell({ kind: "broken", error });
  }
}

async function run(task: Task): Promise<void> {
  abort = new AbortController();
  const { signal } = abort;
  try {
    const result = await handlers[task.verb](task.args, contextOf(task, signal));
    tell({ kind: "reply", reply: await drain(result, signal) });
  } catch (error) {
    if (error instanceof Refusal) {
      const { code, message, retry, executed, details } = error;
      tell({ kind: "refusal", refusal: { code, message, retry, executed, details } });
    } else tell({ kind: "failure", error });
  }
}

/** Sends the items of a stream, one at a time; its reply, or what is no stream, is the answer. */
async function drain(result: unknown, signal: AbortSignal): Promise<Values | undefined> {
  const source = result as Partial<AsyncIterator<Values> & Iterator<Values>> | undefined;
  if (typeof source?.next !== "function") return result as Values | undefined;
  for (;;) {
    const { done, value } = await source.next();
    if (done) return value;
    if (signal.aborted) {
      await source.return?.();
      throw signal.reason;
    }
    const passed = new Promise<void>((resolve) => more = resolve);
    tell({ kind: "item", item: value });
    await passed;
  }
}

function contextOf(task: Task, signal: AbortSignal): Context {
  return {
    ...task,
    client: { ...task.client, closed: false },
    signal,
    log: (message, details) => tell({ kind: "log", message, details }),
    // A worker runs one request, so there is no seat that another could use meanwhile.
    park: (promise) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        promise.then(resolve, reject);
      }),
  };
}

function toRefusal({ code, message, ...options }: PlainRefusal): Refusal {
  return new Refusal(code, message, options);
}
