import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  connect,
  ConnectionLost,
  type Dial,
  openSession,
  ProtocolError,
} from "../../client/mod.ts";
import {
  AddressError,
  type ClientTls,
  connectStream,
  memoryPair,
  parseAddress,
  writeAll,
} from "../../net/mod.ts";
import { serve, type ServeOptions, type Server } from "../../server/mod.ts";
import { RawClient } from "../raw_client.ts";
import { settle } from "../streams.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { clientCa, identity, trust } from "./tls.ts";
import { bareProtocol } from "../bare_protocol.ts";
import { WatchedLog } from "../watched_log.ts";

const trusting = (tls: ClientTls): Dial => (address, options) =>
  connectStream(address, { ...options, tls });

async function withServer(
  test: (server: Server, log: WatchedLog) => Promise<void>,
  options: ServeOptions = {},
): Promise<void> {
  const log = new WatchedLog();
  await using server = await serve(bareProtocol, {}, {
    port: 0,
    tls: identity,
    log: log.add,
    ...options,
  });
  await test(server, log);
}

const portOf = ({ address }: Server): number => Number(address.split(":").at(-1));

Deno.test("serve with a certificate listens for TLS, and a client that trusts it connects", () =>
  withServer(async ({ address }) => {
    assertEquals(address.startsWith("tls://127.0.0.1:"), true, address);
    await using client = await connect(bareProtocol, address, { dial: trusting(trust) });
    assertEquals(await client.PING(), { word: "pong" });
  }));

for (const tls of [identity, { ...identity, clientCa }]) {
  const kind = tls === identity ? "TLS" : "TLS with client certificates";
  Deno.test(`a client without TLS is told after a second that the server speaks ${kind}`, () =>
    withServer(async (server) => {
      const clock = new VirtualClock();
      const dialled = Promise.withResolvers<void>();
      const opening = openSession(`tcp://127.0.0.1:${portOf(server)}`, {
        clock,
        async dial(address, options) {
          const stream = await connectStream(address, options);
          dialled.resolve();
          return stream;
        },
      });
      await dialled.promise;
      await clock.elapse(1000);
      await assertRejects(
        () => opening,
        ProtocolError,
        "the server speaks TLS: use tls://",
      );
    }, { tls }));
}

Deno.test("a server of Lineup/1 that greets late skips the blank line of its client", async () => {
  const clock = new VirtualClock();
  const [client, server] = memoryPair();
  const opening = openSession("tcp://late.example:1", {
    clock,
    dial: () => Promise.resolve(client),
  });
  await settle({ clock });
  await clock.elapse(1000);
  const buffer = new Uint8Array(8);
  assertEquals([await server.read(buffer), buffer[0]], [1, 0x0a]);
  const greeting = "OK lineup/1 x/1.0 max-line=8192 max-body=1024\n";
  await writeAll(server, new TextEncoder().encode(greeting));
  const session = await opening;
  assertEquals(session.greeting.name, "x");
  server.close();
  await session.close();
});

Deno.test("a client refuses a server that it does not trust, or that has another name", () =>
  withServer(async (server) => {
    const { address } = server;
    const untrusted = await assertRejects(() => connect(bareProtocol, address), ConnectionLost);
    assertStringIncludes(untrusted.message, "the TLS handshake failed");
    const named = (serverName: string) =>
      connect(bareProtocol, address, { dial: trusting({ ...trust, serverName }) });
    await assertRejects(() => named("example.org"), ConnectionLost, "the TLS handshake failed");
    await using client = await named("localhost");
    assertEquals(await client.PING(), { word: "pong" });
  }));

Deno.test("a client that names another protocol (ALPN) is refused", () =>
  withServer(async (server) => {
    const connectTls = async (alpnProtocols: string[]): Promise<string | null> => {
      using conn = await Deno.connectTls({
        hostname: "127.0.0.1",
        port: portOf(server),
        caCerts: [...trust.caCerts!],
        alpnProtocols,
      });
      return (await conn.handshake()).alpnProtocol;
    };
    assertEquals(await connectTls(["http/1.1", "lineup/1"]), "lineup/1");
    assertEquals(await connectTls([]), null);
    await assertRejects(() => connectTls(["http/1.1"]));
  }));

Deno.test("bytes that are no TLS end their own connection only, and are no error of the server", () =>
  withServer(async (server, log) => {
    using plain = await Deno.connect({ hostname: "127.0.0.1", port: portOf(server) });
    await plain.write(new TextEncoder().encode("PING\r\n"));
    // The server sends an alert and closes.
    const buffer = new Uint8Array(1000);
    while (await plain.read(buffer).catch(() => null) !== null);
    await log.until(() => log.length === 1);
    assertEquals([log[0].level, log[0].message], ["info", "connection ended"]);
    assertStringIncludes(String(log[0].why), "the TLS handshake failed");
    await using client = await connect(bareProtocol, server.address, { dial: trusting(trust) });
    assertEquals(await client.PING(), { word: "pong" });
  }));

Deno.test("a connection without a handshake counts, and delays no other client", () =>
  withServer(async (server) => {
    const hostname = "127.0.0.1";
    const silent = [
      await Deno.connect({ hostname, port: portOf(server) }),
      await Deno.connect({ hostname, port: portOf(server) }),
    ];
    const client = await connect(bareProtocol, server.address, { dial: trusting(trust) });
    assertEquals(await client.PING(), { word: "pong" });
    const stream = await connectStream(parseAddress(server.address), { tls: trust });
    assertStringIncludes(await new RawClient(stream).line(), "ERR quota");
    stream.close();
    for (const conn of silent) conn.close();
    await client.close();
  }, { connections: { connectionsPerClient: 3 } }));

Deno.test("a handshake that does not come in time is given up, and counted", () =>
  withServer(async (server, log) => {
    const [tls, tcp] = server.addresses;
    await using client = await connect(bareProtocol, tcp);
    using __silent = await Deno.connect({ hostname: "127.0.0.1", port: portOf(server) });
    // Deno keeps the socket until its client closes.
    await log.until(() => log.length === 1);
    assertEquals(log[0].why, "no TLS handshake within 50 ms");
    const { value } = (await client.STATS().all()).find(({ name }) =>
      name === "connections-unopened-total"
    )!;
    assertEquals([value, tls.slice(0, 6)], ["1", "tls://"]);
  }, {
    listen: ["tls://127.0.0.1:0", "tcp://127.0.0.1:0"],
    timeouts: { opening: 50 },
  }));

Deno.test("serve refuses tls:// and wss:// without a certificate, and a PROXY header before TLS", async () => {
  await assertRejects(
    () => serve(bareProtocol, {}, { listen: ["tls://127.0.0.1:0"] }),
    AddressError,
    "needs a certificate and its key",
  );
  await assertRejects(
    () => serve(bareProtocol, {}, { listen: ["wss://127.0.0.1:0"] }),
    AddressError,
    "needs a certificate and its key",
  );
  await assertRejects(
    () =>
      serve(bareProtocol, {}, {
        listen: [{ address: "tls://127.0.0.1:0", proxyFrom: ["127.0.0.1"] }],
        tls: identity,
      }),
    AddressError,
    "a PROXY header comes on tcp:// and unix: only",
  );
});
