import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Protocol } from "@lineup/lineup/protocol";
import { listenMemory, serve } from "@lineup/lineup/server";
import { RawClient } from "../../raw_client.ts";
import { TestNetwork } from "../../test_network.ts";
import { TestServer } from "../../test_server.ts";
import { settle } from "../../streams.ts";

Deno.test("an unknown class= is refused", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  for (const name of ["urgent", "control"]) {
    await wire.send(`SAY x class=${name}\n`);
    const line = await wire.line();
    assertStringIncludes(line, "ERR bad-arguments");
    assertStringIncludes(line, "interactive");
  }
});

Deno.test("busy doubles its retry for a client that comes again in time, jittered by random", async () => {
  let jitter = 0.5;
  await using testServer = await TestServer.open({
    seats: 1,
    scheduling: { flow: 1 },
    random: () => jitter,
  });
  using wire = await testServer.client();
  await wire.send("#h HOLD h\n#w HOLD w class=background\n");
  await testServer.held("h");
  const refused = async () => {
    await wire.send("#r SAY x class=background\n");
    return await wire.line();
  };
  const busy = (tag: string, retry: number) =>
    `#${tag} ERR busy "The server has too much to do." retry=${retry}`;
  // Beyond the bound of a client, the newest request of its longest connection is refused.
  assertEquals(await refused(), busy("r", 100));
  await testServer.clock.elapse(50);
  assertEquals(await refused(), busy("r", 100));
  await testServer.clock.elapse(50);
  assertEquals(await refused(), busy("r", 200));
  await testServer.clock.elapse(200);
  assertEquals(await refused(), busy("r", 400));
  jitter = 0;
  assertEquals(await refused(), busy("r", 320));
  jitter = 0.999;
  assertEquals(await refused(), busy("r", 480));
});

Deno.test("within= ends a request that waits in its connection", async () => {
  await using testServer = await TestServer.open({ seats: 1 });
  using wire = await testServer.client();
  using other = await testServer.client();
  await other.send("#h HOLD h\n");
  const { go } = await testServer.held("h");
  await wire.send("HOLD first\nHOLD second within=50ms\nSAY third\n");
  await settle(testServer);
  await testServer.clock.elapse(70);
  go("over");
  await other.line();
  (await testServer.held("first")).go("first");
  assertEquals(await wire.lines(3), [
    "OK first",
    'ERR expired "The time given by within= is over." executed=no',
    "OK third",
  ]);
  assertEquals(testServer.holds.some(({ name }) => name === "second"), false);
});

Deno.test("CANCEL of a waiting request frees its place at once", async () => {
  await using testServer = await TestServer.open({ seats: 1, scheduling: { flow: 1 } });
  using wire = await testServer.client();
  await wire.send("#h HOLD h\n");
  const { go } = await testServer.held("h");
  await wire.send("#a HOLD a\nCANCEL a\n");
  assertEquals(await wire.lines(2), [
    '#a ERR cancelled "CANCEL ended the request." executed=no',
    "OK",
  ]);
  await wire.send("#b SAY b\n");
  await settle(testServer);
  go("over");
  assertEquals(await wire.lines(2), ["#h OK over", "#b OK b"]);
  assertEquals(testServer.holds.some(({ name }) => name === "a"), false);
});

const burning = {
  name: "burning",
  version: "1",
  summary: "Burns the time of a clock.",
  commands: { BURN: { summary: "Takes a millisecond." } },
} as const satisfies Protocol;

Deno.test("serve accepts and answers another connection while one burns CPU with thousands of requests", async () => {
  const listener = listenMemory();
  let burnt = 0;
  // Only the handler moves the clock, so slices do not depend on the machine.
  const clock = { now: () => burnt, after: () => () => {} };
  await using _ = await serve(burning, { BURN: () => void burnt++ }, {
    listen: [listener],
    clock,
  });
  using wire = await RawClient.open(listener.connect(1 << 20));
  await wire.send("BURN\n".repeat(3000));
  const before = burnt;
  using other = await RawClient.open(listener.connect());
  await other.send("PING\n");
  assertEquals(await other.line(), "OK pong");
  const meanwhile = burnt - before;
  assertEquals(await wire.lines(3000), new Array(3000).fill("OK"));
  // The server takes a few turns of the event loop, each a slice of 4 ms.
  assert(meanwhile < 200, `${meanwhile} requests ran before the other connection was answered`);
});

Deno.test("a client whose pieces each end within a request has the time of a request for each", async () => {
  await using network = await TestNetwork.open({ timeouts: { request: 1000 } });
  const client = network.client("192.0.2.1:1");
  client.post("PIN");
  for (let i = 0; i < 8; i++) {
    await network.pass(600);
    client.post("G\nPIN");
  }
  await network.pass();
  assertEquals(client.take().match(/^OK pong$/gm)?.length, 8);
});
