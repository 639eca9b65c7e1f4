// The kernel's keepalive of idle connections, as the system reports it.

import { assert, assertMatch, assertStringIncludes } from "@std/assert";
import { connectStream, parseAddress } from "../../net/mod.ts";
import { connectStream as connectAsNode } from "../../net/node.ts";
import { serve } from "../../server/mod.ts";
import { identity, trust } from "../transports/tls.ts";
import { bareProtocol } from "../bare_protocol.ts";
import { run } from "./program.ts";

/** The timers of the sockets at a port, for both ends. */
async function timersAt(address: string): Promise<{ server: string; client: string }> {
  const place = parseAddress(address);
  assert("port" in place);
  const side = async (filter: string): Promise<string> =>
    (await run("ss", ["-tnoH", "state", "established", `( ${filter} = :${place.port} )`])).out;
  return { server: await side("sport"), client: await side("dport") };
}

// Deno has no keepalive for connections that a TLS listener accepts.
const HOURS = /timer:\(keepalive,1?\d?\d(min|sec)/;

for (const transport of ["tcp", "ws", "tls"]) {
  Deno.test(`the kernel probes idle connections of ${transport}`, async () => {
    await using server = await serve(bareProtocol, {}, {
      listen: [`${transport}://127.0.0.1:0`],
      tls: identity,
    });
    const stream = await connectStream(parseAddress(server.address), { tls: trust });
    await stream.read(new Uint8Array(1000));
    const { server: near, client } = await timersAt(server.address);
    if (transport !== "tls") assertMatch(near, HOURS);
    // The platform's WebSocket has no keepalive. Its client sends signs of life.
    if (transport !== "ws") assertMatch(client, HOURS);
    stream.close();
  });
}

Deno.test("clients of Node's sockets have a keepalive of a minute", async () => {
  await using server = await serve(bareProtocol, {}, { port: 0 });
  const stream = await connectAsNode(parseAddress(server.address));
  await stream.read(new Uint8Array(1000));
  const { client } = await timersAt(server.address);
  assertMatch(client, /timer:\(keepalive,(\d\dsec|1min)/);
  assertStringIncludes(client, "127.0.0.1");
  stream.close();
});
