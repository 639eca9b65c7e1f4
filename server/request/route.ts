import type { Builtin } from "../../dialects/dialect.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import type { Values } from "../../protocol/shape.ts";
import type { CostEstimate } from "../../scheduling/cost_estimate.ts";
import type { FlowHandle } from "../../scheduling/ticket.ts";
import type { FlowOpener } from "../admission/client_flows.ts";
import type { RequestContext } from "./context.ts";
import type { Context } from "./handlers.ts";
import type { SeatGiver } from "./parking.ts";
import type { StreamingRequest } from "./stream.ts";

/** A handler without its types, which were checked where it was written. */
// deno-lint-ignore no-explicit-any
export type UntypedHandler = (args: any, context: Context) => unknown;

/** Serves a request through middleware. Rejects with the error of the handler or of the middleware. */
export type ServeAround = (
  request: StreamingRequest,
  args: Values,
  context: RequestContext,
) => Promise<Values | undefined>;

/** The part of a `Scheduler` that schedules requests. */
export interface RouteScheduler extends SeatGiver, FlowOpener {
  /** See `Scheduler.instant`. */
  instant(flow: FlowHandle, now: number): boolean;
}

/** A command, its handler, and the scheduler of its requests. */
export interface Route {
  readonly command: CompiledCommand;
  /** Serves its requests, unless `builtin` does. */
  readonly handler: UntypedHandler;
  /** Serves its requests through middleware, in the place of `handler`; `undefined` where there is none. */
  readonly around: ServeAround | undefined;
  /** The index of its service among those of the server. */
  readonly service: number;
  /** Serves its requests where the server answers them itself. */
  readonly builtin: Builtin | undefined;
  /** Replies at once, from the arguments alone; `undefined` where a request always needs a ticket. */
  readonly instant: ((args: Values) => Values | undefined) | undefined;
  readonly scheduler: RouteScheduler;
  /** The class of requests that name none. */
  readonly class: string;
  /** The cost of its requests, in ms of a seat. */
  readonly cost: CostEstimate;
}
