// The commands of the protocol, and what they mean to the queue.

import type { Handlers } from "../../server/request/handlers.ts";
import { adminHandlers } from "./admin.ts";
import { producerHandlers } from "./producer.ts";
import { workerHandlers } from "./worker.ts";
import type { queueProtocol } from "../protocol/protocol.ts";
import type { WorkQueue } from "../engine/work_queue.ts";

/** The handlers of the queue's protocol. */
export type QueueHandlers = Handlers<typeof queueProtocol>;

/** Serves a queue. */
export function handlers(work: WorkQueue): QueueHandlers {
  return { ...producerHandlers(work), ...workerHandlers(work), ...adminHandlers(work) };
}
