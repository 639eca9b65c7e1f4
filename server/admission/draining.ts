// A server that shuts down answers only requests in flight, and built-in commands.

import type { Failure, WireRequest } from "../../dialects/dialect.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import type { Denial, RequestPolicy } from "./policy.ts";

/** The time in ms after which a client may try again that was refused by a drain. */
const DRAIN_RETRY = 1000;

/** The failure of a request that does not begin because the server shuts down. */
export const drainingFailure: Failure = {
  code: "draining",
  message: "The server is shutting down.",
  retry: DRAIN_RETRY,
};

/** Refuses requests once the server drains. */
export class Draining implements RequestPolicy {
  /** Whether the server shuts down. */
  active = false;
  readonly #served: readonly string[];

  /** Goes on to serve these commands. */
  constructor(served: readonly string[] = []) {
    this.#served = served;
  }

  admit({ verb }: WireRequest, command: CompiledCommand | undefined): Denial | undefined {
    if (!this.active || command?.builtin || this.#served.includes(verb)) return undefined;
    return drainingFailure;
  }
}
