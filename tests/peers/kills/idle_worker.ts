// A worker that waits for a job until a test kills it: `idle_worker.ts ADDRESS AUTHORITY`.

import { connect, work } from "@lineup/lineup/client";
import { queueProtocol } from "@lineup/lineup/queue/protocol";
import { connectStream } from "../../../net/mod.ts";

const [address, authority] = Deno.args;
const client = await connect(queueProtocol, address, {
  dial: (place, options) => connectStream(place, { ...options, tls: { caCerts: [authority] } }),
});
await work(client, "mail", () => {}).finished;
