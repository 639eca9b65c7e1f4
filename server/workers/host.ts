// The program of a worker's process: loads the module with the handlers, and runs one request at a time.

import { Refusal } from "../../protocol/errors.ts";
import type { Values } from "../../protocol/shape.ts";
import { abortable } from "./abortable.ts";
import type { Context } from "../request/handlers.ts";
import { inWorker } from "../request/in_worker.ts";
import type { UntypedHandler } from "../request/route.ts";
import { Channel } from "./channel.ts";
import {
  type FromWorker,
  type MoreContext,
  type Task,
  toPlain,
  toRefusal,
  type ToWorker,
} from "./messages.ts";

/** The URL of this module. */
export const hostUrl: string = import.meta.url;

/** The arguments of a process. */
export interface HostSettings {
  /** The server's socket. */
  readonly path: string;
  /** The permissions that it drops once it has connected. */
  readonly revoked: readonly Deno.PermissionDescriptor[];
  /** Bytes that handlers may hold. */
  readonly memory: number;
}

/** Serves requests with the handlers of a module, until the process is ended. */
export async function host(
  load: () => Promise<unknown>,
  { path, revoked, memory }: HostSettings,
): Promise<void> {
  // These signals reach all processes of the server, and the server lets requests finish.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {});
  }
  const watched = watch(memory);
  const conn = await Deno.connect({ transport: "unix", path });
  for (const permission of revoked) Deno.permissions.revokeSync(permission);
  const channel = new Channel<FromWorker, ToWorker>(conn);
  const worker = new WorkerHost(channel);
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    worker.end(event.error);
  });
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    worker.end(event.reason);
  });
  const heard = channel.listen((message) => worker.hear(message));
  await watched;
  await worker.load(load);
  await heard;
  Deno.exit();
}

// While a handler spins, the event loop notices neither that the server is gone nor how much memory is held. So a
// thread of its own watches both.
const WATCH_MS = 250;
// The memory of Deno itself.
const RUNTIME_BYTES = 128 << 20;

/** Ends this process when the process that has started it is gone, or when this one holds more memory than it may. */
export function watch(memory: number): Promise<void> {
  const source = `
    const end = () => {
      try { Deno.kill(-Deno.pid, "SIGKILL"); } catch { Deno.kill(Deno.pid, "SIGKILL"); }
    };
    setInterval(() => {
      const { rss } = Deno.memoryUsage();
      if (rss < ${memory + RUNTIME_BYTES}) return;
      console.error(\`a worker holds \${rss} bytes, more than it may, and is ended\`);
      end();
    }, ${WATCH_MS});
    postMessage("ready");
    const buffer = new Uint8Array(1024);
    while (await Deno.stdin.read(buffer).catch(() => null) !== null);
    end();`;
  const url = `data:text/javascript,${encodeURIComponent(source)}`;
  const worker = new Worker(url, { type: "module" });
  return new Promise((resolve) => worker.onmessage = () => resolve());
}

class WorkerHost {
  readonly #channel: Channel<FromWorker, ToWorker>;
  #handlers: Readonly<Record<string, UntypedHandler>> = {};
  #abort = new AbortController();
  #client = { closed: false, halfClosed: false };
  #onClosed: (() => void)[] = [];
  #more: () => void = () => {};

  constructor(channel: Channel<FromWorker, ToWorker>) {
    this.#channel = channel;
  }

  hear(message: ToWorker): void {
    switch (message.kind) {
      case "task":
        this.#run(message);
        break;
      case "abort":
        this.#client.closed = message.closed;
        if (message.closed) { for (const action of this.#onClosed.splice(0)) action(); }
        this.#abort.abort(toRefusal(message.reason));
        this.#more();
        break;
      case "more":
        this.#more();
    }
  }

  async load(load: () => Promise<unknown>): Promise<void> {
    try {
      const { default: given } = await load() as { default?: { handlers?: unknown } };
      const found = given?.handlers ?? given;
      if (typeof found !== "object" || found === null) {
        throw new TypeError("the module of workers must export default handlers, or { handlers }");
      }
      this.#handlers = found as Readonly<Record<string, UntypedHandler>>;
      const verbs = Object.keys(found).filter((verb) =>
        typeof this.#handlers[verb] === "function" && this.#handlers[verb] !== inWorker
      );
      this.#tell({ kind: "ready", verbs });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Reports the reason for the end of the process, and ends it. */
  async end(error: unknown): Promise<void> {
    this.#tell({ kind: "uncaught", error: toCloneable(error) });
    await this.#channel.sent();
    Deno.exit(1);
  }

  #tell(message: FromWorker): void {
    this.#channel.send(message);
  }

  async #run(task: Task): Promise<void> {
    this.#abort = new AbortController();
    this.#client = { closed: false, halfClosed: false };
    this.#onClosed = [];
    const { signal } = this.#abort;
    try {
      const handler = this.#handlers[task.verb];
      const result = await handler(task.values, this.#contextOf(task, signal));
      const reply = task.streams ? await this.#stream(result, signal) : result;
      this.#tell({ kind: "reply", values: reply as Values | undefined });
    } catch (error) {
      if (error instanceof Refusal) this.#tell({ kind: "refusal", refusal: toPlain(error) });
      else this.#fail(error);
    }
  }

  /** Sends each item once the server has passed on the one before. Resolves with the reply. */
  async #stream(result: unknown, signal: AbortSignal): Promise<Values> {
    const source = result as AsyncIterable<Values> & Iterable<Values>;
    const items = (source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]()) as
      | Iterator<Values, Values>
      | AsyncIterator<Values, Values>;
    try {
      for (;;) {
        const { done, value } = await items.next();
        if (done) return value;
        signal.throwIfAborted();
        const passed = new Promise<void>((resolve) => this.#more = resolve);
        this.#tell({ kind: "item", values: value });
        await passed;
        signal.throwIfAborted();
      }
    } catch (error) {
      await items.return?.();
      throw error;
    }
  }

  #contextOf(task: Task, signal: AbortSignal): Context {
    const { verb, client: id, peer, agent, identity, deadline = Infinity, trace } = task;
    const onClosed = this.#onClosed;
    const client: Context["client"] = Object.assign(this.#client, {
      id,
      peer,
      agent,
      identity: identity?.name,
      // The worker learns nothing of the connection after this request.
      whenClosed: (action: () => void): void => void onClosed.push(action),
    });
    const context: Context = {
      verb,
      client,
      state: undefined,
      identity,
      signal,
      deadline,
      trace,
      log: (message, details) => {
        const cloned = Object.entries(details ?? {}).map(([name, value]) =>
          [name, toCloneable(value)] as const
        );
        this.#tell({
          kind: "log",
          verb,
          client: peer,
          message,
          details: Object.fromEntries(cloned),
        });
      },
      // A worker runs one request: no other could use it meanwhile.
      park: (promise) => abortable(promise, signal),
      whenUnsent: () => {},
      // The memory of a worker has a bound of its own.
      hold: () => {},
    };
    return withMore(context, task.more);
  }

  #fail(error: unknown): void {
    this.#tell({ kind: "failure", error: toCloneable(error) });
  }
}

/** Adds the state and what middleware added. A member that could not be sent throws where a handler reads it. */
function withMore(context: Context, more: MoreContext | undefined): Context {
  if (more === undefined) return context;
  Object.assign(context, frozen(more.cloned));
  for (const [name, why] of Object.entries(more.left)) {
    const get = (): never => {
      throw new TypeError(`${name} of the context cannot go to a worker: ${why}`);
    };
    Object.defineProperty(context, name, { get, enumerable: true });
  }
  return context;
}

/** Makes a copy read-only: a change of it would be lost, so it throws. */
function frozen<T>(value: T): T {
  const isPlain = Array.isArray(value) ||
    Object.prototype.toString.call(value) === "[object Object]";
  if (!isPlain || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value as object)) frozen(part);
  return value;
}

/** A thrown or logged value as it can cross to the server: as text where it cannot be cloned. */
function toCloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return Deno.inspect(value);
  }
}
