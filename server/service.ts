// A service: a protocol with its handlers, and what is around them.

import type { SoundProtocol } from "../protocol/sound_protocol.ts";
import type { Protocol, WithCommands } from "../protocol/spec.ts";
import { isRecord } from "../protocol/spec_error.ts";
import type { AnyAround, ContextBehind, InOrder } from "./request/around.ts";
import type { ConnectedClient, Context, Handlers } from "./request/handlers.ts";

/** A protocol with the functions that serve it. `service` makes one and checks its types. */
export interface Service<P extends Protocol = Protocol> {
  /** The protocol. */
  readonly protocol: P;
  /** A handler for every command. */
  readonly handlers: Readonly<Record<string, unknown>>;
  /** Makes the state of a connection, see `ServiceParts`. */
  readonly state?: (client: ConnectedClient) => unknown;
  /** The middleware, the outermost first. */
  readonly around?: readonly AnyAround[];
}

/** The parts of a service beside its protocol, for `service`. */
export interface ServiceParts<P extends WithCommands, S, A extends readonly AnyAround<S>[]> {
  /**
   * Makes the state of a connection when that opens, before the greeting. Handlers and middleware find it as
   * `context.state`. Where it has a `[Symbol.dispose]` or a `[Symbol.asyncDispose]` method, that is called when the
   * connection has ended. A `Refusal` that is thrown here refuses the connection. Default: connections have no state.
   */
  state?: (client: ConnectedClient) => S;
  /** The middleware around all handlers, the outermost first. Built-in commands have none around them. */
  around?: A & InOrder<A, Context<S>>;
  /** A handler for every command. Its context has what the middleware adds. */
  handlers: Handlers<P, ContextBehind<A, Context<S>>>;
}

/**
 * Makes a service of a protocol: `service(protocol)({ state, around, handlers })`. It only checks the types: the result
 * is plain data. `serve` takes it; a module may export it as default for `lineup serve`. Write `state` before `around`,
 * and `around` before `handlers`: the types follow in this order.
 *
 * @example
 * ```ts
 * import { type Around, serve, service } from "@lineup/lineup/server";
 * import { connect } from "@lineup/lineup/client";
 * import { assertEquals } from "@std/assert";
 *
 * const counter = {
 *   name: "counter",
 *   version: "1.0",
 *   summary: "Counts the requests of a connection.",
 *   commands: { COUNT: { summary: "Count.", reply: { count: "integer" } } },
 * } as const;
 *
 * const logged: Around = async (_args, { verb, log }, next) => {
 *   const reply = await next();
 *   log(`${verb} was answered`);
 *   return reply;
 * };
 *
 * await using server = await serve(
 *   service(counter)({
 *     state: () => ({ count: 0 }),
 *     around: [logged],
 *     handlers: { COUNT: (_, { state }) => ({ count: ++state.count }) },
 *   }),
 *   { port: 0, log: () => {} },
 * );
 * await using client = await connect(counter, server.address);
 * await client.COUNT();
 * assertEquals(await client.COUNT(), { count: 2 });
 * ```
 */
export function service<const P extends WithCommands>(protocol: SoundProtocol<P>): MakeService<P> {
  return (parts) => ({ protocol, ...parts } as unknown as Service<Extract<P, Protocol>>);
}

/** Makes a service of a protocol that is known already, so that the types of handlers follow from it alone. */
export type MakeService<P extends WithCommands> = <
  S = undefined,
  const A extends readonly AnyAround<S>[] = readonly AnyAround<S>[],
>(parts: ServiceParts<P, S, A>) => Service<Extract<P, Protocol>>;

/** Checks the form of services that no compiler has checked. Throws `TypeError`. */
export function needServices(services: readonly unknown[]): asserts services is readonly Service[] {
  need(services.length > 0, "there is no service to serve");
  for (const each of services) {
    need(isRecord(each) && isRecord(each.protocol), "a service is { protocol, handlers }");
    const { protocol: { name }, handlers, state, around } = each as unknown as Service;
    const of = `of the service ${name}`;
    need(isRecord(handlers), `the handlers ${of} must be an object of functions by verb`);
    const isMaker = state === undefined || typeof state === "function";
    need(isMaker, `state ${of} must be a function that makes the state of a connection`);
    const isList = around === undefined ||
      Array.isArray(around) && around.every((each) => typeof each === "function");
    need(isList, `around ${of} must be an array of functions`);
  }
}

function need(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TypeError(message);
}
