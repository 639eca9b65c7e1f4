// Clients that send slowly, ask for much, or never read: they harm nobody else, and what they hold has a bound.

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { RawClient } from "../../raw_client.ts";
import { openStage, type Stage } from "./stage.ts";

/** Checks that another client is served. */
async function serves(stage: Stage): Promise<void> {
  const polite = stage.connect();
  await polite.send(
    "use polite\r\nput 0 0 60 1\r\nx\r\nwatch polite\r\nignore default\r\nreserve\r\n",
  );
  assertEquals(await polite.line(), "USING polite");
  assertMatch(await polite.line(), /^INSERTED /);
  assertEquals(await polite.lines(2), ["WATCHING 2", "WATCHING 1"]);
  assertMatch(await polite.line(), /^RESERVED [0-9]+ 1$/);
  polite.close();
}

/** Resolves once the server takes no more of what a client sends, or has taken all. */
async function pour(stage: Stage, client: RawClient, text: string, times: number): Promise<void> {
  for (let n = 0; n < times; n++) client.post(text);
  for (let turns = 0; turns < 20; turns++) await stage.clock.elapse(0);
}

Deno.test("a client that never ends its put is disconnected without a word", async () => {
  await using stage = await openStage();
  for (const begin of ["put 0 0 60 100\r\nabc", "put 0 0", "reserve"]) {
    const slow = stage.connect().listen();
    await slow.send(begin);
    await stage.clock.elapse(60_000);
    assertEquals([await slow.rest()], [""], begin);
  }
  await serves(stage);
});

Deno.test("a client that does not read its answers holds no more than its share", async () => {
  await using stage = await openStage({ server: { memory: 8 << 20 } });
  const greedy = stage.connect();
  const body = "x".repeat(60_000);
  await greedy.send(`put 0 0 60 ${body.length}\r\n${body}\r\n`);
  assertEquals(await greedy.line(), "INSERTED 1");
  await pour(stage, greedy, "peek 1\r\n".repeat(100), 50);
  await serves(stage);
  // It holds answers for as long as the server allows, then it is disconnected.
  await stage.clock.elapse(20_000);
  await serves(stage);
  const line = await stage.lineup();
  assertMatch(await line.ask("JOB 1"), /^OK id=1 /);
});

Deno.test("a client with thousands of commands behind its reserve waits, and others do not", async () => {
  await using stage = await openStage();
  const eager = stage.connect().listen();
  await pour(stage, eager, "reserve\r\n" + "list-tube-used\r\n".repeat(1000), 5);
  assertEquals(eager.waiting, 0);
  await serves(stage);
  const producer = stage.connect();
  await producer.send("put 0 0 60 1\r\nx\r\n".repeat(5));
  await producer.lines(5);
  for (let turns = 0; turns < 400; turns++) await stage.clock.elapse(0);
  const answers = eager.take().split("\r\n");
  assertEquals(answers.filter((line) => line === "USING default").length, 5000);
});

Deno.test("a client watches, uses and pauses no more tubes than there may be", async () => {
  await using stage = await openStage({ queue: { maxRules: 10 } });
  const hoarder = stage.connect().listen();
  const tubes = Array.from({ length: 1100 }, (_, at) => `watch t${at}\r\n`).join("");
  await hoarder.send(tubes);
  for (let turns = 0; turns < 400; turns++) await stage.clock.elapse(0);
  const answers = hoarder.take().trimEnd().split("\r\n");
  assertEquals(answers[998], "WATCHING 1000");
  assert(answers.slice(999).every((line) => line === "OUT_OF_MEMORY"));
  const pauses = Array.from({ length: 20 }, (_, at) => `pause-tube t${at} 9999\r\n`).join("");
  await hoarder.send(pauses);
  for (let turns = 0; turns < 50; turns++) await stage.clock.elapse(0);
  assertEquals(hoarder.take(), "PAUSED\r\n".repeat(10) + "OUT_OF_MEMORY\r\n".repeat(10));
  hoarder.close();
  await stage.clock.elapse(0);
  // Its tubes are gone with it, and so are their pauses.
  const next = stage.connect();
  await next.send("list-tubes\r\nwatch a\r\npause-tube a 1\r\n");
  assertEquals(await next.lines(4), ["OK 14", "---", "- default", ""]);
  assertEquals(await next.lines(2), ["WATCHING 2", "PAUSED"]);
  await serves(stage);
});

Deno.test("a job of a client that is lost before its answer leaves goes to the next", async () => {
  await using stage = await openStage();
  const [lost, next] = [stage.connect().listen(), stage.connect()];
  await lost.send("reserve\r\n");
  await stage.clock.elapse(0);
  lost.close();
  await next.send("put 0 0 60 1\r\nx\r\nreserve\r\n");
  assertEquals(await next.lines(2), ["INSERTED 1", "RESERVED 1 1"]);
});
