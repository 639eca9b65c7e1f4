import { assertEquals } from "@std/assert";
import { testQueue, useNodes } from "../../test_queue.ts";
import { openNodes } from "./nodes.ts";

useNodes((options) => openNodes(options, 3));

Deno.test("each node takes each request", async () => {
  await using queue = await testQueue();
  const sessions = [await queue.session(), await queue.session(), await queue.session()];
  // a is on the first node, b on the second, c on the third.
  for (const [at, name] of ["a", "b", "c"].entries()) {
    assertEquals(await sessions[0].ask(`PUT ${name} x-${name} key=k`), `OK id=${at + 1}`);
  }
  for (const session of sessions) {
    assertEquals((await session.ask("QUEUES")).split("\n").at(-1), "OK count=3");
    assertEquals(
      await session.ask("JOB 2"),
      "OK id=2 queue=b key=k priority=5 state=ready attempt=0 attempts=10 lease=60s age=0ms {3}\nx-b",
    );
  }
  const [first, second, third] = sessions;
  assertEquals(
    await third.ask("TAKE b"),
    "* id=2 queue=b key=k attempt=1 lease=60s {3}\nx-b\nOK count=1",
  );
  // Another connection holds it, whatever nodes they are connected to.
  assertEquals((await first.ask("DONE 2")).split(" ")[1], "not-taken");
  assertEquals(await third.ask("DONE 2"), "OK");
  assertEquals(
    await second.ask("DONE 2"),
    'ERR not-found "There is no job 2: it is done, or never was."',
  );
});

Deno.test("schedules and limits of all nodes are told and changed by each", async () => {
  await using queue = await testQueue();
  const [first, second, third] = [
    await queue.session(),
    await queue.session(),
    await queue.session(),
  ];
  for (const name of ["a", "b", "c"]) {
    assertEquals(await first.ask(`LIMIT ${name} running=1`), "OK running=1");
    assertEquals(await second.ask(`EVERY s-${name} ${name} x interval=1h`), "OK next=3600s");
  }
  assertEquals(await third.ask("EVERY s-b pause"), "OK paused=yes");
  assertEquals(await third.ask("EVERY s-a off"), "OK");
  assertEquals(await first.ask("EVERY s-c b x interval=1h"), "OK next=3600s");
  for (const session of [first, second, third]) {
    const names = async (command: string) =>
      (await session.ask(command)).match(/^\* \S+( queue=\S+)?/gm);
    assertEquals(await names("SCHEDULES"), ["* s-b queue=b", "* s-c queue=b"]);
    assertEquals(await names("LIMITS"), ["* queue=a", "* queue=b", "* queue=c"]);
    assertEquals(await names("LIMITS c"), ["* queue=c"]);
  }
});

Deno.test("a TAKE that waits at several nodes gets one job", async () => {
  await using queue = await testQueue();
  const [taker, putter] = [await queue.session(), await queue.session()];
  const taking = taker.ask("TAKE a b c wait=1h max=5");
  while (queue.figure("queue-takers") !== 1) await queue.clock.elapse(0);
  await putter.send("PUT b b\nPUT c c\nPUT a a\n");
  const [item, final] = (await taking).split("\n").filter((_, at) => at !== 1);
  assertEquals(final, "OK count=1");
  for (let reply = 0; reply < 3; reply++) await putter.reply();
  while (queue.figure("queue-taken") !== 1) await queue.clock.elapse(0);
  assertEquals(queue.figure("queue-ready"), 2);
  assertEquals(queue.figure("queue-takers"), 0);
  const [, id] = item.match(/id=(\d+)/)!;
  assertEquals(await taker.ask(`DONE ${id}`), "OK");
});

Deno.test("the end of a connection ends its leases at other nodes", async () => {
  await using queue = await testQueue();
  const [taker, other] = [await queue.session(), await queue.session()];
  await other.ask("PUT c x");
  await other.ask("PUT a x");
  await other.ask("PUT b x");
  await taker.ask("TAKE b hold=connection lease=1h");
  assertEquals(queue.figure("queue-taken"), 1);
  taker.close();
  while (queue.figure("queue-taken") !== 0) await queue.clock.elapse(0);
  assertEquals(queue.figure("queue-ready"), 3);
});

Deno.test("nobody but a node may forward", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  assertEquals(
    await session.ask("FORWARD {0}\n"),
    'ERR forbidden "This is for the nodes of the cluster."',
  );
  assertEquals(
    await session.ask("NODE n1 abc"),
    'ERR forbidden "This node has another secret than this cluster."',
  );
  assertEquals(
    await session.ask("NODES"),
    [
      "* n0 address=127.0.0.1:7000 shards=1 up=0ms renewed=0ms self=yes",
      "* n1 address=127.0.0.1:7001 shards=1 up=0ms renewed=0ms",
      "* n2 address=127.0.0.1:7002 shards=1 up=0ms renewed=0ms",
      "OK count=3",
    ].join("\n"),
  );
});

Deno.test("TAKEs that wait at several nodes race for jobs, and each gets what it is told", async () => {
  await using queue = await testQueue();
  const takers = await Promise.all(Array.from({ length: 6 }, () => queue.session()));
  const putter = await queue.session();
  const jobs = 60;
  const got: string[] = [];
  let over = false;
  const taking = Promise.all(takers.map(async (taker, at) => {
    const names = [..."abc", ..."abc"].slice(at % 3, at % 3 + 3).join(" ");
    while (got.length < jobs) {
      const answer = await taker.ask(`TAKE ${names} wait=1s max=2`);
      assertEquals(/^OK count=\d$/m.test(answer), true, answer);
      for (const [, id, attempt] of answer.matchAll(/^\* id=(\d+).* attempt=(\d+)/gm)) {
        got.push(id);
        // No lease has run out.
        assertEquals(attempt, "1");
        assertEquals(await taker.ask(`DONE ${id}`), "OK");
      }
    }
  })).finally(() => over = true);
  for (let put = 0; put < jobs; put += 3) {
    await putter.send("PUT a x\nPUT b x\nPUT c x\n");
    for (let reply = 0; reply < 3; reply++) await putter.reply();
    if (put % 12 === 0) await queue.clock.elapse(10);
  }
  while (!over) await queue.clock.elapse(100);
  await taking;
  assertEquals(new Set(got).size, jobs);
  assertEquals(got.length, jobs);
  for (const name of ["queue-ready", "queue-taken", "queue-takers"]) {
    assertEquals(queue.figure(name), 0, name);
  }
  assertEquals(queue.logged.filter(({ level }) => level === "error"), []);
});
