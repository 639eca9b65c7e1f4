import { assert, assertEquals, assertThrows } from "@std/assert";
import { listenMemory } from "@lineup/lineup/server";
import { RawClient } from "../raw_client.ts";
import { TestServer } from "../test_server.ts";
import { settle } from "../streams.ts";

const DRAINING = 'ERR draining "The server is shutting down." retry=1000';

Deno.test("shutdown closes the listener first and idle connections at once", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  const done = testServer.server.shutdown();
  assertThrows(() => testServer.listener.connect(), Error, "closed");
  assertEquals(await wire.rest(), `${DRAINING}\r\n`);
  wire.close();
  await done;
  await testServer.server.finished;
});

Deno.test("shutdown closes a connection that was accepted in its moment, without a word", async () => {
  await using testServer = await TestServer.open();
  const wire = new RawClient(testServer.listener.connect());
  // It is accepted, and waits for a turn of the event loop.
  for (let i = 0; i < 10; i++) await null;
  const done = testServer.server.shutdown();
  assertEquals(await wire.rest(), "");
  await done;
  wire.close();
});

Deno.test("shutdown closes a listener that is handed over later", async () => {
  await using testServer = await TestServer.open();
  const done = testServer.server.shutdown();
  const late = listenMemory();
  testServer.server.listen(late);
  assertThrows(() => late.connect(), Error, "closed");
  await done;
});

Deno.test("shutdown lets running requests, and requests that wait for a seat, finish", async () => {
  await using testServer = await TestServer.open({ seats: 1 });
  using wire = await testServer.client();
  await wire.send("#a HOLD a\n#b SAY b\n");
  const { go, signal } = await testServer.held("a");
  const done = testServer.server.shutdown();
  await wire.send("#c SAY c\nPING\n");
  assertEquals(await wire.lines(2), [`#c ${DRAINING}`, "OK pong"]);
  assert(!signal.aborted);
  go("a");
  assertEquals(await wire.rest(), `#a OK a\n#b OK b\n${DRAINING}\n`);
  wire.close();
  await done;
});

Deno.test("shutdown refuses parked requests, and requests that park later", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send("WAIT a\n#t WAIT b\n#h HOLD h\n");
  const { signal } = await testServer.held("a");
  const { go } = await testServer.held("h");
  testServer.server.shutdown();
  assertEquals(await wire.lines(2), [DRAINING, `#t ${DRAINING}`]);
  assertEquals(signal.reason.code, "draining");
  go("done");
  assertEquals(await wire.rest(), `#h OK done\n${DRAINING}\n`);

  await using second = await TestServer.open({ seats: 1 });
  using late = await second.client();
  await late.send("#h HOLD h\n#w WAIT w\n");
  const held = await second.held("h");
  second.server.shutdown();
  held.go("done");
  assertEquals(await late.rest(), `#h OK done\n#w ${DRAINING}\n${DRAINING}\n`);
});

Deno.test("shutdown cuts off requests that do not finish in time", async () => {
  await using testServer = await TestServer.open({ drain: 500 });
  using wire = await testServer.client();
  await wire.send("#a HOLD a\n");
  const { signal } = await testServer.held("a");
  const done = testServer.server.shutdown();
  await testServer.clock.elapse(499);
  assert(!signal.aborted);
  await testServer.clock.elapse(1);
  assert(signal.aborted);
  await done;
  await wire.rest();
  assertEquals(testServer.clock.pending, 0);
});

Deno.test("shutdown cuts off a client that does not read", async () => {
  await using testServer = await TestServer.open({ drain: 500 });
  using wire = await testServer.client(1024);
  await wire.send("FLOW 1000000 1000\n");
  await settle(testServer);
  const done = testServer.server.shutdown();
  await testServer.clock.elapse(500);
  await done;
  assertEquals(testServer.flowsEnded, 1);
});

Deno.test("shutdown sends the event draining to clients that asked for events", async () => {
  await using testServer = await TestServer.open({ drain: 3000 });
  using asked = await testServer.client();
  using other = await testServer.client();
  for (const wire of [asked, other]) {
    await wire.send(`HELLO lineup/1 events=${wire === asked ? "on" : "off"}\n#a HOLD a\n`);
    await wire.line();
    await testServer.held("a");
  }
  await settle(testServer);
  testServer.server.shutdown();
  for (const { go } of testServer.holds) go("done");
  assertEquals(await other.rest(), `#a OK done\n${DRAINING}\n`);
  await asked.seen("#a OK done\n");
  // It may have been on its way before the client knew, and is answered.
  await asked.send("#b HOLD b\n");
  await asked.seen(`#b ${DRAINING}\n`);
  await testServer.clock.elapse(1000);
  assertEquals(
    await asked.rest(),
    `! draining within=3000ms\n#a OK done\n#b ${DRAINING}\n${DRAINING}\n`,
  );
});

Deno.test("a connection that ends by shutdown says so behind the last answer: a request that crosses it was not run", async () => {
  await using testServer = await TestServer.open();
  using idle = await testServer.client();
  using busy = await testServer.client();
  await idle.ask("PING");
  await busy.send("#a HOLD a\n");
  await testServer.held("a");
  testServer.server.shutdown();
  assertEquals(await idle.rest(), `${DRAINING}\n`);
  await idle.send("#b HOLD b\n");
  testServer.holds[0].go("done");
  assertEquals(await busy.rest(), `#a OK done\n${DRAINING}\n`);
  assertEquals(testServer.holds.length, 1);
});

Deno.test("a client that asked for events and ends its side when it is told ends its connection at once", async () => {
  await using testServer = await TestServer.open({ drain: 3000 });
  using wire = await testServer.client();
  await wire.ask("HELLO lineup/1 events=on");
  const done = testServer.server.shutdown();
  await wire.seen("! draining within=3000ms\n");
  await wire.half();
  await done;
  assertEquals(await wire.rest(), "! draining within=3000ms\n");
});

Deno.test("shutdown on sockets closes and resolves, also when called again", async () => {
  const testServer = await TestServer.open({ listen: ["127.0.0.1:0"] });
  using wire = await RawClient.open(testServer.server.address);
  const [first, second] = [testServer.server.shutdown(), testServer.server.shutdown()];
  assertEquals(await wire.rest(), `${DRAINING}\r\n`);
  wire.close();
  await Promise.all([first, second, testServer.server.finished]);
});
