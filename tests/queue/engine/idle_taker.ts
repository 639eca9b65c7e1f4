// A program that waits for a job until a test kills it: `idle_taker.ts ADDRESS AUTHORITY WAY`. It prints the bytes
// that it reads.

import { connect, work } from "@lineup/lineup/client";
import { queueProtocol } from "@lineup/lineup/queue";
import { connectStream, parseAddress, writeAll } from "../../../net/mod.ts";

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
  for (let read; (read = await stream.read(buffer)) !== null;) {
    await Deno.stdout.write(buffer.subarray(0, read));
  }
}
