// The routes of a protocol: the handler of each command, and the scheduler of its requests.

import type { Builtin, Dialect } from "../../dialects/dialect.ts";
import type { CompiledCommand, CompiledProtocol } from "../../protocol/compile.ts";
import { CostEstimate } from "../../scheduling/cost_estimate.ts";
import type { Values } from "../../protocol/shape.ts";
import { type AnyAround, putAround } from "./around.ts";
import { type Context, isInstant } from "./handlers.ts";
import { inWorker } from "./in_worker.ts";
import type { Route, RouteScheduler, UntypedHandler } from "./route.ts";

/** The class of work that keeps a connection in hand: it goes first, on seats of its own. */
const CONTROL_CLASS = "control";

/** The handlers that run in workers. */
interface RoutedPool {
  /** The commands that they serve. */
  readonly verbs: readonly string[];
  /** Runs a request, and resolves with its reply. */
  run(command: CompiledCommand, args: Values, context: Context): Promise<Values | undefined>;
  /** Runs a request with a streaming reply. */
  stream(command: CompiledCommand, args: Values, context: Context): AsyncIterable<Values>;
}

/** Handlers that run in workers, and the scheduler of their requests. */
export interface WorkerRoutes {
  readonly pool: RoutedPool;
  readonly scheduler: RouteScheduler;
}

/** The handlers of a protocol, and the middleware around them. */
export interface RoutedService {
  readonly handlers: Readonly<Record<string, unknown>>;
  readonly around?: readonly AnyAround[];
  /** Its place among the services of the server. */
  readonly index: number;
}

/**
 * The routes of a protocol. Throws `TypeError` for a command without a handler, and for a handler without a command.
 */
export function routesOf(
  { commands }: CompiledProtocol,
  { builtins }: Dialect,
  { handlers, around = [], index }: RoutedService,
  scheduler: RouteScheduler,
  workers: WorkerRoutes | undefined,
): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  const inWorkers = new Set(workers?.pool.verbs);
  const own = (
    command: CompiledCommand,
    handler: UntypedHandler,
    scheduler: RouteScheduler,
  ): Route => behind(around, { ...route(command, handler, scheduler), service: index });
  for (const [verb, command] of commands) {
    const handler = handlers[verb];
    if (command.builtin) routes.set(verb, builtinRoute(command, builtins[verb], scheduler));
    else if (typeof handler === "function" && handler !== inWorker) {
      routes.set(verb, own(command, handler as UntypedHandler, scheduler));
    } else if (workers !== undefined && inWorkers.has(verb)) {
      routes.set(verb, own(command, fromPool(workers.pool, command), workers.scheduler));
    } else {
      const why = handler === inWorker ? ": inWorker needs the option workers" : "";
      throw new TypeError(`no handler for the command ${verb}${why}`);
    }
  }
  needCommands(Object.keys(handlers), [{ commands }]);
  return routes;
}

/** Throws `TypeError` for a verb of a handler that no protocol has. */
export function needCommands(
  verbs: readonly string[],
  protocols: readonly Pick<CompiledProtocol, "commands">[],
): void {
  for (const verb of verbs) {
    if (protocols.some(({ commands }) => commands.get(verb)?.builtin === false)) continue;
    throw new TypeError(`the protocol has no command ${verb} for this handler`);
  }
}

function route(
  command: CompiledCommand,
  handler: UntypedHandler,
  scheduler: RouteScheduler,
): Route {
  const { class: name = "normal", cost = 1 } = command.command;
  return {
    command,
    handler,
    around: undefined,
    service: 0,
    builtin: undefined,
    instant: isInstant(handler) && mayBeInstant(command) ? handler as Route["instant"] : undefined,
    scheduler,
    class: name,
    cost: new CostEstimate(cost),
  };
}

function behind(around: readonly AnyAround[], route: Route): Route {
  if (around.length === 0) return route;
  const { handler, command } = route;
  // Middleware needs a context, and may wait.
  return {
    ...route,
    instant: undefined,
    around: putAround(around, handler, command.items !== undefined),
  };
}

function builtinRoute(
  command: CompiledCommand,
  builtin: Builtin,
  scheduler: RouteScheduler,
): Route {
  const usual = route(command, () => {}, scheduler);
  const name = builtin.control ? CONTROL_CLASS : usual.class;
  return { ...usual, builtin, instant: builtin.instant, class: name };
}

/** Whether nothing but the arguments decides on a request: no identity, no schema that may wait, no items. */
function mayBeInstant({ command, request, items }: CompiledCommand): boolean {
  return command.role === undefined && request.checked.length === 0 && items === undefined;
}

function fromPool(pool: RoutedPool, command: CompiledCommand): UntypedHandler {
  return command.items === undefined
    ? (args, context) => pool.run(command, args, context)
    : (args, context) => pool.stream(command, args, context);
}
