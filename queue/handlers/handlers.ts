// The commands of the protocol as calls of an engine. A handler translates: arguments in, a method, the reply out.

import type { Engine } from "../engine/engine.ts";
import { adminHandlers } from "./admin.ts";
import { producerHandlers } from "./producer.ts";
import type { QueueHandlers } from "./queue_handlers.ts";
import { workerHandlers } from "./worker.ts";

/** Makes the handlers that serve an engine. */
export function createHandlers(engine: Engine): QueueHandlers {
  return { ...producerHandlers(engine), ...workerHandlers(engine), ...adminHandlers(engine) };
}
