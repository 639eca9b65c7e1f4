// A protocol being served: its routes, its connections, its end.

import { compile, type CompiledProtocol } from "../protocol/compile.ts";
import { DEFAULT_LIMITS, type Limits } from "../protocol/limits.ts";
import type { Protocol } from "../protocol/spec.ts";
import type { Clock } from "../scheduling/clock.ts";
import type { ByteStream, Listener } from "../net/stream.ts";
import type { AnyHandler, Route } from "./call.ts";
import { systemClock } from "./clock.ts";
import { Connection } from "./connection.ts";
import { arrivalOrder, type Dispatcher } from "./dispatch.ts";
import { type LogEntry, logToConsole } from "./log.ts";
import { standingHandlers } from "./standing.ts";

/** What a server may be told; every limit has a default. */
export interface ServiceOptions {
  /** Longest line and body, in bytes. */
  limits?: Partial<Limits>;
  /** Requests that run at once, over all connections. Default 1024. */
  seats?: number;
  /** Requests that may wait for a seat; more are refused with `busy`. Default 10240. */
  waiting?: number;
  /** Requests of one connection in flight: of untagged ones more are not read, of tagged ones more are refused with `quota`. Default 256. */
  maxInFlight?: number;
  /** How long a drain lets running requests finish, in ms. Default 10000. */
  drain?: number;
  /** Time. Default: this machine's. */
  clock?: Clock;
  /** Where log entries go. Default: standard error. */
  log?: (entry: LogEntry) => void;
  /** Further figures for STATS. */
  stats?: () => Iterable<readonly [name: string, value: string | number]>;
}

/** What is counted since the start. */
interface Counters {
  connections: number;
  requests: number;
  received: number;
  errors: Map<string, number>;
}

/** A server without its listeners. */
export class Service {
  readonly compiled: CompiledProtocol;
  readonly routes: ReadonlyMap<string, Route>;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: (entry: LogEntry) => void;
  readonly dispatcher: Dispatcher;
  readonly maxInFlight: number;
  readonly greeting: string;
  readonly started: number;
  readonly counters: Counters = { connections: 0, requests: 0, received: 0, errors: new Map() };
  readonly connections = new Set<Connection>();
  readonly moreStats: NonNullable<ServiceOptions["stats"]>;

  readonly #drainTime: number;
  readonly #listeners = new Set<Listener>();
  readonly #running = new Set<Promise<void>>();
  #draining: Promise<void> | undefined = undefined;

  constructor(
    protocol: Protocol,
    handlers: Readonly<Record<string, unknown>>,
    options: ServiceOptions,
  ) {
    this.compiled = compile(protocol);
    this.routes = routes(this.compiled, handlers);
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.clock = options.clock ?? systemClock;
    this.log = options.log ?? logToConsole;
    this.dispatcher = arrivalOrder(options.seats ?? 1024, options.waiting ?? 10_240);
    this.maxInFlight = options.maxInFlight ?? 256;
    this.moreStats = options.stats ?? (() => []);
    this.#drainTime = options.drain ?? 10_000;
    this.started = this.clock.now();
    const { name, version } = protocol;
    const { maxLine, maxBody } = this.limits;
    this.greeting =
      `OK lineup/1 ${name}/${version} max-line=${maxLine} max-body=${maxBody} auth=none hint="Type HELP"`;
  }

  /** Counts an error that was answered. */
  countError(code: string): void {
    const { errors } = this.counters;
    errors.set(code, (errors.get(code) ?? 0) + 1);
  }

  /** Serves one connection to its end. */
  async serve(stream: ByteStream): Promise<void> {
    const connection = new Connection(this, stream, ++this.counters.connections);
    this.connections.add(connection);
    await connection.run();
    this.connections.delete(connection);
  }

  /** Serves what a listener accepts until it is closed. */
  listen(listener: Listener): void {
    this.#listeners.add(listener);
    this.#keep(this.#accept(listener));
  }

  async #accept(listener: Listener): Promise<void> {
    let pause = 5;
    for (;;) {
      try {
        const stream = await listener.accept();
        if (stream === undefined) return;
        pause = 5;
        // Accepted in the moment in which the listener was closed.
        if (this.#draining !== undefined) stream.close();
        else this.#keep(this.serve(stream));
      } catch (error) {
        // Most often there are no file descriptors left: some time frees some.
        this.log({ level: "error", message: "accept failed", address: listener.address, error });
        await new Promise<void>((resolve) => this.clock.after(pause, resolve));
        pause = Math.min(pause * 2, 1000);
      }
    }
  }

  #keep(work: Promise<void>): void {
    this.#running.add(work);
    work.finally(() => this.#running.delete(work));
  }

  /** Stops listening, lets what is in flight finish, then cuts off the rest. Resolves when all is closed. */
  shutdown(): Promise<void> {
    return this.#draining ??= this.#drain();
  }

  async #drain(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    const stop = this.clock.after(this.#drainTime, () => this.cutOff());
    for (const connection of this.connections) connection.drain(this.#drainTime);
    while (this.#running.size > 0) await Promise.all(this.#running);
    stop();
  }

  /** Closes every connection at once. */
  cutOff(): void {
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.connections) connection.close();
  }
}

function routes(
  compiled: CompiledProtocol,
  handlers: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, Route> {
  const own: Readonly<Record<string, unknown>> = { ...standingHandlers, ...handlers };
  const all = new Map<string, Route>();
  for (const [verb, command] of compiled.commands) {
    const handler = own[verb];
    if (typeof handler !== "function") throw new TypeError(`no handler for the command ${verb}`);
    all.set(verb, { compiled: command, handler: handler as AnyHandler });
  }
  for (const verb of Object.keys(handlers)) {
    if (all.get(verb)?.compiled.standing !== false) {
      throw new TypeError(`the protocol has no command ${verb} for this handler`);
    }
  }
  return all;
}
