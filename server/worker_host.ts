// Runs in a worker: loads the module with the handlers, and runs one request at a time.

/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />

import { Refusal } from "../protocol/errors.ts";
import type { Values } from "../protocol/message.ts";
import { abortable } from "./abortable.ts";
import type { Context } from "./handlers.ts";
import {
  type FromWorker,
  type Task,
  toPlain,
  toRefusal,
  type ToWorker,
} from "./worker_messages.ts";

type AnyHandler = (args: Values, context: Context) => unknown;
type Items = Iterator<Values, Values> | AsyncIterator<Values, Values>;

let handlers: Readonly<Record<string, AnyHandler>> = {};
let abort = new AbortController();
let client = { closed: false };
let onClosed: (() => void)[] = [];
let more: () => void = () => {};

self.onmessage = ({ data }: MessageEvent<ToWorker>): void => {
  switch (data.kind) {
    case "load":
      load(data.module);
      break;
    case "task":
      run(data.task);
      break;
    case "abort":
      client.closed = data.closed;
      if (data.closed) { for (const action of onClosed.splice(0)) action(); }
      abort.abort(toRefusal(data.reason));
      more();
      break;
    case "more":
      more();
  }
};

// The server hears nothing of a worker that closes itself or exits, unless that says so.
const { close } = self;
self.close = () => {
  tell({ kind: "ended" });
  close.call(self);
};
self.addEventListener("unload", () => tell({ kind: "ended" }));

function tell(message: FromWorker): void {
  self.postMessage(message);
}

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
    fail(error);
  }
}

async function run(task: Task): Promise<void> {
  abort = new AbortController();
  client = { ...task.client, closed: false };
  onClosed = [];
  const { signal } = abort;
  try {
    const result = await handlers[task.verb](task.args, contextOf(task, signal));
    const reply = task.streams ? await send(result, signal) : result;
    tell({ kind: "reply", reply: reply as Values | undefined });
  } catch (error) {
    if (error instanceof Refusal) tell({ kind: "refusal", refusal: toPlain(error) });
    else fail(error);
  }
}

/** Sends items, each when the one before it was passed on; returns the reply. */
async function send(result: unknown, signal: AbortSignal): Promise<Values> {
  const source = result as AsyncIterable<Values> & Iterable<Values>;
  const items = (source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]()) as Items;
  try {
    for (;;) {
      const { done, value } = await items.next();
      if (done) return value;
      signal.throwIfAborted();
      const passed = new Promise<void>((resolve) => more = resolve);
      tell({ kind: "item", item: value });
      await passed;
      signal.throwIfAborted();
    }
  } catch (error) {
    await items.return?.();
    throw error;
  }
}

function contextOf(task: Task, signal: AbortSignal): Context {
  const { verb, identity, deadline, trace } = task;
  return {
    verb,
    // What happens to the connection behind this request the worker does not learn.
    client: Object.assign(client as Context["client"], {
      whenClosed: (action: () => void) => void onClosed.push(action),
    }),
    identity,
    signal,
    deadline,
    trace,
    log(message, details) {
      const entry = { level: "info", message, verb, client: task.client.peer, ...details } as const;
      tell({ kind: "log", entry: toCloneable(entry) });
    },
    // A worker runs one request, so nobody else could use it meanwhile.
    park: (promise) => abortable(promise, signal),
  };
}

function fail(error: unknown): void {
  tell({ kind: "failure", error: toCloneable({ error }).error });
}

/** What is thrown and logged may be anything, also what cannot cross to the server: that crosses as text. */
function toCloneable<T extends object>(entry: T): T {
  const cloneable = (value: unknown): unknown => {
    try {
      return structuredClone(value);
    } catch {
      return Deno.inspect(value);
    }
  };
  return Object.fromEntries(Object.entries(entry).map(([k, v]) => [k, cloneable(v)])) as T;
}
