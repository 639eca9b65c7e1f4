import { assertEquals, assertMatch } from "@std/assert";
import { testQueue } from "../../test_queue.ts";

Deno.test("TAKE gives no expired job, also with late timers", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("PUT mail old expires=1s");
  await session.ask("PUT mail new");
  queue.clock.late(1_000);
  assertMatch(await session.ask("TAKE mail max=2"), /^\* id=2 .*\nnew\nOK count=1$/);
  assertEquals(queue.figure("queue-expired-total"), 1);
});

Deno.test("PUT id= takes the name of an expired job, also with late timers", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("PUT mail old id=once expires=1s");
  assertEquals(await session.ask("PUT mail new id=once"), "OK id=1 duplicate=yes");
  queue.clock.late(1_000);
  assertEquals(await session.ask("PUT mail new id=once"), "OK id=2");
});

Deno.test("a waiting TAKE gets only jobs that have not expired, also with late timers", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("PAUSE mail");
  await session.ask("PUT mail old expires=1s");
  await session.ask("PUT mail new");
  await session.send("#t TAKE mail wait=1h\n");
  queue.clock.late(1_000);
  assertEquals(await session.ask("RESUME mail"), "OK");
  assertMatch(await session.reply(), /^#t \* id=2 .*\nnew\n#t OK count=1$/);
});
