// A client in a process of its own that waits for a job, to be killed: `idle_taker.ts ADDRESS AUTHORITY WAY`.

import { connect, work } from "@lineup/lineup/client";
import { queueProtocol } from "@lineup/lineup/queue";
import { connectStream, parseAddress, writeAll } from "../../net/mod.ts";

const [address, authority, way] = Deno.args;
const tls = { caCerts: [authority] };

if (way === "work") {
  const client = await connect(queueProtocol, address, {
    dial: (place, options) => connectStream(place, { ...options, tls }),
  });
  await work(client, "mail", () => {}).finished;
} else {
  const stream = await connectStream(parseAddress(address), { tls });
  await writeAll(stream, new TextEncoder().encode("TAKE mail wait=1h\n"));
  if (way === "half-closed") await stream.closeWrite();
  const buffer = new Uint8Array(1000);
  while (await stream.read(buffer) !== null);
}
