// A server that shuts down answers only requests in flight, and built-in commands.

import type { WireRequest } from "../../dialects/dialect.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import { drainingFailure } from "../request/failures.ts";
import type { Denial, RequestPolicy } from "./policy.ts";

/** Refuses requests once the server drains. */
export class Draining implements RequestPolicy {
  /** Whether the server shuts down. */
  active = false;

  admit(_request: WireRequest, command: CompiledCommand | undefined): Denial | undefined {
    return this.active && !command?.builtin ? drainingFailure : undefined;
  }
}
