// The parts that the handlers of beanstalkd's commands work with.

import type { Context } from "../../server/request/handlers.ts";
import type { RankedEngine } from "../engine/ranked_engine.ts";
import type { BeanstalkdClient } from "./client.ts";
import type { ClientCounts } from "./client_counts.ts";
import type { BeanstalkdHandlers } from "./options.ts";
import type { Tubes } from "./tubes.ts";

/** The parts. */
export interface HandlerParts {
  /** The engine itself, for what concerns no client. */
  readonly engine: RankedEngine;
  /** The engine with the rights of the identity of a request. */
  readonly engineOf: (context: Pick<Context, "identity">) => RankedEngine;
  readonly tubes: Tubes;
  readonly counts: ClientCounts;
  /** The longest body, for `stats`. */
  readonly maxBody: number;
}

/** A handler for each command. It gets the client that has sent the command. */
export type ClientHandlers = {
  readonly [V in keyof BeanstalkdHandlers]: (
    args: Parameters<BeanstalkdHandlers[V]>[0],
    context: Context,
    client: BeanstalkdClient,
  ) => ReturnType<BeanstalkdHandlers[V]>;
};

/** A job as the answer to a command. */
export interface JobReply {
  readonly id: number;
  readonly body: Uint8Array;
}
