import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { testQueue } from "../../test_queue.ts";

Deno.test("PUT answers with the id", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  assertEquals(await session.ask("PUT mail hello"), "OK id=1");
  assertEquals(await session.ask("PUT mail {5}\nworld"), "OK id=2");
  assertEquals(await session.ask('PUT mail ""'), "OK id=3");
});

Deno.test("PUT keeps any bytes", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  assertEquals(await session.ask("PUT mail {7}\nhe\0l\r\no"), "OK id=1");
  assertEquals(
    await session.ask("TAKE mail"),
    "* id=1 queue=mail attempt=1 lease=60s {7}\nhe\0l\r\no\nOK count=1",
  );
});

Deno.test("PUT refuses a value that is not allowed, and names it", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (
    const [request, name] of [
      ["PUT mail x priority=10", "priority"],
      ["PUT mail x attempts=0", "attempts"],
      ["PUT mail x lease=0s", "lease"],
      ["PUT mail x delay=400d", "delay"],
      [`PUT ${"q".repeat(129)} x`, "queue"],
      [`PUT mail x key=${"k".repeat(129)}`, "key"],
    ]
  ) {
    assertMatch(await session.ask(request), new RegExp(`^ERR bad-arguments "${name} must be`));
  }
  assertEquals(await session.ask("QUEUES"), "OK count=0");
});

Deno.test("PUT answers busy once there are maxJobs", async () => {
  await using queue = await testQueue({ maxJobs: 2 });
  const session = await queue.session();
  await session.ask("PUT mail 1");
  await session.ask("PUT mail 2 delay=1h");
  assertEquals(
    await session.ask("PUT mail 3"),
    'ERR busy "There are 2 jobs, as many as may be." retry=1000',
  );
  await session.ask("TAKE mail");
  await session.ask("DONE 1");
  assertEquals(await session.ask("PUT mail 3"), "OK id=3");
});

Deno.test("PUT and TAKE answer busy for a new queue once there are maxQueues", async () => {
  await using queue = await testQueue({ maxQueues: 2 });
  const session = await queue.session();
  await session.ask("PUT a x");
  const busy = 'ERR busy "There may be 2 queues, and there is no room for another." retry=1000';
  assertEquals(await session.ask("TAKE c d wait=1h"), busy);
  await session.ask("PUT b x");
  assertEquals(await session.ask("PUT c x"), busy);
  assertEquals(await session.ask("PUT b y"), "OK id=3");
  await session.ask("TAKE a");
  await session.ask("DONE 1");
  assertEquals(await session.ask("PUT c x"), "OK id=4");
});

Deno.test("TAKE gives jobs by priority and then in the order in which they were put", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (const priority of [5, 9, 0, 5, 0]) await session.ask(`PUT mail x priority=${priority}`);
  const reply = await session.ask("TAKE mail max=10");
  assertEquals([...reply.matchAll(/id=(\d)/g)].map((match) => match[1]).join(""), "35142");
  assertEquals(await session.ask("TAKE mail"), "OK count=0");
});

Deno.test("TAKE looks through queues in the order in which they are named", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("PUT a x");
  await session.ask("PUT b x");
  assertStringIncludes(await session.ask("TAKE none b a"), "* id=2 queue=b");
  const many = Array.from({ length: 101 }, (_, index) => `q${index}`).join(" ");
  assertMatch(await session.ask(`TAKE ${many}`), /^ERR bad-arguments/);
});

Deno.test("TAKE, DONE and PUT may come in one write", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.send("PUT mail hello\nTAKE mail\nDONE 1\nTAKE mail\nJOB 1\n");
  assertEquals(await session.reply(), "OK id=1");
  assertEquals(
    await session.reply(),
    "* id=1 queue=mail attempt=1 lease=60s {5}\nhello\nOK count=1",
  );
  assertEquals(await session.reply(), "OK");
  assertEquals(await session.reply(), "OK count=0");
  assertEquals(
    await session.reply(),
    'ERR not-found "There is no job 1: it is done, or never was."',
  );
});

Deno.test("DONE is refused to another connection while the holder's is open", async () => {
  await using queue = await testQueue();
  const holder = await queue.session();
  const other = await queue.session();
  for (let i = 0; i < 3; i++) await holder.ask("PUT mail x");
  await holder.ask("TAKE mail max=3");
  const refused =
    'ERR not-taken "Job 1 was taken by another connection; give attempt= where it is yours."';
  assertEquals(await other.ask("DONE 1"), refused);
  assertEquals(await other.ask("EXTEND 1"), refused);
  assertEquals(await other.ask("FAIL 1"), refused);
  assertMatch(await other.ask("DONE 1 attempt=2"), /^ERR not-taken/);
  assertEquals(await other.ask("DONE 1 attempt=1"), "OK");
  assertEquals(await holder.ask("DONE 2"), "OK");
  holder.close();
  await queue.clock.elapse(1);
  assertEquals(await other.ask("DONE 3"), "OK");
});

Deno.test("FAIL makes a job ready, delayed or dead", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("PUT mail x attempts=3");
  await session.ask("TAKE mail");
  assertEquals(await session.ask("FAIL 1 reason=again"), "OK state=ready");
  assertStringIncludes(await session.ask("TAKE mail"), "attempt=2");
  assertEquals(await session.ask("FAIL 1 reason=later retry=10s"), "OK state=delayed");
  assertEquals(await session.ask("TAKE mail"), "OK count=0");
  await queue.clock.elapse(10_000);
  assertStringIncludes(await session.ask("TAKE mail"), "attempt=3");
  assertEquals(await session.ask("FAIL 1 reason=enough retry=10s"), "OK state=dead");
  assertEquals(
    await session.ask("JOB 1"),
    "* attempt=1 age=10s ran=0ms outcome=failed by=memory reason=again\n" +
      "* attempt=2 age=10s ran=0ms outcome=failed by=memory reason=later\n" +
      "* attempt=3 age=0ms ran=0ms outcome=failed by=memory reason=enough\n" +
      "OK id=1 queue=mail priority=5 state=dead attempt=3 attempts=3 lease=60s age=10s " +
      "reason=enough {1}\nx",
  );
  await session.ask("PUT mail y");
  await session.ask("TAKE mail");
  assertMatch(await session.ask("FAIL 2 dead=yes retry=1s"), /^ERR bad-arguments/);
  assertEquals(await session.ask("FAIL 2 dead=yes"), "OK state=dead");
});

Deno.test("QUEUES tells counts, the oldest and takers, and omits empty queues", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("PUT mail 1 priority=9");
  await queue.clock.elapse(1500);
  await session.ask("PUT mail 2");
  await session.ask("PUT mail 3 delay=1m");
  await session.send("#w TAKE other wait=10s\n");
  assertEquals(
    await session.ask("QUEUES"),
    "* mail delayed=1 ready=2 taken=0 dead=0 oldest=1500ms takers=0\n" +
      "* other delayed=0 ready=0 taken=0 dead=0 takers=1\nOK count=2",
  );
  await session.send("TAKE mail\nTAKE mail\nDONE 1\nDONE 2\nCANCEL w\n");
  const replies = [];
  for (let i = 0; i < 6; i++) replies.push(await session.reply());
  assertStringIncludes(replies.join("\n"), "#w ERR cancelled");
  assertEquals(
    await session.ask("QUEUES"),
    "* mail delayed=1 ready=0 taken=0 dead=0 takers=0\nOK count=1",
  );
});

Deno.test("STATS tells the figures of the queue", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("PUT mail x");
  const reply = await session.ask("STATS");
  assertStringIncludes(reply, "* queue-ready 1\n");
  assertStringIncludes(reply, "* queue-read-only 0\n");
  assertEquals(queue.figure("queue-commits-total"), 1);
});

Deno.test("TAKE gives at most 4 MiB of jobs, and a larger job alone", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  const megabyte = "x".repeat(1 << 20);
  for (let i = 0; i < 6; i++) await session.ask(`PUT mail {${1 << 20}}\n${megabyte}`);
  assertMatch(await session.ask("TAKE mail max=100"), /OK count=4$/);
  assertMatch(await session.ask("TAKE mail max=100"), /OK count=2$/);
});
