// A queue server in the process of the test.

import { type Client, connect } from "@lineup/lineup/client";
import { openQueue, queueProtocol } from "@lineup/lineup/queue";
import { serve, type ServeOptions } from "@lineup/lineup/server";
import { unhurried } from "../unhurried.ts";

/** A queue server in this process, and a client of it. */
export interface QueueHere extends AsyncDisposable {
  readonly address: string;
  readonly client: Client<typeof queueProtocol>;
  /** Takes the ready jobs. Resolves with their bodies. */
  bodies(name: string): Promise<string[]>;
}

/** Serves a queue in memory. */
export async function serveQueue(options: ServeOptions = { port: 0 }): Promise<QueueHere> {
  const queue = await openQueue({ log: () => {} });
  const server = await serve(queueProtocol, queue.handlers, {
    ...unhurried,
    ...options,
    log: () => {},
  });
  const client = await connect(queueProtocol, server.address);
  return {
    address: server.address,
    client,
    async bodies(name) {
      const jobs = await client.TAKE({ queue: [name], max: 100 }).all();
      return jobs.map(({ body }) => new TextDecoder().decode(body));
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await server.shutdown();
      await queue.close();
    },
  };
}
