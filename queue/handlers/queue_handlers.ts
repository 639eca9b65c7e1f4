import type { Handlers } from "../../server/request/handlers.ts";
import type { queueProtocol } from "../protocol/protocol.ts";

/** The handlers of the queue's protocol. */
export type QueueHandlers = Handlers<typeof queueProtocol>;
