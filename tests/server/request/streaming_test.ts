import { assert, assertEquals } from "@std/assert";
import type { Protocol } from "@lineup/lineup/protocol";
import { lineup1 } from "@lineup/lineup/dialects";
import { listenMemory, serve } from "@lineup/lineup/server";
import { setImmediate } from "node:timers/promises";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { RawClient } from "../../raw_client.ts";
import { TestServer } from "../../test_server.ts";
import { settle } from "../../streams.ts";

/** The line behind the items. It reads a bounded number, so that an endless stream fails the test. */
async function behind(wire: RawClient, item: string): Promise<string> {
  for (let i = 0; i < 100_000; i++) {
    const line = await wire.line();
    if (!line.startsWith(item)) return line;
  }
  throw new Error(`the items do not end: ${item}`);
}

// The bytes of an item of 1000 characters.
const ITEM = "* ".length + 1000 + "\n".length;

Deno.test("serve sends items, then one final line", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send("FLOW 2\n#t FLOW 1\nFLOW 0\n");
  const lines = await wire.lines(6);
  assertEquals(lines.filter((line) => line.startsWith("#t ")), ["#t * x", "#t OK count=1"]);
  assertEquals(lines.filter((line) => !line.startsWith("#t ")), [
    "* x",
    "* x",
    "OK count=2",
    "OK count=0",
  ]);
});

Deno.test("serve stops producing items while the client does not read", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client(8192);
  await wire.send("#f FLOW 1000000 1000\n");
  await settle(testServer);
  const before = testServer.produced;
  // The items being written, the items that wait up to the high water mark, and one more.
  const most = (2 * 65_536 + 8192) / ITEM + 3;
  assert(before > 8 && before < most, `${before} items`);
  await settle(testServer);
  assertEquals(testServer.produced, before);

  await wire.lines(before);
  await testServer.until(() => testServer.produced > before);
  wire.close();
  await testServer.until(() => testServer.flowsEnded === 1);
});

Deno.test("serve answers no more requests while the client does not read", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client(8192);
  let sent = 0;
  const sending = (async () => {
    for (; sent < 500; sent++) await wire.send(`SAY ${"x".repeat(1000)}\n`);
  })();
  await settle(testServer);
  assert(sent < 250, `${sent} requests taken`);
  assertEquals((await wire.lines(500)).length, 500);
  await sending;
});

Deno.test("serve keeps no seat for a stream whose client does not read", async () => {
  await using testServer = await TestServer.open({ seats: 1 });
  using slow = await testServer.client(1024);
  using quick = await testServer.client();
  await slow.send("FLOW 1000000 1000\n");
  await settle(testServer);
  await quick.send("SAY hello\n");
  assertEquals(await quick.line(), "OK hello");
});

Deno.test("serve produces one item of an untagged request before its turn, and keeps no seat for it", async () => {
  await using testServer = await TestServer.open({ seats: 1 });
  using wire = await testServer.client();
  await wire.send("WAIT w\nFLOW 3\n");
  const { go } = await testServer.held("w");
  await settle(testServer);
  assertEquals(testServer.produced, 1);
  go("done");
  assertEquals(await wire.lines(5), ["OK done", "* x", "* x", "* x", "OK count=3"]);
});

Deno.test("CANCEL stops a stream between its items and ends its generator", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send("#f FLOW\n");
  assertEquals(await wire.line(), "#f * x");
  await wire.send("CANCEL f\n");
  assertEquals(
    await behind(wire, "#f * x"),
    '#f ERR cancelled "CANCEL ended the request." executed=maybe',
  );
  assertEquals(await wire.line(), "OK");
  await testServer.until(() => testServer.flowsEnded === 1);
  await wire.send("#f PING\n");
  assertEquals(await wire.line(), "#f OK pong");
});

Deno.test("CANCEL stops a stream whose client does not read", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client(1024);
  await wire.send("#f FLOW 1000000 1000\n");
  await settle(testServer);
  await wire.send("CANCEL f\n");
  assertEquals(
    await behind(wire, "#f * "),
    '#f ERR cancelled "CANCEL ended the request." executed=maybe',
  );
  await testServer.until(() => testServer.flowsEnded === 1);
});

Deno.test("within= ends a stream", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send("FLOW within=1s\n");
  // The stream fills the output that may wait, then stops.
  await settle(testServer);
  // The server checks deadlines in ticks of 16 ms.
  await testServer.clock.elapse(1016);
  assertEquals(
    await behind(wire, "* x"),
    'ERR expired "The time given by within= is over." executed=maybe',
  );
  await testServer.until(() => testServer.flowsEnded === 1);
});

const news = {
  name: "news",
  version: "1.0",
  summary: "Tells what happens.",
  commands: {
    LISTEN: { summary: "All news, old and new.", items: { text: "text" } },
  },
} as const satisfies Protocol;

Deno.test("a stream that waits for an event ends where its client is gone, also if it has waited for the client before", async () => {
  const listener = listenMemory();
  // The end of the client's side means that the client is gone.
  const dialect = { ...lineup1, halfCloses: false };
  let waits = false, ended = false;
  await using _ = await serve(news, {
    async *LISTEN(_, { park, signal }) {
      signal.addEventListener("abort", () => ended = true);
      for (let i = 0; i < 200; i++) yield { text: "x".repeat(1000) };
      waits = true;
      await park(new Promise(() => {}));
    },
  }, { listen: [listener], clock: new VirtualClock(), log: () => {}, dialect });
  using wire = await RawClient.open(listener.connect(1024));
  await wire.send("LISTEN\n");
  await wire.lines(200);
  for (let turns = 0; turns < 100 && !waits; turns++) await setImmediate();
  assert(waits && !ended);
  await wire.half();
  for (let turns = 0; turns < 100 && !ended; turns++) await setImmediate();
  assert(ended);
});
