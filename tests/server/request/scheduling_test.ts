import { assert, assertEquals, assertMatch } from "@std/assert";
import { listenMemory, type ServeOptions } from "@lineup/lineup/server";
import { RawClient } from "../../raw_client.ts";
import { TestServer } from "../../test_server.ts";
import { TestNetwork } from "../../test_network.ts";
import { PeerListener, settle } from "../../streams.ts";

async function openNetwork(
  options: ServeOptions = {},
): Promise<{ testServer: TestServer; from: (peer: string) => Promise<RawClient> }> {
  const listener = new PeerListener();
  const testServer = await TestServer.open({ listen: [listener], ...options });
  return { testServer, from: (peer) => RawClient.open(listener.connect(peer)) };
}

/** Ends the request in the one seat, `count` times. Resolves with the names in the order in which they held it. */
async function turns(testServer: TestServer, count: number): Promise<string[]> {
  const names: string[] = [];
  for (let i = 0; i < count; i++) {
    await settle(testServer);
    const hold = testServer.holds[testServer.holds.length - 1];
    names.push(hold.name);
    hold.go("done");
  }
  return names;
}

const share = (names: readonly string[], of: string): number =>
  names.filter((name) => name.startsWith(of)).length;

Deno.test("serve gives a client with many connections no more than a client with one", async () => {
  const { testServer, from } = await openNetwork({ seats: 1 });
  await using _ = testServer;
  const crowd = await Promise.all(
    Array.from({ length: 20 }, (_, i) => from(`192.0.2.1:${i + 1}`)),
  );
  for (const wire of crowd) {
    await wire.send("#a HOLD crowd-a\n#b HOLD crowd-b\n#c HOLD crowd-c\n");
  }
  using alone = await from("192.0.2.2:1");
  await alone.send(Array.from({ length: 20 }, (_, i) => `#t${i} HOLD alone-${i}\n`).join(""));
  const names = (await turns(testServer, 80)).slice(0, 30);
  for (const wire of crowd) wire.close();
  assert(share(names, "alone") >= 14 && share(names, "alone") <= 16, names.join(" "));
});

Deno.test("class= decides by weight which of several waiting requests runs first", async () => {
  const { testServer, from } = await openNetwork({ seats: 1 });
  await using _ = testServer;
  using wire = await from("192.0.2.1:1");
  const classes = ["interactive", "normal", "bulk", "background"];
  for (const name of classes) {
    const requests = Array.from(
      { length: 50 },
      (_, i) => `#${name}${i} HOLD ${name}-${i} class=${name}\n`,
    );
    await wire.send(requests.join(""));
  }
  const names = (await turns(testServer, 46)).slice(1);
  const shares = classes.map((name) => share(names, name));
  const expected = [24, 12, 6, 3];
  for (const [i, each] of shares.entries()) {
    assert(Math.abs(each - expected[i]) <= 2, `${classes[i]}: ${shares}`);
  }
});

Deno.test("serve refuses a client that asks faster than its rate, and says when to come again", async () => {
  const { testServer, from } = await openNetwork({
    rates: { prefix: { rate: 10, burst: 2 } },
    random: () => 0,
  });
  await using _ = testServer;
  using fast = await from("192.0.2.1:1");
  await fast.send("SAY 1\nSAY 2\nSAY 3\nPING\n");
  assertEquals(await fast.lines(4), [
    "OK 1",
    "OK 2",
    `ERR quota "Requests come faster than this client's rate." retry=100 scope=prefix`,
    "OK pong",
  ]);
  using other = await from("192.0.2.2:1");
  await other.send("SAY 1\n");
  assertEquals(await other.line(), "OK 1");
  await testServer.clock.elapse(100);
  await fast.send("SAY 4\n");
  assertEquals(await fast.line(), "OK 4");
});

Deno.test("PING and CANCEL are answered while all seats are taken and no more requests may wait", async () => {
  const { testServer, from } = await openNetwork({ seats: 1, scheduling: { waiting: 1 } });
  await using _ = testServer;
  using wire = await from("192.0.2.1:1");
  await wire.send("#h HOLD h\n");
  await testServer.held("h");
  await wire.send("#w SAY x\n#r SAY y\n#p PING\n");
  const lines = await wire.lines(2);
  assertMatch(lines[0], /^#[wr] ERR busy/);
  assertEquals(lines[1], "#p OK pong");
  await wire.send("#c CANCEL h\n");
  assertEquals(await wire.lines(2), [
    '#h ERR cancelled "CANCEL ended the request." executed=maybe',
    "#c OK",
  ]);
});

Deno.test("STATS tells the waiting and refused requests by class, and the largest clients", async () => {
  const { testServer, from } = await openNetwork({ seats: 1 });
  await using _ = testServer;
  using wire = await from("192.0.2.1:1");
  await wire.send("#h HOLD h\n");
  await testServer.held("h");
  await wire.send("#a SAY x class=bulk\n#b SAY x class=bulk\n#s STATS\n");
  const figures = new Map<string, string>();
  for (let line; (line = await wire.line()).startsWith("#s * ");) {
    const [, name, value] = /^#s \* (\S+) (.*)$/.exec(line)!;
    figures.set(name, value);
  }
  const expected = {
    "seats": "1",
    "seats-control": "1",
    "waiting": "2",
    "bulk-waiting": "2",
    "bulk-shed-total": "0",
    "normal-running": "1",
    "normal-started-total": "1",
  };
  for (const [name, value] of Object.entries(expected)) {
    assertEquals(figures.get(name), value, name);
  }
  assertMatch(
    figures.get("heaviest-1") ?? "",
    /^"192\.0\.2\.1\/32 class=bulk waiting=2 bytes=[0-9]+"$/,
  );
});

Deno.test("serve holds a deep untagged pipeline back instead of refusing it", async () => {
  const listener = listenMemory();
  await using testServer = await TestServer.open({
    listen: [listener],
    seats: 1,
    scheduling: { waiting: 2 },
  });
  using wire = await RawClient.open(listener.connect());
  await wire.send("HOLD h\n" + "SAY x\n".repeat(200));
  (await testServer.held("h")).go("first");
  assertEquals(await wire.lines(201), ["OK first", ...new Array(200).fill("OK x")]);
});

const RESTS: ServeOptions = { seats: 1, bounds: { refusing: 0.0003 } };

/** A client that is not read for a third of a second because it was refused. Its later requests wait unread. */
async function resting(network: TestNetwork, asks: string): Promise<RawClient> {
  network.client("192.0.2.1:1").post("HOLD h\n");
  const client = network.client("192.0.2.2:1");
  await network.pass();
  client.take();
  client.post("SAY x\n");
  await network.pass();
  client.post(asks);
  await network.pass(100);
  assertEquals(client.take(), "");
  return client;
}

Deno.test("serve reads a refused client before its pause is over where there is nothing else to do", async () => {
  await using network = await TestNetwork.open({ ...RESTS, scheduling: { waiting: 0 } });
  const client = await resting(network, "SAY y\n");
  (await network.testServer.held("h")).go("done");
  await network.pass();
  assertMatch(client.take(), /^ERR busy .*\nOK y\n$/);
});

Deno.test("serve does not begin a request that waited unread until its deadline", async () => {
  await using network = await TestNetwork.open({ ...RESTS, scheduling: { waiting: 0 } });
  const client = await resting(network, "#y SAY y within=20ms\n#z SAY z\n");
  (await network.testServer.held("h")).go("done");
  await network.pass();
  const lines = client.take().split("\n");
  assert(lines.some((line) => line.startsWith("#y ERR busy ")), lines.join());
  assert(lines.includes("#z OK z"), lines.join());
});

Deno.test("serve pauses a client that asks faster than its rate, although there is nothing else to do", async () => {
  const rates = { prefix: { rate: 0.1, burst: 1 } };
  await using network = await TestNetwork.open({ ...RESTS, rates });
  const client = network.client("192.0.2.2:2");
  client.post("SAY w\n");
  await network.pass();
  assertMatch(client.take(), /OK w\n$/);
  const other = await resting(network, "SAY y\n");
  (await network.testServer.held("h")).go("done");
  await network.pass();
  assertEquals(other.take(), "");
  await network.pass(1000);
  assertMatch(other.take(), /^(ERR quota .*\n){2}$/);
});

Deno.test("serve reads a client again after the rest that a refusal during its rest caused", async () => {
  await using network = await TestNetwork.open({ ...RESTS, scheduling: { waiting: 1 } });
  network.client("192.0.2.1:1").post("HOLD h\n");
  const client = network.client("192.0.2.2:1");
  await network.pass();
  client.take();
  // The second request is refused at once, the first one after half of its time, within the rest.
  client.post("#a SAY a within=300ms\n#b SAY b\n");
  await network.pass(2_000);
  assertMatch(client.take(), /^#b ERR busy .*\n#a ERR busy .*\n$/);
  for (let i = 0; i < 3; i++) {
    client.post("PING\n");
    await network.pass();
    assertEquals(client.take(), "OK pong\n");
  }
});

Deno.test("serve ends a connection after many pauses in a row only, not after many with answers between", async () => {
  for (const [isServed, ended] of [[true, false], [false, true]]) {
    await using network = await TestNetwork.open({
      seats: 1,
      scheduling: { waiting: 0 },
      bounds: { refusals: 4, pauses: 3, refusing: Infinity },
    });
    const client = network.client("192.0.2.2:1");
    for (let round = 0; round < 8; round++) {
      network.client("192.0.2.1:1").post(`HOLD h${round}\n`);
      await network.pass();
      client.post("SAY x\n".repeat(4));
      await network.pass(60_000);
      if (!isServed) continue;
      (await network.testServer.held(`h${round}`)).go("done");
      await network.pass();
      client.post("SAY y\n");
      await network.pass();
    }
    assertEquals(client.ended, ended);
  }
});
