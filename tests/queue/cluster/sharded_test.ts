import { assertEquals } from "@std/assert";
import { testQueue, useNodes } from "../../test_queue.ts";
import { openShardedNode } from "./local_shards.ts";

useNodes((options) => openShardedNode(options, 3));

Deno.test("jobs of several shards are put, taken, listed and done as those of one", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (const name of ["a", "b", "c", "d"]) await session.ask(`PUT ${name} {1}\nx`);
  assertEquals(
    await session.ask("QUEUES match=? max=3"),
    [
      ...["a", "b", "c"].map((name) =>
        `* ${name} delayed=0 ready=1 taken=0 dead=0 oldest=0ms takers=0`
      ),
      "OK count=3 after=c",
    ].join("\n"),
  );
  const taken = await session.ask("TAKE d c b a max=10");
  assertEquals([...taken.matchAll(/queue=(\w)/g)].map(([, name]) => name), ["d", "c", "b", "a"]);
  // One is refused, so none is done.
  assertEquals(
    await session.ask("DONE 1 2 99"),
    'ERR not-found "There is no job 99: it is done, or never was."',
  );
  assertEquals(await session.ask("DONE 1 2 3"), "OK");
  assertEquals(await session.ask("FAIL 4"), "OK state=ready");
  assertEquals(queue.figure("queue-ready"), 1);
  assertEquals(queue.figure("queue-queues"), 1);
});

Deno.test("a TAKE that waits in several engines gets the first job, and no other", async () => {
  await using queue = await testQueue();
  const [taker, putter] = [await queue.session(), await queue.session()];
  const taking = taker.ask("TAKE a b c wait=1h");
  while (queue.figure("queue-takers") !== 1) await queue.clock.elapse(0);
  // All come in one turn.
  await putter.send("PUT b {1}\nb\nPUT a {1}\na\nPUT c {1}\nc\n");
  assertEquals(await taking, "* id=1 queue=b attempt=1 lease=60s {1}\nb\nOK count=1");
  for (let reply = 0; reply < 3; reply++) await putter.reply();
  assertEquals(queue.figure("queue-taken"), 1);
  assertEquals(queue.figure("queue-takers"), 0);
});

Deno.test("a schedule has one queue, also where its next one is in another shard", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("EVERY report a x interval=1h");
  await session.ask("EVERY report b x interval=1h");
  assertEquals(
    await session.ask("SCHEDULES"),
    "* report queue=b interval=3600s next=3600s {1}\nx\nOK count=1",
  );
  assertEquals(await session.ask("EVERY report off"), "OK");
  assertEquals(await session.ask("SCHEDULES"), "OK count=0");
});
