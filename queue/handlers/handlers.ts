// The commands of the protocol as calls of an engine. A handler translates: arguments in, a method, the reply out.

import { engineFor } from "../engine/engine_access.ts";
import { GuardedEngine } from "../engine/guarded_engine.ts";
import type { Engine } from "../engine/engine.ts";
import { adminHandlers } from "./admin.ts";
import { producerHandlers } from "./producer.ts";
import type { QueueHandlers } from "./queue_handlers.ts";
import { workerHandlers } from "./worker.ts";

/**
 * Makes the handlers of `queueProtocol` that serve an engine, such as one whose jobs are in a database of its own. The
 * server does not close the engine. Where it has identities, the `grants` of each decide what it may do. `openQueue` makes handlers of an engine with a {@linkcode Store}.
 *
 * @example An engine of which only PURGE is written so far
 * ```ts
 * import { connect } from "@lineup/lineup/client";
 * import { createHandlers, type Engine, queueProtocol } from "@lineup/lineup/queue";
 * import { serve } from "@lineup/lineup/server";
 * import { assertEquals } from "@std/assert";
 *
 * const jobs = new Map([[1, "mail"], [2, "mail"], [3, "video"]]);
 * const engine: Pick<Engine, "purge"> = {
 *   purge({ queue }) {
 *     const ids = [...jobs.keys()].filter((id) => jobs.get(id) === queue);
 *     for (const id of ids) jobs.delete(id);
 *     return Promise.resolve(ids.length);
 *   },
 * };
 *
 * const handlers = createHandlers(engine as Engine);
 * await using server = await serve(queueProtocol, handlers, { port: 0 });
 * await using client = await connect(queueProtocol, server.address);
 * assertEquals(await client.PURGE({ queue: "mail" }), { count: 2 });
 * ```
 */
export function createHandlers(engine: Engine): QueueHandlers {
  const engineOf = engineFor<Engine>(engine, (engine, rights) => new GuardedEngine(engine, rights));
  return {
    ...producerHandlers(engineOf),
    ...workerHandlers(engineOf),
    ...adminHandlers(engineOf),
  };
}
