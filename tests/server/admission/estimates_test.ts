// The estimates that a server has made under load recover in bounded time after it.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { GREETING } from "./limit.ts";
import { TestNetwork } from "../../test_network.ts";

Deno.test("serve measures its lateness again, also without any client", async () => {
  await using network = await TestNetwork.open();
  {
    using client = network.client("192.0.2.1:1");
    client.post("PING\n");
    await network.pass();
    // One turn of the event loop takes a minute, as when the machine slept.
    network.clock.late(60_000);
    await network.pass(250);
    using other = network.client("192.0.2.2:1");
    await network.pass();
    assertMatch(other.take(), /^ERR busy /);
  }
  await network.pass();
  await network.pass(500);
  using later = network.client("192.0.2.3:1");
  await network.pass();
  assertEquals(later.take(), GREETING);
});

Deno.test("serve soon measures its lateness again, also while all clients are quiet", async () => {
  await using network = await TestNetwork.open();
  using client = network.client("192.0.2.1:1");
  client.post("PING\n");
  // The server visits its connections every 30 s, the last time at 60.25 s.
  await network.pass(60_500);
  network.clock.late(60_000);
  await network.pass(29_800);
  using other = network.client("192.0.2.2:1");
  await network.pass();
  assertMatch(other.take(), /^ERR busy /);
  await network.pass(500);
  using later = network.client("192.0.2.3:1");
  await network.pass();
  assertEquals(later.take(), GREETING);
});

Deno.test("serve reads a client that was refused for long, a minute after the refusals ended", async () => {
  await using network = await TestNetwork.open({ rates: { prefix: { rate: 10, burst: 10 } } });
  const peers = Array.from({ length: 30 }, (_, i) => `192.0.2.${i}:1`);
  const flood = peers.map((peer) => network.client(peer));
  await network.pass();
  for (const each of flood) each.take();
  for (let round = 0; round < 20; round++) {
    for (const each of flood) each.post("SAY x\n".repeat(100));
    await network.pass(100);
  }
  const refused = flood.filter((each) => each.peek().includes("ERR quota"));
  assertEquals(refused.length, flood.length);
  await network.pass(60_000);
  for (const each of flood) each.take();
  const open = flood.filter(({ ended }) => !ended);
  for (const each of open) each.post("SAY late\n");
  await network.pass(1000);
  const answers = open.map((each) => each.take());
  assert(answers.every((answer) => answer === "OK late\n"), answers.join());
  using stranger = network.client("198.51.100.1:1");
  stranger.post("SAY new\n");
  await network.pass();
  assert(stranger.take().endsWith("OK new\n"));
});
