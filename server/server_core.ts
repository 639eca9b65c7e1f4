// A protocol being served: its routes, its connections, its end.

import { compile } from "../dialects/lineup1/compile.ts";
import type { CompiledProtocol } from "../protocol/compile.ts";
import { encodeText } from "../protocol/strings.ts";
import { DEFAULT_LIMITS, type WireLimits } from "../dialects/wire_limits.ts";
import type { Protocol } from "../protocol/spec.ts";
import type { Clock } from "../scheduling/clock.ts";
import type { ProxyOptions } from "../net/proxied_listener.ts";
import { type ByteStream, type Listener, writeAll } from "../net/stream.ts";
import type { LoopYield } from "../net/loop_yield.ts";
import { type Meter, RateLimiter } from "../scheduling/rate_limiter.ts";
import { Scheduler } from "../scheduling/scheduler.ts";
import { AdaptiveSeats, fixedSeats, type Seats } from "../scheduling/seats.ts";
import { TimingWheel } from "../scheduling/timing_wheel.ts";
import { TurnClock } from "../scheduling/turn_clock.ts";
import { acceptAll } from "./admission/accepting.ts";
import type { Request } from "./request/request.ts";
import { systemClock } from "../net/clock.ts";
import { Connection } from "./connection/connection.ts";
import { CONNECTION_BOUNDS, type ConnectionBounds } from "./connection/bounds.ts";
import { type ErrorLine, errorText, EXPIRED } from "./request/errors.ts";
import {
  CONNECTION_LIMITS,
  ConnectionLimiter,
  isLocal,
  reservedLimits,
} from "./admission/connection_limiter.ts";
import { TIMEOUTS, type Timeouts } from "./connection/timeouts.ts";
import type { ServiceOptions } from "./options.ts";
import { Pressure, PRESSURE_MARKS } from "./admission/pressure.ts";
import { ClientLog, type LogEntry, logToConsole, logWritten, RepeatingLog } from "./log.ts";
import { rejectRoute, type Route, routesOf } from "./request/routes.ts";
import { ReadBudget } from "./connection/read_budget.ts";
import { RefusalThrottles } from "./admission/refusal_throttle.ts";
import { WorkerPool } from "./workers/pool.ts";

/** What is counted since the start. */
interface Counters {
  connections: number;
  requests: number;
  received: number;
  /** Connections that were closed because they did not read, or held most. */
  dropped: number;
  /** How often a connection was not read until it had read, or was answered. */
  heldBack: number;
  /** Connections whose TLS handshake or request for a WebSocket did not come, in time or in their turn. */
  unopened: number;
  /** WebSocket messages that were too long. */
  longMessages: number;
  errors: Map<string, number>;
}

/** How connections come to a listener. */
interface Arriving {
  /** Through a proxy, which says whose they are. */
  readonly proxied?: boolean;
  /** Nobody but those who may open its address can take its connections. */
  readonly reserved?: boolean;
}

/** A server without its listeners. */
export class ServerCore {
  readonly compiled: CompiledProtocol;
  readonly routes: ReadonlyMap<string, Route>;
  /** Where what is no request goes. */
  readonly rejectRoute: Route;
  /** Where what runs in the event loop lines up. */
  readonly scheduler: Scheduler<Request>;
  /** Who may connect, and who may at reserved addresses. */
  readonly gate: ConnectionLimiter;
  readonly reservedGate: ConnectionLimiter;
  readonly timeouts: Timeouts;
  readonly bounds: ConnectionBounds;
  readonly pressure: Pressure;
  /** Who was refused, and is not listened to at once. */
  readonly rests: RefusalThrottles;
  /** Who of them is read next. */
  readonly reading: ReadBudget;
  /** Where what runs in workers lines up, and those. */
  readonly workers:
    | { readonly pool: WorkerPool; readonly scheduler: Scheduler<Request> }
    | undefined;
  /** The deadlines of requests that their connections hold back. */
  readonly held: TimingWheel<Request>;
  readonly limits: WireLimits;
  readonly clock: Clock;
  /** For what ends many requests at once. */
  readonly turnClock: TurnClock;
  readonly turns: LoopYield;
  readonly log: (entry: LogEntry) => void;
  /** For what clients can cause as often as they like. */
  readonly clientLog: ClientLog;
  /** For errors of handlers, which clients can cause as well: what else clients do does not bury them. */
  readonly incidentLog: ClientLog;
  readonly #repeatingLog: RepeatingLog;
  readonly maxInFlight: number;
  readonly greeting: string;
  readonly started: number;
  readonly counters: Counters = {
    connections: 0,
    requests: 0,
    received: 0,
    dropped: 0,
    heldBack: 0,
    unopened: 0,
    longMessages: 0,
    errors: new Map(),
  };
  /** With the gate that counts each, unless it gives way to another. */
  readonly connections = new Map<Connection, ConnectionLimiter | undefined>();
  readonly moreStats: NonNullable<ServiceOptions["stats"]>;

  readonly #rates: readonly (RateLimiter | undefined)[];
  readonly #drainTime: number;
  #stopRound: (() => void) | undefined = undefined;
  #watching = false;
  #feeding = false;
  #turningAway = 0;
  #madeRoom = -Infinity;
  readonly #listeners = new Set<Listener>();
  readonly #running = new Set<Promise<void>>();
  #draining: Promise<void> | undefined = undefined;

  private constructor(
    protocol: Protocol,
    handlers: Readonly<Record<string, unknown>>,
    options: ServiceOptions,
    turns: LoopYield,
    pool: WorkerPool | undefined,
  ) {
    this.turns = turns;
    this.compiled = compile(protocol);
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.clock = options.clock ?? systemClock;
    this.turnClock = new TurnClock(this.clock);
    this.log = options.log ?? logToConsole;
    this.clientLog = new ClientLog(this.clock, this.log);
    this.incidentLog = new ClientLog(this.clock, this.log);
    this.#repeatingLog = new RepeatingLog(this.clock, this.log);
    this.gate = new ConnectionLimiter({ ...CONNECTION_LIMITS, ...options.connections });
    this.reservedGate = new ConnectionLimiter(reservedLimits(this.gate.limits));
    this.timeouts = { ...TIMEOUTS, ...options.timeouts };
    this.bounds = { ...CONNECTION_BOUNDS, ...options.bounds };
    this.pressure = new Pressure(options.memory ?? 256 << 20, {
      ...PRESSURE_MARKS,
      ...options.pressure,
    });
    const { seats = 2048 } = options;
    this.scheduler = this.#lineup(
      seats === "adaptive" ? new AdaptiveSeats() : fixedSeats(seats),
      options,
    );
    // Only the end of its request frees a worker: neither parking nor a seat for control work makes one more.
    const scheduling = { ...options.scheduling, parked: 0, control: 0, share: Infinity };
    this.workers = pool && {
      pool,
      scheduler: this.#lineup(fixedSeats(pool.size), { ...options, scheduling }),
    };
    this.rests = new RefusalThrottles(this.clock, this.bounds.refusing);
    this.reading = new ReadBudget(turns);
    this.held = new TimingWheel(this.clock, (call) => call.abort("expired", EXPIRED));
    this.#rates = [options.rates?.prefix, options.rates?.site].map((rate) =>
      rate && new RateLimiter({ scope: "prefix", ...rate })
    );
    this.routes = routesOf(this.compiled, handlers, this.scheduler, this.workers);
    this.rejectRoute = rejectRoute(this.scheduler);
    this.maxInFlight = options.maxInFlight ?? 256;
    this.moreStats = options.stats ?? (() => []);
    this.#drainTime = options.drain ?? 10_000;
    this.started = this.clock.now();
    const { name, version } = protocol;
    const { maxLine, maxBody } = this.limits;
    this.greeting =
      `OK lineup/1 ${name}/${version} max-line=${maxLine} max-body=${maxBody} auth=none hint="Type HELP"`;
  }

  /** Starts its workers, if it has any; closes `turns` when it shuts down. Throws what `serve` throws. */
  static async open(
    protocol: Protocol,
    handlers: Readonly<Record<string, unknown>>,
    options: ServiceOptions,
    turns: LoopYield,
  ): Promise<ServerCore> {
    const { workers, clock = systemClock, log = logToConsole } = options;
    let pool: WorkerPool | undefined;
    try {
      pool = workers && await WorkerPool.open(workers, { clock, log });
      return new ServerCore(protocol, handlers, options, turns, pool);
    } catch (error) {
      await pool?.close();
      turns.close();
      throw error;
    }
  }

  #lineup(seats: Seats, options: ServiceOptions): Scheduler<Request> {
    // Seats that somebody has chosen stand for a capacity, which one client may use up while others leave it free.
    const shares = options.seats === undefined ? { share: 1, parked: 32_768 } : {};
    return new Scheduler<Request>({
      clock: this.clock,
      random: options.random ?? Math.random,
      seats,
      classes: options.classes,
      limits: { flow: 1024, ...shares, ...options.scheduling },
      run: (call) => call.begin(),
      resume: (call) => call.goOn(),
      refuse: (call, reason, retry, scope) => call.refuse(reason, retry, scope),
      overdue: (call) => call.abort("expired", EXPIRED),
      yield: (go) => this.turns.next(go),
      idle: () => this.#feed(),
    });
  }

  /** There is nothing to do although there are clients that rest: who has rested longest is read at once. */
  #feed(): void {
    if (this.rests.size === 0 || !this.#idle) return;
    this.rests.endOldest();
    if (this.#feeding) return;
    this.#feeding = true;
    // It may have sent nothing.
    this.turns.next(() => {
      this.#feeding = false;
      this.#feed();
    });
  }

  get #idle(): boolean {
    return this.scheduler.idle && (this.workers?.scheduler.idle ?? true);
  }

  /** The rates that requests from these address prefixes count towards. */
  meters(prefixes: readonly string[]): Meter[] {
    return prefixes.flatMap((prefix, tier) => this.#rates[tier]?.meter(prefix) ?? []);
  }

  /** Resolves once the event loop has looked after everybody else. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.turns.next(resolve));
  }

  /** Counts an error that was answered. */
  countError(code: string): void {
    const { errors } = this.counters;
    errors.set(code, (errors.get(code) ?? 0) + 1);
  }

  /** Serves one connection to its end; `local` says whether its client is on this machine. */
  async serve(stream: ByteStream, gate: ConnectionLimiter, local: boolean): Promise<void> {
    const { peer } = stream;
    const enter = (): ErrorLine | undefined => gate.enter(peer, this.pressure.closesGate, local);
    let refusal = enter();
    if (refusal?.code === "quota" && this.#makeRoom(peer, gate)) refusal = enter();
    if (refusal !== undefined) {
      this.countError(refusal.code);
      if (this.#turningAway >= this.gate.limits.connectionsOpening) return stream.close();
      this.#turningAway++;
      const stop = this.#closeLate(stream);
      await turnAway(stream, refusal);
      stop();
      this.#turningAway--;
      return;
    }
    const connection = new Connection(this, stream, ++this.counters.connections);
    this.connections.set(connection, gate);
    this.watch();
    await connection.run();
    this.#leave(connection);
    this.connections.delete(connection);
  }

  /** Counts a connection no longer. */
  #leave(connection: Connection): void {
    this.connections.get(connection)?.leave(connection.peer);
    this.connections.set(connection, undefined);
  }

  /**
   * Ends the connection of a client that has been idle longest, for one that it opens now: a client that has vanished
   * comes back. Answers whether there was one.
   */
  #makeRoom(peer: string, gate: ConnectionLimiter): boolean {
    const now = this.clock.now();
    if (now - this.#madeRoom < ROOM_EVERY_MS) return false;
    this.#madeRoom = now;
    let longest: Connection | undefined;
    let since = now - IDLE_MS;
    for (const [connection, of] of this.connections) {
      if (of !== gate || !gate.isSameClient(connection.peer, peer)) continue;
      if (connection.idleSince > since) continue;
      longest = connection;
      since = connection.idleSince;
    }
    if (longest === undefined) return false;
    longest.giveWay(now - since);
    this.#leave(longest);
    gate.refused.quota--;
    return true;
  }

  /** Closes a stream that takes too long to be opened, unless it is stopped. */
  #closeLate(stream: ByteStream): () => void {
    const { opening } = this.timeouts;
    return opening === Infinity ? () => {} : this.clock.after(opening, () => stream.close());
  }

  /** A connection has something that must not take long: all are looked after often, until all are quiet. */
  watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    this.#stopRound?.();
    this.#round(ROUND_MS);
  }

  #round(delay: number): void {
    const due = this.clock.now() + delay;
    this.#stopRound = this.clock.after(delay, () => {
      this.#stopRound = undefined;
      const now = this.clock.now();
      this.pressure.late(now - due);
      let quiet = true;
      for (const connection of this.connections.keys()) quiet = connection.check(now) && quiet;
      // A lag that turns clients away is measured again soon, also where no client is left.
      const often = !quiet || this.pressure.lags;
      this.#watching = often;
      if (often || this.connections.size > 0) this.#round(often ? ROUND_MS : QUIET_ROUND_MS);
    });
  }

  /** Bytes are held for a client, or no longer. */
  weigh(bytes: number): void {
    this.pressure.held += bytes;
    while (bytes > 0 && this.pressure.overflows && this.connections.size > 0) {
      let heaviest: Connection | undefined;
      for (const each of this.connections.keys()) {
        if (!each.closed && each.weight > (heaviest?.weight ?? 0)) heaviest = each;
      }
      if (heaviest === undefined) return;
      heaviest.drop("it holds most, and the memory for clients is full", heaviest.weight);
    }
  }

  /** Serves what a listener accepts until it is closed. */
  listen(listener: Listener, arriving: Arriving = {}): void {
    this.#listeners.add(listener);
    const { proxied = false, reserved } = arriving;
    const gate = reserved ? this.reservedGate : this.gate;
    this.#keep(acceptAll(listener, {
      clock: this.clock,
      // What one listener says does not keep another from saying it.
      log: (entry) => this.#repeatingLog.add(entry, `${entry.message} ${listener.address}`),
      turn: () => this.turn(),
      take: (stream) => {
        // Accepted in the moment in which the listener was closed.
        if (this.#draining !== undefined) stream.close();
        // A proxy speaks for others, whatever their addresses are.
        else this.#keep(this.serve(stream, gate, !proxied && isLocal(stream.peer)));
      },
    }));
  }

  /** What a listener for proxies needs; `lists` says which peers are those. */
  proxyOptions(lists: (peer: string) => boolean): ProxyOptions {
    return {
      lists,
      openingTime: this.timeouts.opening,
      maxOpening: this.gate.limits.connectionsOpening,
      after: (ms, action) => this.clock.after(ms, action),
      turn: () => this.turn(),
      onUnopened: (client, why) => {
        const message = "connection dropped: no PROXY header of a listed proxy";
        this.clientLog.add({ level: "error", message, client, why });
        this.counters.dropped++;
      },
    };
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
    for (const connection of this.connections.keys()) connection.drain(this.#drainTime);
    while (this.#running.size > 0) await Promise.all(this.#running);
    stop();
    this.scheduler.close();
    this.workers?.scheduler.close();
    await this.workers?.pool.close();
    this.clientLog.flush();
    this.incidentLog.flush();
    this.held.stop();
    this.rests.stop();
    this.#stopRound?.();
    this.turns.close();
    await logWritten();
  }

  /** Closes every connection at once. */
  cutOff(): void {
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.connections.keys()) connection.close();
  }
}

/** A connection that is not served gets one line. */
async function turnAway(stream: ByteStream, refusal: ErrorLine): Promise<void> {
  try {
    await writeAll(stream, encodeText(`ERR${errorText(refusal)}\r\n`));
    await stream.closeWrite();
  } catch {
    // Who is gone already need not be told.
  } finally {
    stream.close();
  }
}

// A connection that is idle for so long may give way to another of its client, and how often one is looked for.
const IDLE_MS = 60_000;
const ROOM_EVERY_MS = 100;
// How often connections are looked after: often enough for limits of seconds, and for idle limits of minutes.
const ROUND_MS = 250;
const QUIET_ROUND_MS = 30_000;
