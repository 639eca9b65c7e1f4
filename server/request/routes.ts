// Which handler serves which command, and where its requests line up.

import { compile } from "../../dialects/lineup1/compile.ts";
import type { CompiledCommand, CompiledProtocol } from "../../protocol/compile.ts";
import type { Values } from "../../dialects/lineup1/message.ts";
import type { BuiltinCommands } from "../../dialects/lineup1/builtin_protocol.ts";
import { CostEstimate } from "../../scheduling/cost_estimate.ts";
import type { Scheduler } from "../../scheduling/scheduler.ts";
import type { Request } from "./request.ts";
import type { Context } from "./handlers.ts";
import { builtinHandlers } from "./builtin_handlers.ts";
import type { WorkerPool } from "../workers/pool.ts";

/**
 * A handler as the server calls it: types were checked where it was written. Those of the commands that the server
 * answers itself get the `Call`, all others a `Context`.
 */
// deno-lint-ignore no-explicit-any
export type AnyHandler = (args: any, context: any) => unknown;

/** A command, who serves it, and where it lines up. */
export interface Route {
  readonly compiled: CompiledCommand;
  readonly handler: AnyHandler;
  readonly scheduler: Scheduler<Request>;
  /** The class of requests that name none. */
  readonly class: string;
  /** What its requests cost, in ms of a seat. */
  readonly cost: CostEstimate;
  /** Whether it takes next to no time and looks at nothing but its arguments: where nothing waits it need not line up. */
  readonly instant: ((args: Values) => Values) | undefined;
}

// What keeps a connection in hand goes first, on seats of its own.
const CONTROL: ReadonlySet<string> = new Set<keyof BuiltinCommands>([
  "HELLO",
  "PING",
  "STATS",
  "CANCEL",
  "QUIT",
]);

/** The routes of a protocol. Throws `TypeError` for a command without a handler, and for a handler without a command. */
export function routesOf(
  compiled: CompiledProtocol,
  handlers: Readonly<Record<string, unknown>>,
  scheduler: Scheduler<Request>,
  workers: { readonly pool: WorkerPool; readonly scheduler: Scheduler<Request> } | undefined,
): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  const inWorkers = new Set(workers?.pool.verbs);
  const own: Readonly<Record<string, unknown>> = { ...builtinHandlers, ...handlers };
  for (const [verb, command] of compiled.commands) {
    const handler = own[verb];
    if (typeof handler === "function") {
      routes.set(verb, route(command, handler as AnyHandler, scheduler));
    } else if (workers !== undefined && inWorkers.has(verb)) {
      routes.set(verb, route(command, fromPool(workers.pool, command), workers.scheduler));
    } else throw new TypeError(`no handler for the command ${verb}`);
  }
  for (const verb of [...Object.keys(handlers), ...inWorkers]) {
    if (routes.get(verb)?.compiled.builtin !== false) {
      throw new TypeError(`the protocol has no command ${verb} for this handler`);
    }
  }
  return routes;
}

function route(
  compiled: CompiledCommand,
  handler: AnyHandler,
  scheduler: Scheduler<Request>,
): Route {
  const { verb, command, builtin } = compiled;
  return {
    compiled,
    handler,
    scheduler,
    class: builtin && CONTROL.has(verb) ? "control" : command.class ?? "normal",
    cost: new CostEstimate(command.cost ?? 1),
    instant: builtin && verb === "PING" ? handler as Route["instant"] : undefined,
  };
}

function fromPool(pool: WorkerPool, compiled: CompiledCommand): AnyHandler {
  return compiled.items === undefined
    ? (args, context: Context) => pool.run(compiled, args, context)
    : (args, context: Context) => pool.stream(compiled, args, context);
}

/** Where what is no request goes: it can only be refused, with a standard code. */
export function rejectRoute(scheduler: Scheduler<Request>): Route {
  const { commands } = compile({ name: "none", version: "1", summary: "Nothing.", commands: {} });
  return route(commands.get("PING")!, () => undefined, scheduler);
}
