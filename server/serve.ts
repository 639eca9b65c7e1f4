// Serves a protocol at addresses.

import type { Dialect } from "../dialects/dialect.ts";
import { lineup1 } from "../dialects/lineup1/lineup1.ts";
import { type Address, AddressError, formatAddress } from "../net/address.ts";
import { systemClock } from "../net/clock.ts";
import { listen } from "../net/listen.ts";
import { immediateTurns, openLoopYield } from "../net/loop_yield.ts";
import type { Listener } from "../net/stream.ts";
import type { Protocol } from "../protocol/spec.ts";
import { EventLog } from "./event_log.ts";
import { logToConsole, logWritten } from "./log.ts";
import type { Handlers } from "./request/handlers.ts";
import type { ServeOptions } from "./serve_options.ts";
import type { Service } from "./service.ts";
import {
  readOrigin,
  requireLoopback,
  type ServedAddress,
  servedAddresses,
} from "./served_address.ts";
import { ProtocolServer } from "./server.ts";
import { onSignals } from "./signals.ts";
import { Telemetry } from "./telemetry.ts";
import type { WorkerOptions } from "./workers/pool.ts";

/** A running server. `await using` shuts it down. */
export interface Server extends AsyncDisposable {
  /** The addresses at which it listens: `tcp://127.0.0.1:5463`. */
  readonly addresses: readonly string[];
  /** The first of `addresses`. */
  readonly address: string;
  /** Resolves once it has shut down, for any reason. */
  readonly finished: Promise<void>;
  /** Stops listening, lets requests in flight finish within the drain time, cuts off the rest. */
  shutdown(): Promise<void>;
}

/**
 * Serves a protocol. Resolves once it listens. Throws `SpecError` for a wrong protocol, `TypeError` for a missing
 * handler, `RangeError` where `ws.maxMessage` is too small, and Deno's errors (`AddrInUse`, `PermissionDenied`) where
 * it cannot listen.
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
export function serve<const P extends Protocol>(
  protocol: P,
  handlers: Handlers<P>,
  options?: ServeOptions,
): Promise<Server>;
/** Serves a protocol. Commands without a handler here run in the workers. Also throws the errors of their module. */
export function serve<const P extends Protocol>(
  protocol: P,
  handlers: Partial<Handlers<P>>,
  options: ServeOptions & { workers: WorkerOptions },
): Promise<Server>;
/**
 * Serves a service, or several beside each other: protocols with their handlers, the state of their connections, and
 * their middleware. Of several versions of one protocol, clients that ask for none get the first one. Throws `SpecError`
 * where two protocols have the same command.
 */
export function serve(
  services: Service | readonly Service[],
  options?: ServeOptions,
): Promise<Server>;
export function serve(
  first: Protocol | Service | readonly Service[],
  second: Readonly<Record<string, unknown>> | ServeOptions = {},
  third: ServeOptions = {},
): Promise<Server> {
  if (Array.isArray(first)) return serveAll(first, second as ServeOptions);
  return "protocol" in first
    ? serveAll([first], second as ServeOptions)
    : serveAll([{ protocol: first as Protocol, handlers: second as Service["handlers"] }], third);
}

async function serveAll(services: readonly Service[], options: ServeOptions): Promise<Server> {
  if (services.length === 0) throw new TypeError("there is no service to serve");
  const { dialect = lineup1, clock = systemClock, log = logToConsole } = options;
  const addresses = servedAddresses(options);
  const origins = (options.ws?.origins ?? []).map(readOrigin);
  if (!options.insecure) addresses.forEach(requireLoopback);
  const onSockets = addresses.some(({ place }) => "transport" in place);
  const turns = onSockets ? await openLoopYield() : immediateTurns;
  const telemetry = new Telemetry();
  const began = clock.now();
  const eventLog = new EventLog(clock, log, options.logLevel);
  telemetry.subscribe(eventLog.write);
  const resources = { dialect, clock, turns, telemetry };
  const server = await ProtocolServer.open(services, options, resources);
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  let isSignalled = false;
  const shutdown = async (): Promise<void> => {
    await server.shutdown();
    if (isSignalled) {
      const seconds = Math.round((clock.now() - began) / 100) / 10;
      const { connections, requests, errors } = telemetry.counters;
      const failures = errors.values().reduce((sum, count) => sum + count, 0);
      telemetry.tell({ kind: "shut-down", seconds, connections, requests, errors: failures });
    }
    isSignalled = false;
    eventLog.flush();
    await logWritten();
    forgetSignals();
    finish();
  };
  const listeners = await listenAt(addresses, server, { ...options, dialect }, origins)
    .catch(async (error) => {
      await server.shutdown();
      throw error;
    });
  const forgetSignals = options.signals
    ? onSignals((signal) => {
      isSignalled = true;
      telemetry.tell({ kind: "signalled", signal, drain: server.drainTime });
      void shutdown();
    }, (signal) => {
      telemetry.tell({ kind: "signalled", signal });
      server.cutOff();
    })
    : () => {};
  const names = listeners.map((listener) => listener.address);
  return {
    addresses: names,
    address: names[0],
    finished,
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  };
}

/** Listens at all addresses, or at none. */
async function listenAt(
  addresses: readonly ServedAddress[],
  server: ProtocolServer,
  { dialect, tls, ws, socketMode }: ServeOptions & { dialect: Dialect },
  origins: readonly string[],
): Promise<Listener[]> {
  const listeners: Listener[] = [];
  const common = {
    tls,
    origins,
    maxMessage: ws?.maxMessage,
    alpn: dialect.alpn,
    about: dialect.about,
    ...server.openingOptions(),
  };
  try {
    for (const { place, lists, reserved } of addresses) {
      if (!("transport" in place)) {
        listeners.push(place);
        continue;
      }
      listeners.push(
        await listen(place, {
          ...common,
          socketMode: reserved ? undefined : socketMode,
          peer: reserved ? "reserved" : undefined,
          proxy: lists && server.proxyOptions(lists),
        }).catch((error) => cannotListen(place, error)),
      );
    }
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
  for (const [i, listener] of listeners.entries()) {
    const { lists, reserved } = addresses[i];
    server.listen(listener, { proxied: lists !== undefined, reserved });
  }
  return listeners;
}

/** Throws the error with the address in its message, which systems leave out, and with a way out. */
function cannotListen(place: Address, error: unknown): never {
  if (error instanceof Error && !(error instanceof AddressError)) {
    // The message about a Unix socket says what is there.
    const isTaken = error instanceof Deno.errors.AddrInUse && place.transport !== "unix";
    error.message = `cannot listen at ${formatAddress(place)}: ${isTaken ? TAKEN : error.message}`;
  }
  throw error;
}

const TAKEN =
  "the address is already in use; stop the program that listens there, or choose another port (0 takes a free one)";
