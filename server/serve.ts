// A protocol served on sockets.

import type { Protocol } from "../protocol/spec.ts";
import { parseAddress } from "../net/address.ts";
import { listen } from "../net/deno.ts";
import type { Listener } from "../net/stream.ts";
import type { Handlers } from "./handlers.ts";
import { Service, type ServiceOptions } from "./service.ts";

/** Where and how to serve. */
export interface ServeOptions extends ServiceOptions {
  /** The port; 0 takes a free one. Default 5463, LINE on a telephone. */
  port?: number;
  /** The name or address to listen at. Default 127.0.0.1: nobody else can connect. */
  hostname?: string;
  /** Addresses or listeners to serve instead of `hostname` and `port`. */
  listen?: readonly (string | Listener)[];
  /** Whether SIGINT and SIGTERM shut the server down; a second one closes every connection at once. Default false. */
  signals?: boolean;
}

/** A running server. `await using` shuts it down. */
export interface Server extends AsyncDisposable {
  /** Where it listens: `tcp://127.0.0.1:5463`. */
  readonly addresses: readonly string[];
  /** The first of `addresses`. */
  readonly address: string;
  /** Resolves once it has shut down, whatever led to it. */
  readonly finished: Promise<void>;
  /** Stops listening, lets what is in flight finish within the drain time, cuts off the rest. */
  shutdown(): Promise<void>;
}

/**
 * Serves a protocol: resolves once it listens. Throws `SpecError` for a wrong protocol, `TypeError` for a missing
 * handler, and Deno's errors (`AddrInUse`, `PermissionDenied`) where it cannot listen.
 *
 * @example
 * ```ts
 * import { serve } from "@lineup/lineup/server";
 * import { connect } from "@lineup/lineup/client";
 * import type { Protocol } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const calc = {
 *   name: "calc",
 *   version: "1.0",
 *   summary: "A calculator on a line.",
 *   commands: {
 *     ADD: { summary: "Add two numbers.", args: { a: "number", b: "number" }, reply: { sum: "number" } },
 *   },
 * } as const satisfies Protocol;
 *
 * await using server = await serve(calc, { ADD: ({ a, b }) => ({ sum: a + b }) }, { port: 0 });
 * await using client = await connect(calc, server.address);
 * assertEquals(await client.ADD({ a: 1, b: 2 }), { sum: 3 });
 * ```
 */
export async function serve<const P extends Protocol>(
  protocol: P,
  handlers: Handlers<P>,
  options: ServeOptions = {},
): Promise<Server> {
  const service = await Service.open(protocol, handlers, options);
  const { hostname = "127.0.0.1", port = 5463 } = options;
  const places = options.listen ?? [{ transport: "tcp", hostname, port } as const];
  const listeners: Listener[] = [];
  try {
    for (const place of places) {
      if (typeof place === "string") listeners.push(await listen(parseAddress(place)));
      else listeners.push("transport" in place ? await listen(place) : place);
    }
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
  for (const listener of listeners) service.listen(listener);
  const addresses = listeners.map((listener) => listener.address);
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const shutdown = async (): Promise<void> => {
    await service.shutdown();
    forgetSignals();
    finish();
  };
  const forgetSignals = options.signals ? onSignals(shutdown, () => service.cutOff()) : () => {};
  return {
    addresses,
    address: addresses[0],
    finished,
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  };
}

function onSignals(first: () => void, second: () => void): () => void {
  let seen = 0;
  const onSignal = (): void => seen++ === 0 ? first() : second();
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return () => {
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  };
}
