// The commands of the protocol, and what they mean to the queue.

import type { Handlers } from "../server/handlers.ts";
import { adminHandlers } from "./handlers/admin.ts";
import { producerHandlers } from "./handlers/producer.ts";
import { workerHandlers } from "./handlers/worker.ts";
import type { queueProtocol } from "./protocol.ts";
import type { WorkQueue } from "./work_queue.ts";

/** The handlers of the queue's protocol. */
export type QueueHandlers = Handlers<typeof queueProtocol>;

/** Serves a queue. */
export function handlers(work: WorkQueue): QueueHandlers {
  return { ...producerHandlers(work), ...workerHandlers(work), ...adminHandlers(work) };
}
