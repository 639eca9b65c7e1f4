import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { AddressError } from "@lineup/lineup/client";
import type { ServeOptions } from "@lineup/lineup/server";
import { RawClient } from "../../raw_client.ts";
import { TestServer } from "../../test_server.ts";
import { PeerListener, settle } from "../../streams.ts";

interface Network extends AsyncDisposable {
  testServer: TestServer;
  /** A client that has read the greeting. */
  from(peer: string, capacity?: number): Promise<RawClient>;
  /** A client that has not read its greeting, which may be a refusal. */
  stranger(peer: string, capacity?: number): RawClient;
  figure(name: string): Promise<string | undefined>;
}

async function openNetwork(options: ServeOptions = {}): Promise<Network> {
  const listener = new PeerListener();
  const testServer = await TestServer.open({ listen: [listener], ...options });
  return {
    testServer,
    from: (peer, capacity) => RawClient.open(listener.connect(peer, capacity)),
    stranger: (peer, capacity) => new RawClient(listener.connect(peer, capacity)),
    async figure(name) {
      using wire = await RawClient.open(listener.connect("127.0.0.9:1"));
      await wire.send("STATS\n");
      for (let line; (line = await wire.line()).startsWith("* ");) {
        const [, each, value] = line.split(" ");
        if (each === name) return value;
      }
    },
    [Symbol.asyncDispose]: () => testServer[Symbol.asyncDispose](),
  };
}

Deno.test("serve refuses a client's connection beyond its share with one line, and no other client's", async () => {
  await using network = await openNetwork({ connections: { connectionsPerClient: 2 } });
  using first = await network.from("192.0.2.7:1");
  using _second = await network.from("192.0.2.7:2");
  using third = network.stranger("192.0.2.7:3");
  assertEquals(
    await third.rest(),
    'ERR quota "A client may have 2 connections, and has them." retry=1000 scope=prefix\r\n',
  );
  using _other = await network.from("192.0.2.8:1");
  using six = await network.from("[2001:db8::1]:1");
  await six.send("PING\n");
  assertEquals(await six.line(), "OK pong");
  using _seven = await network.from("[2001:db8::2]:1");
  using eight = network.stranger("[2001:db8:0:0:ffff::3]:1");
  assertStringIncludes(await eight.rest(), "ERR quota");
  await first.send("QUIT\n");
  assertEquals(await first.line(), "OK bye");
  first.close();
  await settle(network.testServer);
  using again = await network.from("192.0.2.7:4");
  await again.send("PING\n");
  assertEquals(await again.line(), "OK pong");
  assertEquals(await network.figure("connections-quota-total"), "2");
});

Deno.test("serve reserves the last connections for this machine", async () => {
  await using network = await openNetwork({
    connections: { connections: 3, connectionsReserved: 1 },
  });
  using _one = await network.from("192.0.2.1:1");
  using _two = await network.from("192.0.2.2:1");
  using three = network.stranger("192.0.2.3:1");
  assertEquals(
    await three.rest(),
    'ERR busy "There are 3 connections, as many as may be." retry=1000\r\n',
  );
  using local = await network.from("127.0.0.1:1");
  await local.send("PING\n");
  assertEquals(await local.line(), "OK pong");
  using late = network.stranger("[::1]:1");
  assertStringIncludes(await late.rest(), "ERR busy");
});

Deno.test("serve ends a connection without a request", async () => {
  await using network = await openNetwork();
  using silent = await network.from("192.0.2.1:1");
  using polite = await network.from("192.0.2.2:1");
  await polite.send("PING\n");
  assertEquals(await polite.line(), "OK pong");
  await network.testServer.clock.elapse(59_000);
  await silent.stream.write(new Uint8Array([0x0d, 0x0a]));
  await network.testServer.clock.elapse(61_000);
  assertEquals(await silent.rest(), 'ERR timeout "No request came within 60 s."\r\n');
  await polite.send("PING\n");
  assertEquals(await polite.line(), "OK pong");
});

Deno.test("serve bounds the time of a line, for any pace of its bytes", async () => {
  await using network = await openNetwork();
  using slow = await network.from("192.0.2.1:1");
  using polite = await network.from("192.0.2.2:1");
  await slow.send("PING\nPI");
  assertEquals(await slow.line(), "OK pong");
  let seconds = 0;
  for (; seconds < 20; seconds++) {
    await network.testServer.clock.elapse(1000);
    if (network.testServer.log.length > 0) break;
    await slow.stream.write(new Uint8Array([0x4e])).catch(() => {});
    await polite.send("PING\n");
    assertEquals(await polite.line(), "OK pong");
  }
  assertEquals(
    await slow.rest(),
    'ERR timeout "A request must be here within 10 s of its first byte."\n',
  );
});

Deno.test("serve waits longer for a body that comes at a sufficient rate", async () => {
  await using network = await openNetwork();
  using fair = await network.from("192.0.2.1:1");
  using slow = await network.from("192.0.2.2:1");
  await fair.send("ECHO {20000}\n");
  await slow.send("ECHO {20000}\n");
  const second = new Uint8Array(1000).fill(65);
  for (let i = 0; i < 20; i++) {
    await network.testServer.clock.elapse(1000);
    await fair.send(second);
    await slow.send(second.subarray(0, 100)).catch(() => {});
  }
  await fair.send("\n");
  assertEquals(await fair.line(), "OK {20000}");
  assertStringIncludes(await slow.rest(), "ERR timeout");
});

Deno.test("serve keeps the requests of a client that has ended its side, for a bounded time", async () => {
  await using network = await openNetwork({ timeouts: { idle: 60_000 } });
  using gone = await network.from("192.0.2.1:1");
  await gone.send("#a WAIT a\n#b WAIT b\n");
  await gone.half();
  const hold = await network.testServer.held("a");
  await network.testServer.held("b");
  await network.testServer.clock.elapse(59_000);
  hold.go("a");
  assertEquals(await gone.line(), "#a OK a");
  await network.testServer.clock.elapse(59_000);
  assertEquals(network.testServer.log, []);
  await network.testServer.clock.elapse(61_000);
  assertEquals(await gone.rest(), "");
  const within = "the client has ended its side, and nothing was answered within 60 s";
  assertEquals(network.testServer.log.at(-1)?.message, `connection dropped: ${within}`);
});

Deno.test("serve ends an idle connection, but not one that waits for an answer", async () => {
  await using network = await openNetwork({ timeouts: { idle: 60_000 } });
  using idle = await network.from("192.0.2.1:1");
  using waiting = await network.from("192.0.2.2:1");
  await idle.send("PING\n");
  assertEquals(await idle.line(), "OK pong");
  await waiting.send("WAIT w\n");
  const { go } = await network.testServer.held("w");
  await network.testServer.clock.elapse(120_000);
  assertEquals(await idle.rest(), 'ERR timeout "Nothing came within 60 s."\n');
  go("here");
  assertEquals(await waiting.line(), "OK here");
});

Deno.test("serve drops a client that does not read, and logs it", async () => {
  await using network = await openNetwork();
  using deaf = await network.from("192.0.2.1:1", 1000);
  using polite = await network.from("192.0.2.2:1");
  await deaf.send("HELP\nHELP\n");
  await network.testServer.clock.elapse(9000);
  assertEquals(network.testServer.log.length, 0);
  await network.testServer.clock.elapse(2000);
  assertEquals(network.testServer.log.map(({ message }) => message), [
    "connection dropped: the client does not read what it was sent",
  ]);
  await polite.send("PING\n");
  assertEquals(await polite.line(), "OK pong");
  assertEquals(await network.figure("connections-dropped-total"), "1");
});

Deno.test("serve drops a client with too many unread answers", async () => {
  await using network = await openNetwork({ timeouts: { outputHard: 100_000 } });
  using greedy = await network.from("192.0.2.1:1", 1000);
  await greedy.send("#a WAIT a\n#b WAIT b\n#c WAIT c\n");
  for (const name of ["a", "b", "c"]) (await network.testServer.held(name)).go("x".repeat(60_000));
  await network.testServer.clock.elapse(1000);
  assertMatch(network.testServer.log[0].message, /^connection dropped: [0-9]+ bytes wait/);
});

Deno.test("serve drops the client that holds most memory when memory is full, and no other client", async () => {
  await using network = await openNetwork({ memory: 100_000 });
  using small = await network.from("192.0.2.1:1");
  await small.send("ECHO {9000}\n", new Uint8Array(4000));
  using big = await network.from("192.0.2.2:1");
  await big.send("ECHO {200000}\n");
  for (let i = 0; i < 20 && network.testServer.log.length === 0; i++) {
    await big.send(new Uint8Array(9000)).catch(() => {});
    await settle(network.testServer);
  }
  assertEquals(network.testServer.log.map(({ client, message }) => [client, message]), [
    ["192.0.2.2:1", "connection dropped: it holds most, and the memory for clients is full"],
  ]);
  await small.send(new Uint8Array(5000), "\n");
  assertEquals(await small.line(), "OK {9000}");
});

Deno.test("serve takes no requests and no new clients while its memory is nearly full", async () => {
  await using network = await openNetwork({ memory: 100_000 });
  using big = await network.from("192.0.2.1:1");
  await big.send("#w WAIT w\n");
  await big.send("ECHO {97000}\n", new Uint8Array(70_000));
  await settle(network.testServer);
  using other = await network.from("127.0.0.1:1");
  await other.send("SAY x\nPING\n");
  assertEquals(await other.lines(2), [
    'ERR busy "The server holds as much for its clients as it may." retry=1000',
    "OK pong",
  ]);
  using stranger = network.stranger("192.0.2.3:1");
  assertStringIncludes(await stranger.rest(), "ERR busy");
  big.close();
  await network.testServer.clock.elapse(1000);
  await other.send("SAY x\n");
  assertEquals(await other.line(), "OK x");
});

Deno.test("serve pauses a client that is refused again and again, then closes", async () => {
  await using network = await openNetwork({
    seats: 1,
    scheduling: { waiting: 0 },
    random: () => 0.5,
  });
  using holder = await network.from("192.0.2.1:1");
  await holder.send("HOLD h\n");
  await network.testServer.held("h");
  using pest = await network.from("192.0.2.2:1");
  const many = "SAY x\n".repeat(64);
  await pest.send(many);
  assertEquals((await pest.lines(64)).every((line) => line.startsWith("ERR busy")), true);
  await pest.send("PING\n");
  await settle(network.testServer);
  using polite = await network.from("192.0.2.3:1");
  await polite.send("PING\n");
  assertEquals(await polite.line(), "OK pong");
  await network.testServer.clock.elapse(40_000);
  assertEquals(await pest.line(), "OK pong");
  let rest = "";
  for (let i = 0; i < 20 && !rest.includes("ERR quota"); i++) {
    await pest.send(many).catch(() => {});
    await network.testServer.clock.elapse(40_000);
    rest = i < 9 ? rest : await pest.rest();
  }
  assertStringIncludes(rest, 'ERR quota "Refused requests come again and again."');
});

Deno.test("serve never closes a client for its refusals that is served between its pauses", async () => {
  await using network = await openNetwork({
    seats: 1,
    scheduling: { waiting: 0 },
    random: () => 0.5,
  });
  const { testServer } = network;
  using holder = await network.from("192.0.2.1:1");
  using client = await network.from("192.0.2.2:1");
  for (let round = 0; round < 20; round++) {
    await holder.send(`HOLD h${round}\n`);
    const { go } = await testServer.held(`h${round}`);
    await client.send("SAY x\n".repeat(64));
    assertEquals((await client.lines(64)).every((line) => line.startsWith("ERR busy")), true);
    await testServer.clock.elapse(40_000);
    go("over");
    assertEquals(await holder.line(), "OK over");
    await client.send("SAY served\n");
    assertEquals(await client.line(), "OK served");
  }
});

Deno.test("serve gives each request its whole time, also where it begins in the bytes that end another", async () => {
  await using network = await openNetwork();
  using wire = await network.from("192.0.2.1:1");
  await wire.send("SAY ");
  for (let i = 0; i < 10; i++) {
    await network.testServer.clock.elapse(6000);
    await wire.send("x\nSAY ");
    assertEquals(await wire.line(), "OK x");
  }
  assertEquals(network.testServer.log, []);
});

const PLACES = ["0.0.0.0:0", "tcp://[::]:0", "192.0.2.1:0", "localhost.example:0"];

for (const place of PLACES) {
  Deno.test(`serve does not listen at ${place} without credentials`, async () => {
    await assertRejects(
      () => TestServer.open({ listen: [place] }),
      AddressError,
      "other machines could connect there",
    );
  });
}

Deno.test("serve listens without credentials where any machine can connect, with insecure", async () => {
  await using testServer = await TestServer.open({ listen: ["0.0.0.0:0"], insecure: true });
  using wire = await RawClient.open(testServer.server.address.replace("0.0.0.0", "127.0.0.1"));
  await wire.send("PING\n");
  assertEquals(await wire.line(), "OK pong");
});

Deno.test("serve sends a refused client the whole line, even if the network takes few bytes at once", async () => {
  await using network = await openNetwork({ connections: { connectionsPerClient: 0 } });
  using turned = network.stranger("192.0.2.1:1", 10);
  assertEquals(
    await turned.rest(),
    'ERR quota "A client may have 0 connections, and has them." retry=1000 scope=prefix\r\n',
  );
});

Deno.test("serve waits for few refused clients, and for a bounded time", async () => {
  await using network = await openNetwork({
    connections: { connections: 0, connectionsReserved: 0, connectionsOpening: 3 },
    timeouts: { opening: 1000 },
  });
  const deaf = Array.from({ length: 3 }, (_, i) => network.stranger(`203.0.${i}.1:1`, 10));
  await settle(network.testServer);
  using unheard = network.stranger("192.0.2.1:1");
  assertEquals(await unheard.rest(), "", "closed without a word");
  await network.testServer.clock.elapse(1000);
  using next = network.stranger("192.0.2.2:1");
  assertMatch(await next.rest(), /^ERR busy "[^"]*" retry=1000\r\n$/);
  for (const each of deaf) assertEquals(await each.rest(), 'ERR busy "');
});
