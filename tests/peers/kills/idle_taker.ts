// A program that waits for a job until a test kills it: `idle_taker.ts ADDRESS AUTHORITY WAY`. It prints the bytes
// that it reads.

import { connectStream, parseAddress, writeAll } from "../../../net/mod.ts";

const [address, authority, way] = Deno.args;
const stream = await connectStream(parseAddress(address), { tls: { caCerts: [authority] } });
await writeAll(stream, new TextEncoder().encode("TAKE mail wait=1h\n"));
if (way === "half-closed") await stream.closeWrite();
const buffer = new Uint8Array(1000);
for (let read; (read = await stream.read(buffer)) !== null;) {
  await Deno.stdout.write(buffer.subarray(0, read));
}
