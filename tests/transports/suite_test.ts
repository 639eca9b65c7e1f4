import { assertEquals } from "@std/assert";
import { connect, type Dial, openSession } from "../../client/mod.ts";
import { connectStream, listen, type Listener, listenMemory, parseAddress } from "../../net/mod.ts";
import { connectStream as connectAsNode } from "../../net/node.ts";
import { serveSuite } from "./transport_fixture.ts";
import { caseNames, runSuite } from "./suite.ts";
import { certified, clientCa, identity, trust } from "./tls.ts";

interface Transport {
  readonly listener: Listener;
  readonly dial: Dial;
}

const sockets: Dial = (address, options) => connectStream(address, { ...options, tls: trust });

const at = (address: string, tls = identity): Promise<Listener> =>
  listen(parseAddress(address), { tls });

const asCertified: Dial = (address, options) =>
  connectStream(address, { ...options, tls: certified });

const transports: Record<string, (directory: string) => Promise<Transport>> = {
  memory: () => {
    const listener = listenMemory();
    return Promise.resolve({ listener, dial: () => Promise.resolve(listener.connect()) });
  },
  TCP: async () => ({ listener: await at("127.0.0.1:0"), dial: sockets }),
  TLS: async () => ({ listener: await at("tls://127.0.0.1:0"), dial: sockets }),
  "TLS with client certificates": async () => ({
    listener: await at("tls://127.0.0.1:0", { ...identity, clientCa }),
    dial: asCertified,
  }),
  Unix: async (directory) => ({ listener: await at(`unix:${directory}/s`), dial: sockets }),
  WebSocket: async () => ({ listener: await at("ws://127.0.0.1:0/line?x=1"), dial: sockets }),
  "WebSocket over TLS": async () => ({ listener: await at("wss://127.0.0.1:0"), dial: sockets }),
  "TCP of node:net": async () => ({ listener: await at("127.0.0.1:0"), dial: connectAsNode }),
};

for (const [name, open] of Object.entries(transports)) {
  Deno.test(`the suite passes over ${name}`, async (t) => {
    const directory = await Deno.makeTempDir();
    const { listener, dial } = await open(directory);
    await using server = await serveSuite(listener);
    const address = server.address === "memory" ? "memory:0" : server.address;
    const seen: string[] = [];
    for await (const { name, error } of runSuite({ address, dial, connect, openSession })) {
      seen.push(name);
      await t.step(name, () => assertEquals(error, undefined, error));
    }
    assertEquals(seen, caseNames);
    await server.shutdown();
    await Deno.remove(directory, { recursive: true });
  });
}
