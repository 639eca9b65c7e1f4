// The kernel's keepalive of idle connections, as the system reports it.

import { assertMatch, assertStringIncludes } from "@std/assert";
import { connectStream, parseAddress } from "../../net/mod.ts";
import { connectStream as connectAsNode } from "../../net/node.ts";
import { serve } from "../../server/mod.ts";
import { identity, trust } from "../transports/tls.ts";
import { run } from "./program.ts";

const bare = {
  name: "bare",
  version: "1.0",
  summary: "Nothing of its own.",
  commands: {},
} as const;

/** The timers of the sockets at a port, for both ends. */
async function timersAt(port: number): Promise<{ server: string; client: string }> {
  const side = async (filter: string): Promise<string> =>
    (await run("ss", ["-tnoH", "state", "established", `( ${filter} = :${port} )`])).out;
  return { server: await side("sport"), client: await side("dport") };
}

// Deno has no keepalive for connections that a TLS listener accepts.
const HOURS = /timer:\(keepalive,1?\d?\d(min|sec)/;

for (const transport of ["tcp", "ws", "tls"]) {
  Deno.test(`the kernel probes idle connections of ${transport}`, async () => {
    await using server = await serve(bare, {}, {
      listen: [`${transport}://127.0.0.1:0`],
      tls: identity,
    });
    const stream = await connectStream(parseAddress(server.address), { tls: trust });
    await stream.read(new Uint8Array(1000));
    const { server: near, client } = await timersAt(Number(new URL(server.address).port));
    if (transport !== "tls") assertMatch(near, HOURS);
    // The platform's WebSocket has no keepalive. Its client sends signs of life.
    if (transport !== "ws") assertMatch(client, HOURS);
    stream.close();
  });
}

Deno.test("clients of Node's sockets have a keepalive of a minute", async () => {
  await using server = await serve(bare, {}, { port: 0 });
  const stream = await connectAsNode(parseAddress(server.address));
  await stream.read(new Uint8Array(1000));
  const { client } = await timersAt(Number(new URL(server.address.replace("tcp", "http")).port));
  assertMatch(client, /timer:\(keepalive,(\d\dsec|1min)/);
  assertStringIncludes(client, "127.0.0.1");
  stream.close();
});
