// Makes the parts of a server that its connections share.

import { DEFAULT_LIMITS, type Dialect } from "../dialects/dialect.ts";
import type { LoopYield } from "../net/loop_yield.ts";
import type { Clock } from "../scheduling/clock.ts";
import { RateLimiter } from "../scheduling/rate_limiter.ts";
import { CLASSES } from "../scheduling/scheduler_options.ts";
import type { Scheduler } from "../scheduling/scheduler.ts";
import { TimingWheel } from "../scheduling/timing_wheel.ts";
import { TurnClock } from "../scheduling/turn_clock.ts";
import type { MetersOf } from "./admission/client_flows.ts";
import { Draining } from "./admission/draining.ts";
import { IdleResume } from "./admission/idle_resume.ts";
import { MemoryGuard } from "./admission/memory_guard.ts";
import { MemoryShedding } from "./admission/memory_shedding.ts";
import { Pressure, PRESSURE_MARKS } from "./admission/pressure.ts";
import { RefusalBudget } from "./admission/refusal_budget.ts";
import { Access } from "./identity/access.ts";
import { CONNECTION_BOUNDS } from "./admission/connection_bounds.ts";
import type { Connection } from "./connection/connection.ts";
import { ReadBudget } from "./connection/read_budget.ts";
import type { ConnectionServices } from "./connection/services.ts";
import { TIMEOUTS } from "./connection/timeouts.ts";
import { Watchdog } from "./connection/watchdog.ts";
import type { ServiceOptions } from "./options.ts";
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
  const bounds = { ...CONNECTION_BOUNDS, ...options.bounds };
  const pressure = new Pressure(options.memory ?? MEMORY, {
    ...PRESSURE_MARKS,
    ...options.pressure,
  });
  const { identities, anonymous } = options;
  const access = identities && new Access(identities, anonymous, clock, telemetry);
  const compiled = all.map(({ protocol }) => dialect.compile(protocol));
  const { maxInFlight = MAX_IN_FLIGHT } = options;

  const schedulers: (readonly [prefix: string, scheduler: Scheduler<Request>])[] = [];
  const refusalBudget = new RefusalBudget(clock, bounds.refusing, counters);
  const isIdle = (): boolean => schedulers.every(([, scheduler]) => scheduler.idle);
  const { onIdle } = new IdleResume(refusalBudget, turns, isIdle);
  const environment = { clock, turns, onIdle };
  const scheduler = loopScheduler(options, environment);
  schedulers.push(["", scheduler]);
  const workers = pool && { pool, scheduler: workerScheduler(pool.size, options, environment) };
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
        limits: { ...DEFAULT_LIMITS, ...options.limits },
        maxInFlight,
        auth: access?.mode,
      }),
      deadlines,
      bounds,
      timeouts: { ...TIMEOUTS, ...options.timeouts },
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
      metersOf: metersBy(options.rates),
      stateMakers: all.some(({ state }) => state) ? all.map(({ state }) => state) : [],
      figures: stats,
    },
    figures: () => figuresOf(sources),
    stop(): void {
      for (const [, each] of schedulers) each.close();
      deadlines.stop();
      refusalBudget.stop();
      watchdog.stop();
    },
  };
}

/** The rates of a client, by the tiers of its address prefixes. */
function metersBy(rates: ServiceOptions["rates"]): MetersOf {
  const tiers = [rates?.prefix, rates?.site].map((rate) =>
    rate && new RateLimiter({ scope: "prefix", ...rate })
  );
  return (prefixes) => prefixes.flatMap((prefix, tier) => tiers[tier]?.meter(prefix) ?? []);
}
