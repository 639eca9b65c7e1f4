// The queue's protocol as data: every command, limit, error and example.

import type { Protocol } from "../../protocol/spec.ts";
import { admin } from "./admin.ts";
import { producer } from "./producer.ts";
import { worker } from "./worker.ts";

/**
 * The protocol of the work queue: a job is bytes in a named queue; delivery is at least once, and what was
 * acknowledged is stored.
 *
 * The priorities of a queue share it by weight, 512 for 0 down to 1 for 9, each twice the next; in a priority the keys
 * take turns, by weight where LIMIT gave them some; in a key it is first in, first out.
 *
 * @example
 * ```ts
 * import { openQueue, queueProtocol } from "@lineup/lineup/queue";
 * import { serve } from "@lineup/lineup/server";
 * import { assertEquals } from "@std/assert";
 *
 * await using queue = await openQueue();
 * await using server = await serve(queueProtocol, queue.handlers, { port: 0, stats: queue.stats });
 * assertEquals(server.address.startsWith("tcp://127.0.0.1:"), true);
 * ```
 */
export const queueProtocol = {
  name: "queue",
  version: "1.0",
  summary: "A durable work queue: put jobs in, take them out, say when they are done.",
  description:
    "A job is bytes in a named queue: delayed, then ready, then taken by a worker until it is done. " +
    "A job that fails, or whose lease runs out, is ready again; once its attempts are used up it is dead, " +
    "and stays to be looked at, revived or dropped.\n\n" +
    "Which of the ready jobs of a queue is next: the priorities share it by weight, each of 0 to 9 with twice " +
    "the weight of the next, so that jobs of 0 go far ahead and those of 9 still go on; " +
    "in a priority the keys take turns, however many jobs one of them has (no key is a key too), " +
    "by their weights where LIMIT gave them some; " +
    "in a key it is first in, first out, by when a job became ready. " +
    "A job that failed or whose lease ran out is last of its key again; one that was released, or that a cancelled " +
    "TAKE did not get, has its old place.\n\n" +
    "Delivery is at least once. OK means that the change is stored.",
  commands: { ...producer, ...worker, ...admin },
} as const satisfies Protocol;
