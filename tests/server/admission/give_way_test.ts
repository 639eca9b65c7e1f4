// A client that has vanished left connections behind, which fill what it may have: it comes back all the same.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { TestNetwork } from "../../test_network.ts";

const MINUTE = 60_000;

Deno.test("where a client has as many connections as it may, the one idle longest gives way", async () => {
  await using street = await TestNetwork.open({ connections: { connectionsPerClient: 3 } });
  const [first, second, third] = [1, 2, 3].map((port) => street.neighbour(`192.0.2.7:${port}`));
  for (const each of [third, second, first]) {
    each.post("PING\n");
    await street.pass(1000);
    assertStringIncludes(each.take(), "OK pong");
  }
  const stranger = street.neighbour("192.0.2.8:1");
  stranger.post("PING\n");
  await street.pass(MINUTE - 5000);
  const early = street.neighbour("192.0.2.7:4");
  await street.pass(200);
  assertStringIncludes(early.take(), "ERR quota");
  await street.pass(5000);
  const back = street.neighbour("192.0.2.7:5");
  await street.pass();
  assertStringIncludes(back.take(), "OK lineup/1");
  assertEquals(
    third.take(),
    'ERR timeout "Nothing came for 63 s, and this client opens another connection."\n',
  );
  for (const each of [first, second, back, stranger]) {
    each.take();
    each.post("PING\n");
    await street.pass();
    assertStringIncludes(each.take(), "OK pong");
  }
  assertEquals((await street.figures()).get("connections-quota-total"), "1");
  // It counts no longer, though the client has not closed it.
  const again = street.neighbour("192.0.2.7:6");
  await street.pass(200);
  assertStringIncludes(again.take(), "ERR quota");
});

Deno.test("what has a request in flight, or within it, gives no way", async () => {
  await using street = await TestNetwork.open({
    connections: { connectionsPerClient: 2 },
    timeouts: { request: Infinity },
  });
  const [waiting, within] = [1, 2].map((port) => street.neighbour(`192.0.2.7:${port}`));
  waiting.post("HOLD\n");
  within.post("PING");
  await street.pass(10 * MINUTE);
  const back = street.neighbour("192.0.2.7:5");
  await street.pass(200);
  assertStringIncludes(back.take(), "ERR quota");
});
