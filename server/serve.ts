// A protocol served on sockets.

import { lineup1 } from "../dialects/lineup1/lineup1.ts";
import type { Protocol } from "../protocol/spec.ts";
import { type Address, AddressError, formatAddress, parseAddress } from "../net/address.ts";
import { listen } from "../net/listen.ts";
import type { TlsIdentity } from "../net/listen_options.ts";
import { toOrigin } from "../net/origin.ts";
import type { Listener } from "../net/stream.ts";
import { immediateTurns, openLoopYield } from "../net/loop_yield.ts";
import type { Handlers } from "./request/handlers.ts";
import type { ServiceOptions } from "./options.ts";
import { listedProxies } from "./admission/proxies.ts";
import { ServerCore } from "./server_core.ts";
import type { WorkerOptions } from "./workers/pool.ts";

/** Where and how to serve. */
export interface ServeOptions extends ServiceOptions {
  /** The port; 0 takes a free one. Default 5463, LINE on a telephone. */
  port?: number;
  /** The name or address to listen at. Default 127.0.0.1: nobody else can connect. */
  hostname?: string;
  /** Addresses or listeners to serve instead of `hostname` and `port`. */
  listen?: readonly (string | Listener | ProxiedAddress | ReservedAddress)[];
  /**
   * Who may connect to `unix:` addresses, as the mode of a file, but to reserved ones. Default 0o600: the user of this
   * process.
   */
  socketMode?: number;
  /** The server's certificate and key. With them, `hostname` and `port` are served over TLS; `ws` is not. */
  tls?: TlsIdentity;
  /** Where WebSockets are served as well, for browsers. */
  ws?: WebSocketOptions;
  /**
   * Whether to listen where other machines can connect although the server asks for no credentials. Default false:
   * `serve` throws.
   */
  insecure?: boolean;
  /** Whether SIGINT, SIGTERM and SIGHUP shut the server down; a second one closes every connection at once. Default false. */
  signals?: boolean;
}

/** Where and for whom to serve WebSockets: `ws://`, to which a proxy can add TLS. */
export interface WebSocketOptions {
  /** The port; 0 takes a free one. Default: none but those of `listen`. */
  port?: number;
  /**
   * The pages that may connect, by their origin (`https://example.org`), or `*` for any. Default: pages of the same
   * host and port; programs that are no browsers always may.
   */
  origins?: readonly string[];
  /** The longest message in bytes; a longer one closes its WebSocket with 1009. At least 65536, the default. */
  maxMessage?: number;
  /** The proxies that connect to `port`, as in `ProxiedAddress`. Default: no header is expected. */
  proxyFrom?: readonly string[];
}

/**
 * An address that only proxies connect to, each connection beginning with a PROXY header (version 1 or 2): before the
 * request for a WebSocket, where that is what follows.
 */
export interface ProxiedAddress {
  /** Where to listen: `tcp://`, `ws://` or `unix:`. Before TLS no header can be read; have the proxy speak that. */
  readonly address: string;
  /**
   * The IP addresses of the proxies, and `unix:` for those that connect to a Unix socket, as the permissions of its file
   * allow; others are turned away.
   */
  readonly proxyFrom: readonly string[];
}

/**
 * A Unix socket whose connections are the administrator's: beside those that all others may have, however many others
 * there are, and however much there is to do. Who may open it, the permissions of its file say.
 */
export interface ReservedAddress {
  /** `unix:PATH`. */
  readonly address: string;
  /** Always true. */
  readonly reserved: true;
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
 * handler, and Deno's errors (`AddrInUse`, `PermissionDenied`) where it cannot listen,
 * `RangeError` where `ws.maxMessage` is too small.
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
/** Serves a protocol; commands that `handlers` does not have run in the workers. Also throws what their module throws. */
export function serve<const P extends Protocol>(
  protocol: P,
  handlers: Partial<Handlers<P>>,
  options: ServeOptions & { workers: WorkerOptions },
): Promise<Server>;
export async function serve(
  protocol: Protocol,
  handlers: Readonly<Record<string, unknown>>,
  options: ServeOptions = {},
): Promise<Server> {
  const places = placesOf(options);
  const origins = (options.ws?.origins ?? []).map(readOrigin);
  if (!options.insecure) places.forEach(requireLoopback);
  const onSockets = places.some(({ place }) => "transport" in place);
  const turns = onSockets ? await openLoopYield() : immediateTurns;
  const service = await ServerCore.open(protocol, handlers, options, turns);
  const listeners: Listener[] = [];
  const bounds = {
    openingTime: service.timeouts.opening,
    maxOpening: service.gate.limits.connectionsOpening,
    maxMessage: options.ws?.maxMessage,
    alpn: lineup1.alpn,
    about: lineup1.about,
    onUnopened: () => void service.counters.unopened++,
    onLongMessage: () => void service.counters.longMessages++,
  };
  try {
    for (const { place, lists, reserved } of places) {
      const peer = reserved ? "reserved" : undefined;
      const socketMode = reserved ? undefined : options.socketMode;
      const proxy = lists && service.proxyOptions(lists);
      listeners.push(
        "transport" in place
          ? await listen(place, { tls: options.tls, origins, socketMode, peer, proxy, ...bounds })
            .catch((error) => cannotListen(place, error))
          : place,
      );
    }
  } catch (error) {
    for (const listener of listeners) listener.close();
    await service.shutdown();
    throw error;
  }
  for (const [i, listener] of listeners.entries()) {
    const { lists, reserved } = places[i];
    service.listen(listener, { proxied: lists !== undefined, reserved });
  }
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

/** Throws the error with the address in its message, which systems leave out. */
function cannotListen(place: Address, error: unknown): never {
  if (error instanceof Error && !(error instanceof AddressError)) {
    error.message = `cannot listen at ${formatAddress(place)}: ${error.message}`;
  }
  throw error;
}

interface Place {
  readonly place: Address | Listener;
  /** Whether a peer is a proxy that is listed; `undefined` where no proxies connect. */
  readonly lists?: (peer: string) => boolean;
  readonly reserved?: boolean;
}

function placesOf(
  { hostname: host = "127.0.0.1", port = 5463, ...options }: ServeOptions,
): Place[] {
  // An IPv6 address as it stands in addresses.
  const hostname = host.replace(/^\[(.*)\]$/, "$1");
  const { tls, ws } = options;
  const transport = tls === undefined ? "tcp" : "tls";
  const places = (options.listen ?? [formatAddress({ transport, hostname, port })]).map(toPlace);
  if (ws?.port === undefined) return places;
  const place: Address = { transport: "ws", hostname, port: ws.port, path: "/" };
  return [...places, ws.proxyFrom === undefined ? { place } : proxiedPlace(place, ws.proxyFrom)];
}

function readOrigin(text: string): string {
  const origin = toOrigin(text);
  if (origin !== undefined) return origin;
  throw new AddressError(`${text}: an origin is https://host, http://host:port, or * for any`);
}

function toPlace(each: string | Listener | ProxiedAddress | ReservedAddress): Place {
  if (typeof each === "string") return { place: parseAddress(each) };
  if ("reserved" in each) return { place: reservedSocket(each.address), reserved: true };
  if (!("proxyFrom" in each)) return { place: each };
  return proxiedPlace(parseAddress(each.address), each.proxyFrom);
}

function proxiedPlace(place: Address, proxyFrom: readonly string[]): Place {
  return { place, lists: listedProxies(proxyFrom, place) };
}

function reservedSocket(address: string): Address {
  const place = parseAddress(address);
  if (place.transport === "unix") return place;
  throw new AddressError(
    `${address}: a reserved address is unix:PATH, where the permissions of the file say who may connect`,
  );
}

function requireLoopback({ place }: Place): void {
  if (!("transport" in place) || place.transport === "unix" || isLoopback(place.hostname)) return;
  throw new AddressError(
    `${
      formatAddress(place)
    }: other machines could connect there and use the server, which asks for no credentials. ` +
      `Listen at 127.0.0.1, or say --insecure (in code: insecure: true) where everybody who can connect may.`,
  );
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(\.[0-9]{1,3}){3}$/.test(hostname);
}

function onSignals(first: () => void, second: () => void): () => void {
  let seen = 0;
  const onSignal = (): void => seen++ === 0 ? first() : second();
  // A terminal that is hung up ends a server as gracefully as anything else.
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return () => {
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  };
}
