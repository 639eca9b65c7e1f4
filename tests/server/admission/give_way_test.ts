// A client that vanished has left dead connections, as many as it may have. It must be able to connect again.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { TestNetwork } from "../../test_network.ts";

const MINUTE = 60_000;

Deno.test("a new connection of a client at its limit replaces its longest idle one", async () => {
  await using network = await TestNetwork.open({ connections: { connectionsPerClient: 3 } });
  const [first, second, third] = [1, 2, 3].map((port) => network.client(`192.0.2.7:${port}`));
  for (const each of [third, second, first]) {
    each.post("PING\n");
    await network.pass(1000);
    assertStringIncludes(each.take(), "OK pong");
  }
  const stranger = network.client("192.0.2.8:1");
  stranger.post("PING\n");
  await network.pass(MINUTE - 5000);
  const early = network.client("192.0.2.7:4");
  await network.pass(200);
  assertStringIncludes(early.take(), "ERR quota");
  await network.pass(5000);
  const back = network.client("192.0.2.7:5");
  await network.pass();
  assertStringIncludes(back.take(), "OK lineup/1");
  assertEquals(
    third.take(),
    'ERR timeout "Nothing came for 63 s, and this client opens another connection."\n',
  );
  for (const each of [first, second, back, stranger]) {
    each.take();
    each.post("PING\n");
    await network.pass();
    assertStringIncludes(each.take(), "OK pong");
  }
  assertEquals((await network.figures()).get("connections-quota-total"), "1");
  // The replaced connection does not count, although the client has not closed it.
  const again = network.client("192.0.2.7:6");
  await network.pass(200);
  assertStringIncludes(again.take(), "ERR quota");
});

Deno.test("a connection with a request in flight, or a part of one, is not replaced", async () => {
  await using network = await TestNetwork.open({
    connections: { connectionsPerClient: 2 },
    timeouts: { request: Infinity },
  });
  const [waiting, within] = [1, 2].map((port) => network.client(`192.0.2.7:${port}`));
  waiting.post("HOLD\n");
  within.post("PING");
  await network.pass(10 * MINUTE);
  const back = network.client("192.0.2.7:5");
  await network.pass(200);
  assertStringIncludes(back.take(), "ERR quota");
});
