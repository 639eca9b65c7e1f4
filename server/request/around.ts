// Middleware: functions around the handlers of a service.

import type { Values } from "../../protocol/shape.ts";
import { RequestContext } from "./context.ts";
import type { Context } from "./handlers.ts";
import type { ServeAround, UntypedHandler } from "./route.ts";
import { sendItems, startItems } from "./stream.ts";

/** The reply of a handler, as middleware passes it on. Its type remembers what `next` added to the context. */
export interface Passed<Added = unknown> {
  /** Never there: for the compiler only. */
  readonly "~added"?: Added;
  /** A field of the reply. */
  readonly [field: string]: unknown;
}

/** Runs the rest: the middleware behind this one, and the handler. */
export interface Next {
  /**
   * Resolves with the reply once the handler has ended; where it streams, all its items are sent then. Rejects with the
   * error of the handler. May be called again, to try again, until an item was sent: then it rejects with the error of
   * the first time. Once the request is answered, because it was cancelled or its time is over, no handler is run.
   */
  (): Promise<Passed<unknown>>;
  /** As above, and the middleware and handlers behind find the members of `added` in their context. */
  <const Added extends object>(added: Added): Promise<Passed<Added>>;
}

/**
 * Middleware: called in the place of the handlers of a service, with `next` to run them. It refuses a request where it
 * throws a `Refusal`, and answers with the reply that it resolves with. `Needs` are the members of the context that it
 * needs, such as `{ state: Session }`; `Added` are those that it adds.
 *
 * @example
 * ```ts
 * import { type Around, Refusal, type Service, service } from "@lineup/lineup/server";
 *
 * interface Session {
 *   user?: string;
 * }
 *
 * const signedIn: Around<{ state: Session }, { user: string }> = (_args, { state }, next) => {
 *   if (state.user === undefined) throw new Refusal("forbidden", "Sign in first.");
 *   return next({ user: state.user });
 * };
 *
 * const notes: Service = service({
 *   name: "notes",
 *   version: "1.0",
 *   summary: "Notes.",
 *   commands: { NOTE: { summary: "Keep a note.", args: { text: "text" } } },
 * })({
 *   state: (): Session => ({}),
 *   around: [signedIn],
 *   handlers: { NOTE: ({ text }, { user, log }) => log(text, { user }) },
 * });
 * ```
 */
export type Around<Needs = unknown, Added = unknown> = (
  args: Readonly<Values>,
  context: Context<StateIn<Needs>> & Needs,
  next: Next,
) => PromiseLike<Passed<Added> | void>;

/** The state that middleware needs. */
export type StateIn<Needs> = Needs extends { readonly state: infer S } ? S : never;

/** Any middleware of a service whose connections have the state `S`. */
// A method: its parameters may be narrower, for middleware that needs what earlier middleware adds.
export type AnyAround<S = unknown> = {
  // deno-lint-ignore no-explicit-any
  call(args: Readonly<Values>, context: Context<S>, next: Next): any;
}["call"];

/** The members that one middleware adds to the context. */
export type AddedBy<F> = F extends (...args: never[]) => infer R
  ? [AddedIn<Awaited<R>>] extends [never] ? unknown : AddedIn<Awaited<R>>
  : unknown;
/** The members that a reply from `next` remembers; a reply that is not from `next` has none. */
export type AddedIn<R> = R extends unknown
  ? "~added" extends keyof R ? R extends Passed<infer Added> ? Added : never : never
  : never;

/** Middleware in an order in which each finds what it needs; a text in the place of one that does not. */
export type InOrder<A extends readonly unknown[], X> = A extends
  readonly [infer First, ...infer Rest]
  ? readonly [Fitting<First, X>, ...InOrder<Rest, X & AddedBy<First>>]
  : A;
/** Middleware, where the context `X` has what it needs. The state is `never` in middleware that needs none. */
export type Fitting<F, X> = F extends (args: never, context: infer C, ...rest: never[]) => unknown
  ? X extends
    (C extends { readonly state: infer S } ? [S] extends [never] ? Omit<C, "state"> : C : C) ? F
  : "this middleware needs what none before it adds"
  : F;

/** The context of handlers behind middleware. */
export type ContextBehind<A extends readonly unknown[], X> = A extends
  readonly [infer First, ...infer Rest] ? ContextBehind<Rest, X & AddedBy<First>> : X;

/** Puts middleware around a handler, the first one outermost. `streams` tells whether the handler yields items. */
export function putAround(
  around: readonly AnyAround[],
  handler: UntypedHandler,
  streams: boolean,
): ServeAround {
  return (request, args, context) => {
    const sent = { any: false };
    let failure: { readonly error: unknown } | undefined;

    const run = async (at: number, context: RequestContext): Promise<Values | undefined> => {
      if (at === around.length) return await runHandler(context);
      const next = (added?: object): Promise<Values | undefined> =>
        run(at + 1, added === undefined ? context : RequestContext.extend(context, added));
      return await around[at](args, context, next as Next);
    };

    const runHandler = async (context: Context): Promise<Values | undefined> => {
      if (request.answered) throw failure?.error ?? request.reason;
      if (sent.any) {
        throw failure?.error ?? new TypeError("next() was called again after items were sent");
      }
      try {
        const result = handler(args, context);
        return streams
          ? await sendItems(request, startItems(result), sent)
          : await result as Values | undefined;
      } catch (error) {
        failure = { error };
        throw error;
      }
    };

    return run(0, context);
  };
}
