/**
 * The protocol of the work queue, for its clients: it loads neither the server nor the store of the queue.
 *
 * @example
 * ```ts
 * import { connect, work } from "@lineup/lineup/client";
 * import { openQueue } from "@lineup/lineup/queue";
 * import { queueProtocol } from "@lineup/lineup/queue/protocol";
 * import { serve } from "@lineup/lineup/server";
 * import { assertEquals } from "@std/assert";
 *
 * // A server of the queue, as `lineup queue` is one.
 * await using storage = await openQueue();
 * await using server = await serve(queueProtocol, storage.handlers, { port: 0 });
 *
 * await using client = await connect(queueProtocol, server.address);
 * await client.PUT({ queue: "mail", body: "hello" });
 * const got: string[] = [];
 * await using worker = work(client, "mail", (job) => got.push(job.text()), { untilEmpty: true });
 * await worker.finished;
 * assertEquals(got, ["hello"]);
 * ```
 *
 * @module
 */

export { queueProtocol } from "./protocol.ts";
