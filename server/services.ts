// Makes the parts of a server that its connections share.

import { DEFAULT_LIMITS, type Dialect } from "../dialects/dialect.ts";
import type { LoopYield } from "../net/loop_yield.ts";
import type { Clock } from "../scheduling/clock.ts";
import { CLASSES } from "../scheduling/scheduler_options.ts";
import type { Scheduler } from "../scheduling/scheduler.ts";
import { TimingWheel } from "../scheduling/timing_wheel.ts";
import { TurnClock } from "../scheduling/turn_clock.ts";
import { ClientRates } from "./admission/client_rates.ts";
import { Draining } from "./admission/draining.ts";
import { IdleResume } from "./admission/idle_resume.ts";
import { MemoryGuard } from "./admission/memory_guard.ts";
import { MemoryShedding } from "./admission/memory_shedding.ts";
import { Pressure, PRESSURE_MARKS } from "./admission/pressure.ts";
import { RefusalBudget } from "./admission/refusal_budget.ts";
import { Access } from "./identity/access.ts";
import { CONNECTION_BOUNDS } from "./admission/connection_bounds.ts";
import { CONNECTION_LIMITS, type ConnectionLimits } from "./admission/connection_limits.ts";
import type { Connection } from "./connection/connection.ts";
import { ReadBudget } from "./connection/read_budget.ts";
import type { ConnectionServices } from "./connection/services.ts";
import { TIMEOUTS } from "./connection/timeouts.ts";
import { Watchdog } from "./connection/watchdog.ts";
import type { ServiceOptions } from "./options.ts";
import { numberFrom0, withDefaults } from "./reconfiguration.ts";
import type { Service } from "./service.ts";
import { Editions } from "./request/editions.ts";
import type { Request } from "./request/request.ts";
import { needCommands, routesOf } from "./request/routes.ts";
import { loopScheduler, workerScheduler } from "./request/schedulers.ts";
import { figuresOf, type ServerFigures } from "./figures.ts";
import { statsOf } from "./stats.ts";
import type { Telemetry } from "./telemetry.ts";
import type { WorkerPool } from "./workers/pool.ts";

const MEMORY = 256 << 20;
const MAX_IN_FLIGHT = 256;

/** The dependencies of the services beside the options. */
export interface ServerEnvironment {
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly turns: LoopYield;
  readonly telemetry: Telemetry;
  /** The open connections. The server adds and removes them. */
  readonly connections: ReadonlySet<Connection>;
  /** Runs the handlers that `handlers` does not have. */
  readonly pool: WorkerPool | undefined;
}

/** The services of a server, and how to stop them. */
export interface ServerParts {
  readonly services: ConnectionServices;
  /** The present figures. */
  figures(): ServerFigures;
  /** The limits on the number of connections. */
  readonly connections: ConnectionLimits;
  /** Changes them to options of the server. Throws `RangeError` where they cannot; nothing has changed then. */
  reconfigure(options: ServiceOptions): void;
  /** Stops all timers, once no connection is left. */
  stop(): void;
}

/** Makes the parts of a server. Throws `SpecError` for a wrong protocol, `TypeError` for a missing handler. */
export function createServices(
  all: readonly Service[],
  options: ServiceOptions,
  { dialect, clock, turns, telemetry, connections, pool }: ServerEnvironment,
): ServerParts {
  const { counters } = telemetry;
  const { identities, anonymous } = options;
  const access = identities && new Access(identities, anonymous, clock, telemetry);
  const live = liveOptions(options);
  const { bounds, timeouts } = live;
  const pressure = new Pressure(live.memory, live.pressure);
  const rates = new ClientRates(options.rates);
  const compiled = all.map(({ protocol }) => dialect.compile(protocol));
  const { maxInFlight = MAX_IN_FLIGHT } = options;

  const schedulers: (readonly [prefix: string, scheduler: Scheduler<Request>])[] = [];
  const refusalBudget = new RefusalBudget(clock, bounds, counters);
  const isIdle = (): boolean => schedulers.every(([, scheduler]) => scheduler.idle);
  const { onIdle } = new IdleResume(refusalBudget, turns, isIdle);
  const environment = { clock, turns, onIdle };
  const ofLoop = loopScheduler(options, environment);
  const { scheduler } = ofLoop;
  schedulers.push(["", scheduler]);
  const ofWorkers = pool && workerScheduler(pool.size, options, environment);
  const workers = ofWorkers && { pool: pool!, scheduler: ofWorkers.scheduler };
  if (workers !== undefined) schedulers.push(["workers-", workers.scheduler]);

  const routed = all.map((service, index) => ({
    compiled: compiled[index],
    routes: routesOf(compiled[index], dialect, { ...service, index }, scheduler, workers),
  }));
  needCommands(pool?.verbs ?? [], compiled);

  const deadlines = new TimingWheel<Request>(clock, (request) => request.expire());
  const watchdog = new Watchdog(clock, pressure, connections, telemetry);
  const more = options.stats ?? (() => []);
  const startedAt = clock.now();
  const sources = { clock, startedAt, counters, connections, pressure, schedulers };
  const stats = () => statsOf(figuresOf(sources), more());
  dialect.checkFigures?.(stats());
  return {
    services: {
      clock,
      turnClock: new TurnClock(clock),
      turns,
      telemetry,
      counters,
      dialect,
      wording: dialect.wording,
      classes: (options.classes ?? CLASSES).map(({ name }) => name),
      editions: new Editions(routed, dialect.compile, {
        limits: withDefaults("limits", DEFAULT_LIMITS, options.limits),
        maxInFlight,
        auth: access?.mode,
      }),
      deadlines,
      bounds,
      timeouts,
      maxInFlight,
      pressure,
      access,
      memory: new MemoryGuard(pressure, connections),
      watchdog,
      draining: new Draining(options.heldWork?.commands),
      holdsWork: options.heldWork?.holds ?? (() => false),
      requestCount: { admit: () => void counters.requests++ },
      memoryShedding: new MemoryShedding(pressure),
      readBudget: new ReadBudget(turns),
      refusalBudget,
      metersOf: rates.metersOf,
      stateMakers: all.some(({ state }) => state) ? all.map(({ state }) => state) : [],
      figures: stats,
    },
    figures: () => figuresOf(sources),
    connections: live.connections,
    reconfigure(options) {
      // The values that may be wrong come first.
      const next = liveOptions(options);
      new ClientRates(options.rates);
      ofLoop.reconfigure(options);
      ofWorkers?.reconfigure(options);
      rates.adjust(options.rates);
      for (const group of ["bounds", "connections", "timeouts", "pressure"] as const) {
        Object.assign(live[group], next[group]);
      }
      pressure.memory = next.memory;
      // A shorter time limit may be over.
      watchdog.alert();
    },
    stop(): void {
      for (const [, each] of schedulers) each.close();
      deadlines.stop();
      refusalBudget.stop();
      watchdog.stop();
    },
  };
}

/** The options that the parts of a server read each time, with their defaults. Throws `RangeError` for a wrong one. */
function liveOptions(options: ServiceOptions) {
  return {
    bounds: withDefaults("bounds", CONNECTION_BOUNDS, options.bounds),
    connections: withDefaults("connections", CONNECTION_LIMITS, options.connections),
    timeouts: withDefaults("timeouts", TIMEOUTS, options.timeouts),
    pressure: withDefaults("pressure", PRESSURE_MARKS, options.pressure),
    memory: numberFrom0("memory", options.memory ?? MEMORY),
  };
}
