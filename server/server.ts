// A running server: its listeners, its connections, its end.

import type { Dialect, Failure } from "../dialects/dialect.ts";
import type { ListenOptions } from "../net/listen_options.ts";
import type { LoopYield } from "../net/loop_yield.ts";
import type { OpeningOptions } from "../net/pending_handshakes.ts";
import type { ProxyOptions } from "../net/proxied_listener.ts";
import type { ByteStream, Listener } from "../net/stream.ts";
import type { Clock } from "../scheduling/clock.ts";
import { ConnectionAdmission } from "./admission/admission.ts";
import { type ConnectionLimits, reservedLimits } from "./admission/connection_limits.ts";
import { isLocal } from "./admission/peer.ts";
import { connectionPolicies } from "./admission/policies.ts";
import { acceptAll } from "./connection/accept.ts";
import { Connection } from "./connection/connection.ts";
import { TurnAway } from "./connection/turn_away.ts";
import type { ServerFigures } from "./figures.ts";
import { quietMoment } from "../net/last_connections.ts";
import type { ServiceOptions } from "./options.ts";
import { changed, numberFrom0, type Reconfiguration } from "./reconfiguration.ts";
import type { Service } from "./service.ts";
import { createServices, type ServerParts } from "./services.ts";
import type { Telemetry } from "./telemetry.ts";
import { WorkerPool } from "./workers/pool.ts";

const DRAIN_MS = 10_000;

/** The dependencies of a server beside its options. */
export interface ServerResources {
  readonly dialect: Dialect;
  readonly clock: Clock;
  /** The server closes it when it shuts down. */
  readonly turns: LoopYield;
  readonly telemetry: Telemetry;
}

/** The kind of a listener's connections. */
export interface ListenerKind {
  /** Whether they come through a proxy, which names their clients. */
  readonly proxied?: boolean;
  /** Whether they are reserved for clients that may open the listener's address. */
  readonly reserved?: boolean;
  /** Whether other servers may listen at its port. */
  readonly shared?: boolean;
}

/** A server without its addresses. */
export class ProtocolServer {
  /** As given, with the changes since. */
  #options: ServiceOptions;
  readonly #parts: ServerParts;
  readonly #resources: ServerResources;
  readonly #connections: Set<Connection>;
  readonly #limits: Readonly<ConnectionLimits>;
  readonly #admission: ConnectionAdmission;
  readonly #reservedAdmission: ConnectionAdmission;
  readonly #turnAway: TurnAway;
  readonly #pool: WorkerPool | undefined;
  readonly #forgetIdentities: () => void;
  readonly #listeners = new Set<Listener>();
  #sharesPort = false;
  /** How many connections came to its listeners. */
  #accepted = 0;
  /** Whether its listeners are closed. */
  #stopped = false;
  readonly #running = new Set<Promise<void>>();
  #draining: Promise<void> | undefined = undefined;

  private constructor(
    all: readonly Service[],
    options: ServiceOptions,
    resources: ServerResources,
    pool: WorkerPool | undefined,
  ) {
    const connections = new Set<Connection>();
    this.#parts = createServices(all, options, { ...resources, connections, pool });
    this.#resources = resources;
    this.#connections = connections;
    this.#options = options;
    this.#limits = this.#parts.connections;
    this.#admission = this.#admit(this.#limits);
    this.#reservedAdmission = this.#admit(reservedLimits(this.#limits));
    const { timeouts } = this.#parts.services;
    const { connectionsOpening } = this.#limits;
    this.#turnAway = new TurnAway(resources.clock, connectionsOpening, timeouts.opening);
    this.#pool = pool;
    this.#forgetIdentities = options.identities?.watch(() => this.#renewIdentities()) ??
      (() => {});
  }

  /** The time in ms that a drain gives running requests. */
  get drainTime(): number {
    return this.#options.drain ?? DRAIN_MS;
  }

  /** Changes options, see `Reconfiguration`. Throws `RangeError` where it cannot; nothing has changed then. */
  reconfigure(changes: Reconfiguration): void {
    const options = changed(this.#options, changes);
    numberFrom0("drain", options.drain ?? DRAIN_MS);
    this.#parts.reconfigure(options);
    this.#options = options;
  }

  /** Starts its workers, if it has any. Throws the errors of `serve`. */
  static async open(
    all: readonly Service[],
    options: ServiceOptions,
    resources: ServerResources,
  ): Promise<ProtocolServer> {
    const { workers } = options;
    let pool: WorkerPool | undefined;
    try {
      pool = workers && await WorkerPool.open(workers, resources);
      return new ProtocolServer(all, options, resources, pool);
    } catch (error) {
      await pool?.close();
      resources.turns.close();
      throw error;
    }
  }

  #admit(limits: Readonly<ConnectionLimits>): ConnectionAdmission {
    const { pressure, clock, counters } = this.#parts.services;
    const policies = connectionPolicies(limits, pressure, () => clock.now());
    return new ConnectionAdmission(policies, counters);
  }

  /** Serves the connections of a listener until it is closed. Closes it where the server drains. */
  listen(listener: Listener, { proxied = false, reserved, shared }: ListenerKind = {}): void {
    if (this.#draining !== undefined) return listener.close();
    this.#listeners.add(listener);
    this.#sharesPort ||= shared ?? false;
    const admission = reserved ? this.#reservedAdmission : this.#admission;
    const { clock, telemetry } = this.#resources;
    this.#keep(acceptAll(listener, {
      clock,
      telemetry,
      turn: () => this.#turn(),
      take: (stream) => {
        // The connection was accepted in the moment in which the listener was closed.
        if (this.#stopped) return stream.close();
        this.#accepted++;
        // A proxy names the addresses of others: none of them is this machine.
        const local = !proxied && isLocal(stream.peer);
        this.#keep(this.#serve(stream, admission, local));
      },
    }));
  }

  /** Serves one connection to its end. */
  async #serve(stream: ByteStream, admission: ConnectionAdmission, local: boolean): Promise<void> {
    const { services } = this.#parts;
    const { counters, telemetry, dialect, watchdog } = services;
    const arrival = { peer: stream.peer, local };
    const failure = unproven(stream) ?? admission.admit(arrival);
    if (failure !== undefined) {
      const { code, message: why } = failure;
      telemetry.countError(code);
      telemetry.tell({ kind: "connection-refused", client: stream.peer, code, why });
      return this.#turnAway.tell(stream, dialect.refuseConnection(failure));
    }
    const id = ++counters.connections;
    const leave = (): void => admission.leave(connection);
    const connection = new Connection(services, stream, { id, local, onGivenWay: leave });
    admission.enter(connection);
    this.#connections.add(connection);
    watchdog.alert();
    const client = stream.peer;
    const { clock } = this.#resources;
    const openedAt = clock.now();
    telemetry.tell({ kind: "connection-opened", client, connection: id });
    await connection.run();
    leave();
    this.#connections.delete(connection);
    const { requests, failures: errors } = connection;
    const seconds = (clock.now() - openedAt) / 1000;
    telemetry.tell({
      kind: "connection-closed",
      client,
      connection: id,
      requests,
      errors,
      seconds,
    });
  }

  /** Resolves once the event loop has looked after everything else. */
  #turn(): Promise<void> {
    return new Promise((resolve) => this.#resources.turns.next(resolve));
  }

  /** The bounds of a listener on connections that are not open yet, and the callback for those that are closed. */
  openingOptions(): OpeningOptions & Pick<ListenOptions, "onLongMessage"> {
    const { clock, counters, timeouts } = this.#parts.services;
    return {
      openingTime: timeouts.opening,
      maxOpening: this.#limits.connectionsOpening,
      after: (ms, action) => clock.after(ms, action),
      onUnopened: () => void counters.unopened++,
      onLongMessage: () => void counters.longMessages++,
    };
  }

  /** The options of a listener for proxies. `lists` tells whether a peer is one of them. */
  proxyOptions(lists: (peer: string) => boolean): ProxyOptions {
    const { telemetry } = this.#resources;
    return {
      ...this.openingOptions(),
      lists,
      turn: () => this.#turn(),
      onUnopened: (client, why) => {
        telemetry.tell({ kind: "proxy-header-missing", client, why });
        telemetry.counters.dropped++;
      },
    };
  }

  #keep(work: Promise<void>): void {
    this.#running.add(work);
    work.finally(() => this.#running.delete(work));
  }

  /** Stops listening, lets requests in flight finish, then cuts off the rest. Resolves when all is closed. */
  shutdown(): Promise<void> {
    return this.#draining ??= this.#drain();
  }

  async #drain(): Promise<void> {
    const { clock, turns, telemetry } = this.#resources;
    const { size: connections } = this.#connections;
    telemetry.tell({ kind: "draining", within: this.drainTime, connections });
    if (this.#sharesPort) await quietMoment(() => this.#accepted, () => this.#turn());
    for (const listener of this.#listeners) listener.close();
    this.#stopped = true;
    const stop = clock.after(this.drainTime, () => this.cutOff());
    this.#parts.services.draining.active = true;
    for (const connection of this.#connections) connection.drain(this.drainTime);
    while (this.#running.size > 0) await Promise.all(this.#running);
    stop();
    this.#forgetIdentities();
    this.#parts.stop();
    await this.#pool?.close();
    turns.close();
    telemetry.tell({ kind: "closed" });
  }

  /** The present figures. */
  figures(): ServerFigures {
    return this.#parts.figures();
  }

  /** Identities have changed: ends the connections of those that have lost a right. */
  #renewIdentities(): void {
    for (const connection of this.#connections) connection.renewIdentity();
    this.#parts.services.access?.sweep();
  }

  /** Closes every connection at once. */
  cutOff(): void {
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.#connections) connection.close();
  }
}

/** The failure for a client that must prove who it is by its certificate, and has not. */
function unproven({ unproven: why }: ByteStream): Failure | undefined {
  return why === undefined ? undefined : { code: "unauthenticated", message: sentence(why) };
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
