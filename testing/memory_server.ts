// A server in memory, and clients of it.

import { type AnyClient, type Client, type ClientOptions, connect } from "../client/mod.ts";
import { AcceptQueue } from "../net/accept_queue.ts";
import { memoryPair } from "../net/memory.ts";
import type { ByteStream, Listener } from "../net/stream.ts";
import type { Protocol } from "../protocol/spec.ts";
import { isRecord } from "../protocol/spec_error.ts";
import type { LogEntry } from "../server/log.ts";
import type { EveryHandler, SomeHandlers } from "../server/request/handlers.ts";
import { serve, toServices } from "../server/serve.ts";
import type { ServeOptions } from "../server/serve_options.ts";
import type { Service } from "../server/service.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** The options of a server in memory: those of `serve`, without those of its address. */
export type MemoryServerOptions = Omit<
  ServeOptions,
  "port" | "hostname" | "listen" | "socketMode" | "tls" | "ws" | "insecure" | "signals"
>;

/** A server in memory. `await using` closes its clients, then shuts it down. */
export interface MemoryServer<P extends Protocol = Protocol> extends AsyncDisposable {
  /** Its log. Nothing is printed, unless the option `log` prints it. */
  readonly log: readonly LogEntry[];
  /** A client of its protocol, with the clock of the server. */
  client(options?: ClientOptions): Promise<Client<P>>;
  /** A client of another protocol, such as an earlier version. */
  clientOf<const Q extends Protocol>(protocol: Q, options?: ClientOptions): Promise<Client<Q>>;
  /** The client's end of a new connection, for tests of bytes. */
  open(): ByteStream;
}

/** Where clients believe that they connect to. */
const ADDRESS = "unix:memory";

/**
 * Serves a protocol in memory: as `serve`, without sockets, and with a log that prints nothing. Connections, limits,
 * the scheduler and replies are those of every server. Throws as `serve` does.
 *
 * @example
 * ```ts
 * import { serveInMemory } from "@lineup/lineup/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const calc = {
 *   name: "calc",
 *   version: "1.0",
 *   summary: "A calculator on a line.",
 *   commands: {
 *     ADD: { summary: "Add two numbers.", args: { a: "number", b: "number" }, reply: { sum: "number" } },
 *   },
 * } as const;
 *
 * await using server = await serveInMemory(calc, { ADD: ({ a, b }) => ({ sum: a + b }) });
 * const client = await server.client();
 * assertEquals(await client.ADD({ a: 1, b: 2 }), { sum: 3 });
 * ```
 *
 * @example With a virtual clock, on which a minute takes no time
 * ```ts
 * import { serveInMemory, VirtualClock } from "@lineup/lineup/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new VirtualClock();
 * const timer = {
 *   name: "timer",
 *   version: "1.0",
 *   summary: "An egg timer.",
 *   commands: { SLEEP: { summary: "Wait.", args: { time: "duration" } } },
 * } as const;
 *
 * await using server = await serveInMemory(timer, {
 *   SLEEP: ({ time }, { park }) =>
 *     park(new Promise<void>((resolve) => void clock.after(time, resolve))),
 * }, { clock });
 * const client = await server.client();
 * const slept = client.SLEEP({ time: 60_000 });
 * await clock.elapse(60_000);
 * assertEquals(await slept, {});
 * ```
 */
export function serveInMemory<const P extends Protocol, H extends SomeHandlers<P>>(
  protocol: P,
  handlers: H & EveryHandler<P, H>,
  options?: MemoryServerOptions,
): Promise<MemoryServer<P>>;
/** Serves a service in memory, or several beside each other: `client` is one of the first. */
export function serveInMemory<P extends Protocol>(
  services: Service<P> | readonly [Service<P>, ...Service[]],
  options?: MemoryServerOptions,
): Promise<MemoryServer<P>>;
// deno-lint-ignore require-await
export async function serveInMemory(
  first: Protocol | Service | readonly Service[],
  second: Service["handlers"] | MemoryServerOptions = {},
  third: MemoryServerOptions = {},
): Promise<MemoryServer> {
  if (isRecord(first) && "commands" in first) {
    const protocol = first as unknown as Protocol;
    return openServer([{ protocol, handlers: second as Service["handlers"] }], third);
  }
  return openServer(toServices(first), second as MemoryServerOptions);
}

async function openServer(
  services: readonly Service[],
  options: MemoryServerOptions,
): Promise<MemoryServer> {
  const { clock } = options;
  const arrivals = new AcceptQueue();
  const listener: Listener = {
    address: "memory",
    accept: () => arrivals.accept(),
    close: () => arrivals.close(),
  };
  const entries: LogEntry[] = [];
  const log = (entry: LogEntry): void => {
    entries.push(entry);
    options.log?.(entry);
  };
  const server = await serve(services, { ...options, log, listen: [listener] });
  const streams = new Set<ByteStream>();
  const clients: AnyClient[] = [];
  const open = (): ByteStream => {
    if (arrivals.closed) throw new Error("the server is shut down");
    const [client, server] = memoryPair();
    // A server on sockets learns this from a reset.
    const { promise: gone, resolve: goes } = Promise.withResolvers<void>();
    const close = (): void => {
      client.close();
      goes();
    };
    arrivals.push({ ...server, gone });
    const stream = { ...client, close };
    streams.add(stream);
    return stream;
  };
  const clientOf = async <const Q extends Protocol>(
    protocol: Q,
    options: ClientOptions = {},
  ): Promise<Client<Q>> => {
    const dial = async (): Promise<ByteStream> => await open();
    const client = await connect(protocol, ADDRESS, { clock, dial, ...options });
    clients.push(client);
    return client;
  };
  return {
    log: entries,
    client: (options) => clientOf(services[0].protocol, options),
    clientOf,
    open,
    async [Symbol.asyncDispose](): Promise<void> {
      listener.close();
      for (const stream of streams) stream.close();
      let isClosed = false;
      const closing = Promise.all(clients.map((client) => client.close(0)))
        .finally(() => isClosed = true);
      // Closing takes no time, but the client waits on its clock.
      while (clock instanceof VirtualClock && !isClosed) await clock.elapse(0);
      await closing;
      await server.shutdown();
    },
  };
}
