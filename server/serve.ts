// Serves a protocol at addresses.

import type { Dialect } from "../dialects/dialect.ts";
import { lineup1 } from "../dialects/lineup1/lineup1.ts";
import type { ReservedComplaint } from "../dialects/lineup1/reserved_words.ts";
import { type Address, AddressError, formatAddress } from "../net/address.ts";
import { systemClock } from "../net/clock.ts";
import { listen } from "../net/listen.ts";
import { immediateTurns, openLoopYield } from "../net/loop_yield.ts";
import type { Listener } from "../net/stream.ts";
import type { TlsIdentity } from "../net/tls_identity.ts";
import type { ProtocolComplaint } from "../protocol/sound_protocol.ts";
import type { Protocol } from "../protocol/spec.ts";
import { isRecord } from "../protocol/spec_error.ts";
import { EventLog } from "./event_log.ts";
import { logToConsole, logWritten } from "./log.ts";
import type { EveryHandler, NoOtherHandler, SomeHandlers } from "./request/handlers.ts";
import type { ServeOptions } from "./serve_options.ts";
import { needServices, type Service } from "./service.ts";
import { readOrigin, type ServedAddress, servedAddresses } from "./served_address.ts";
import { ProtocolServer } from "./server.ts";
import { needLogLevel, type Reconfiguration } from "./reconfiguration.ts";
import { reloader, type ReloadOutcome } from "./reloads.ts";
import { onSignals } from "./signals.ts";
import type { ServerTelemetry } from "./server_telemetry.ts";
import { Telemetry } from "./telemetry.ts";
import { TlsRenewal } from "./tls_renewal.ts";
import { ANONYMOUS } from "./identity/identity.ts";
import type { WorkerOptions } from "./workers/pool.ts";

/** A running server. `await using` shuts it down. */
export interface Server extends AsyncDisposable {
  /** The addresses at which it listens: `tcp://127.0.0.1:5463`. */
  readonly addresses: readonly string[];
  /** The first of `addresses`. */
  readonly address: string;
  /** Resolves once it has shut down, for any reason. */
  readonly finished: Promise<void>;
  /** Whether it takes connections, drains because of `shutdown` or a signal, or has shut down. */
  readonly state: ServerState;
  /** Its figures, and its events for your subscribers. */
  readonly telemetry: ServerTelemetry;
  /**
   * Serves the connections of a further listener, as those of its addresses. The listener is closed when the server
   * drains, or at once where it drains already.
   */
  listen(listener: Listener): void;
  /**
   * Whether the identity that a token proves has a role; without a token that of clients that prove none. Everybody has
   * all roles where the server has no identities.
   */
  hasRole(role: string, token?: string): boolean;
  /**
   * Changes options while it runs. Throws `RangeError` for a change that cannot be made; nothing has changed then.
   *
   * @example
   * ```ts
   * import { serve } from "@lineup/lineup/server";
   * import { assertThrows } from "@std/assert";
   *
   * const protocol = {
   *   name: "still",
   *   version: "1.0",
   *   summary: "Does nothing.",
   *   commands: { NOTHING: { summary: "Do nothing." } },
   * } as const;
   *
   * await using server = await serve(protocol, { NOTHING: () => {} }, { port: 0, log: () => {} });
   * server.reconfigure({ timeouts: { idle: 60_000 }, connections: { connectionsPerClient: 16 } });
   * assertThrows(() => server.reconfigure({ timeouts: { idle: -1 } }), RangeError);
   * ```
   */
  reconfigure(changes: Reconfiguration): void;
  /** Stops listening, lets requests in flight finish within the drain time, cuts off the rest. */
  shutdown(): Promise<void>;
}

/** The state of a server, see `Server.state`. */
export type ServerState = "serving" | "draining" | "closed";

/** A protocol, a service, or several services, as far as inference needs it. */
export interface Servable {
  /** The commands of a protocol. */
  readonly commands?: object;
  /** The protocol of a service. */
  readonly protocol?: Protocol;
  /** The number of several services. */
  readonly length?: number;
}

/** The first argument of `serve`. For a wrong protocol, a sentence for the error of the compiler. */
export type ServedFirst<P, D> = [ServedComplaint<P, D>] extends [never]
  ? P & (P extends OneOrMany<object> ? OneOrMany<Service> : Protocol) | SpreadServices<P>
  : ServedComplaint<P, D>;

/** @internal A list that is made of others with `...`: the compiler infers a tuple for it, and takes it for none. */
type SpreadServices<P> = P extends readonly unknown[] ? readonly Service[] : never;

/** @internal The words of the default dialect are reserved, unless there is another one. */
type ServedComplaint<P, D> =
  | ProtocolComplaint<P>
  | ([D] extends [undefined] ? ReservedComplaint<P> : never);

/**
 * The second argument of `serve`, beside what it is: all handlers of a protocol, or with workers `W` any of them; or the
 * options of services.
 */
export type ServedSecond<P extends Servable, H, W> = P extends OneOrMany<object>
  ? ServeOptions & { readonly [N in OtherOptions<H>]: [`serve has no option ${N}`] }
  : [W] extends [WorkerOptions] ? NoOtherHandler<P, H>
  : EveryHandler<P, H>;

/** @internal A service, or several. */
type OneOrMany<S> = { readonly protocol: object } & S | readonly S[];

/** @internal */
type OtherOptions<H> = Exclude<keyof H & string, keyof ServeOptions>;

/**
 * Serves a protocol with its handlers, or with `serve(service, options)` a service, or several beside each other: protocols
 * with their handlers, the state of their connections, and their middleware. Of several versions of one protocol, clients
 * that ask for none get the first one. Resolves once it listens. Commands without a handler here run in the workers, if
 * `options` has some.
 *
 * Throws `SpecError` for a wrong protocol, and where two protocols have the same command; `TypeError` for a missing
 * handler; `RangeError` where `ws.maxMessage` is too small; Deno's errors (`AddrInUse`, `PermissionDenied`) where it
 * cannot listen; and the errors of the workers' module. A generic function, which does not know its protocol, serves
 * `{ protocol, handlers } as Service`.
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
// deno-lint-ignore require-await
export async function serve<
  const P extends Servable,
  H extends SomeHandlers<P>,
  W extends WorkerOptions | undefined = undefined,
  D extends Dialect | undefined = undefined,
>(
  protocol: ServedFirst<P, D>,
  handlers?: H & ServedSecond<P, H, W>,
  // A union, because an optional property would hide that it may be undefined.
  options?:
    | ServeOptions
    | ServeOptions & { workers: W }
    | ServeOptions & { dialect: D },
): Promise<Server> {
  const isProtocol = isRecord(protocol) && "commands" in protocol;
  return isProtocol
    ? serveAll([{ protocol, handlers: handlers ?? {} } as Service], options)
    : serveAll(toServices(protocol), handlers as ServeOptions);
}

/** A service, or several, as a list. Throws `TypeError` for anything else. */
export function toServices(first: unknown): readonly Service[] {
  if (Array.isArray(first)) return first;
  if (isRecord(first) && "protocol" in first) return [first as unknown as Service];
  const what = "serve needs a protocol, which has commands, and its handlers; or a service";
  throw new TypeError(`${what}; not ${first === null ? "null" : typeof first}`);
}

async function serveAll(
  services: readonly Service[],
  options: ServeOptions = {},
): Promise<Server> {
  needServices(services);
  const { dialect = lineup1, clock = systemClock, log = logToConsole } = options;
  const addresses = servedAddresses(options);
  const origins = (options.ws?.origins ?? []).map(readOrigin);
  const telemetry = new Telemetry();
  const began = clock.now();
  const eventLog = new EventLog(clock, log, options.logLevel);
  telemetry.subscribe({ event: eventLog.write });
  const tellReload = (outcome: ReloadOutcome): void =>
    telemetry.tell({ kind: "reloaded", ...outcome });
  const { tls } = options;
  const renewal = tls !== undefined && "certFile" in tls
    ? new TlsRenewal(tls, clock, {
      reloaded: tellReload,
      ends: (end) => telemetry.tell({ kind: "certificate-ends", ...end }),
    })
    : undefined;
  const onSockets = addresses.some(({ place }) => "transport" in place);
  const turns = onSockets ? await openLoopYield() : immediateTurns;
  const resources = { dialect, clock, turns, telemetry };
  const server = await ProtocolServer.open(services, options, resources);
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  let isSignalled = false;
  let state: ServerState = "serving";
  const shutdown = async (): Promise<void> => {
    if (state === "serving") state = "draining";
    renewal?.end();
    await server.shutdown();
    state = "closed";
    if (isSignalled) {
      const seconds = Math.round((clock.now() - began) / 100) / 10;
      const { connections, requests, errors } = telemetry.counters;
      const failures = errors.values().reduce((sum, count) => sum + count, 0);
      const totals = { seconds, connections, requests, errors: failures };
      telemetry.tell({ kind: "shut-down", address: names.join(" "), ...totals });
    }
    isSignalled = false;
    eventLog.flush();
    await logWritten();
    forgetSignals();
    finish();
  };
  const endAfter = async (first: ServeOptions["beforeEnd"]): Promise<void> => {
    await first?.()?.catch(() => {});
    await shutdown();
  };
  const identity = renewal?.identity ?? tls as TlsIdentity | undefined;
  const listening = { ...options, dialect, identity, renewable: renewal !== undefined };
  const listeners = await listenAt(addresses, server, listening, origins)
    .catch(async (error) => {
      await server.shutdown();
      throw error;
    });
  const names = listeners.map((listener) => listener.address);
  renewal?.begin(listeners);
  const forgetSignals = options.signals
    ? onSignals({
      end(signal) {
        isSignalled = true;
        const drain = server.drainTime;
        telemetry.tell({ kind: "signalled", address: names.join(" "), signal, drain });
        void endAfter(options.beforeEnd);
      },
      endNow(signal) {
        telemetry.tell({ kind: "signalled", address: names.join(" "), signal });
        server.cutOff();
      },
      reload: reloader({
        *[Symbol.iterator]() {
          if (renewal !== undefined) yield renewal;
          yield* options.reloads ?? [];
        },
      }, tellReload),
    })
    : () => {};
  return {
    addresses: names,
    address: names[0],
    finished,
    get state(): ServerState {
      return state;
    },
    telemetry: {
      subscribe: (subscriber) => telemetry.subscribe(subscriber),
      figures: () => server.figures(),
    },
    listen: (listener) => server.listen(listener),
    hasRole: (role, token) => hasRole(options, role, token),
    reconfigure(changes) {
      const level = "logLevel" in changes ? changes.logLevel ?? "info" : eventLog.level;
      needLogLevel(level);
      server.reconfigure(changes);
      eventLog.level = level;
    },
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  };
}

/** The options of `serve` for its listeners. */
interface ListeningOptions extends Pick<ServeOptions, "ws" | "socketMode" | "sharePort"> {
  readonly dialect: Dialect;
  readonly identity: TlsIdentity | undefined;
  readonly renewable: boolean;
}

function hasRole(
  { identities, anonymous = ANONYMOUS }: ServeOptions,
  role: string,
  token: string | undefined,
): boolean {
  if (identities === undefined) return true;
  const found = token === undefined ? identities.named(anonymous) : identities.authenticate(token);
  return found !== undefined && "identity" in found && found.identity.roles.includes(role);
}

/** Listens at all addresses, or at none. */
async function listenAt(
  addresses: readonly ServedAddress[],
  server: ProtocolServer,
  { dialect, identity, renewable, ws, socketMode, sharePort }: ListeningOptions,
  origins: readonly string[],
): Promise<Listener[]> {
  const listeners: Listener[] = [];
  const common = {
    sharePort,
    tls: identity,
    renewable,
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
    server.listen(listener, { proxied: lists !== undefined, reserved, shared: sharePort });
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
