// Jobs that are not done: backoff, RELEASE, expiry, REVIVE, and leases that end with a connection.

import { memoryStore, type Store } from "@lineup/lineup/queue";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { seededRandom } from "../../seeded_random.ts";
import { testQueue } from "../../test_queue.ts";

Deno.test("FAIL pauses by backoff=: pauses double up to a day, each between half and all of its length", async () => {
  await using queue = await testQueue({ random: seededRandom(1) });
  const session = await queue.session();
  await session.ask("PUT mail x backoff=10s attempts=30");
  const pauses: number[] = [];
  for (let attempt = 1; attempt <= 16; attempt++) {
    assertStringIncludes(await session.ask("TAKE mail"), `attempt=${attempt} `);
    assertEquals(await session.ask("FAIL 1"), "OK state=delayed");
    const left = /left=(\d+)(ms|s)/.exec(await session.ask("JOB 1"))!;
    pauses.push(Number(left[1]) * (left[2] === "s" ? 1000 : 1));
    await queue.clock.elapse(pauses.at(-1)!);
  }
  for (const [index, pause] of pauses.entries()) {
    const whole = Math.min(10_000 * 2 ** index, 86_400_000);
    assert(pause >= whole / 2 && pause <= whole, `${pause} of ${whole}`);
  }
  assertEquals(new Set(pauses).size, pauses.length);
  await session.ask("TAKE mail");
  assertEquals(await session.ask("FAIL 1 retry=0ms"), "OK state=ready");
});

Deno.test("RELEASE gives a job back, its attempt not counted, and DONE of an old attempt is refused", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("PUT mail x attempts=1");
  await session.ask("PUT mail y");
  await session.ask("TAKE mail");
  assertEquals(await session.ask("RELEASE 1"), "OK state=ready");
  assertStringIncludes(await session.ask("TAKE mail"), "* id=1 queue=mail attempt=2 ");
  assertMatch(await session.ask("DONE 1 attempt=1"), /^ERR not-taken/);
  assertEquals(await session.ask("RELEASE 1 delay=10s"), "OK state=delayed");
  assertMatch(await session.ask("RELEASE 1"), /^ERR not-taken "Job 1 is not taken: it is delayed/);
  assertStringIncludes(await session.ask("JOB 1"), "attempt=2 attempts=1 spared=2");
  await queue.clock.elapse(10_000);
  await session.ask("TAKE mail max=2");
  assertEquals(await session.ask("FAIL 1"), "OK state=dead");
});

Deno.test("REVIVE makes a job, or all dead ones of a queue, ready with all attempts", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (let i = 0; i < 4; i++) await session.ask("PUT mail x attempts=2");
  await session.ask("PUT 42 x");
  await session.ask("TAKE mail max=3");
  await session.ask("FAIL 1 2 3 dead=yes reason=why");
  assertEquals(await session.ask("REVIVE 1"), "OK count=1");
  assertMatch(await session.ask("REVIVE 4"), /^ERR not-dead "Job 4 is not dead: it is ready/);
  assertMatch(await session.ask("REVIVE 42"), /^ERR not-found/);
  await session.send("#w TAKE mail wait=1h max=9\n");
  assertStringIncludes(await session.reply(), "* id=4 ");
  assertEquals(await session.ask("REVIVE mail"), "OK count=2");
  assertStringIncludes(await session.ask("QUEUES"), "ready=2 taken=2 dead=0");
  await session.ask("TAKE mail max=9");
  assertEquals(await session.ask("FAIL 2"), "OK state=ready");
  await session.ask("TAKE mail");
  assertEquals(await session.ask("FAIL 2"), "OK state=dead");
});

Deno.test("PUT expires= drops a job that is not taken in time, or that comes back too late", async () => {
  const store: Store = { ...memoryStore(), close: () => Promise.resolve() };
  await using queue = await testQueue({ store });
  const session = await queue.session();
  for (const options of ["", "delay=8s", "", "", ""]) {
    await session.ask(`PUT mail x expires=10s lease=1m ${options}`);
  }
  await session.ask("PUT mail x expires=1h delay=30s");
  await session.ask("TAKE mail max=3");
  await session.ask("FAIL 1 retry=1m");
  await queue.clock.elapse(9_999);
  assertStringIncludes(await session.ask("QUEUES"), "delayed=2 ready=2 taken=2");
  assertMatch(await session.ask("JOB 5"), / expires=1ms /);
  await queue.clock.elapse(1);
  assertStringIncludes(await session.ask("QUEUES"), "delayed=1 ready=0 taken=2");
  assertEquals(queue.figure("queue-expired-total"), 3);
  assertEquals(await session.ask("FAIL 3"), "OK state=dead");
  assertMatch(await session.ask("JOB 3"), /^ERR not-found/);
  await queue.clock.elapse(50_000);
  assertMatch(await session.ask("JOB 4"), /^ERR not-found/);
  assertEquals(queue.figure("queue-expired-total"), 5);
  await session.ask("PUT mail x expires=5s");
  await queue[Symbol.asyncDispose]();
  await queue.clock.elapse(5_000);
  await using again = await testQueue({ store, clock: queue.clock });
  const other = await again.session();
  assertMatch(await other.ask("LIST mail"), /^\* id=6 .*\nOK count=1$/);
  assertEquals((await Array.fromAsync(store.load())).map(({ id }) => id), [6]);
});

Deno.test("TAKE hold=connection releases its jobs when the connection ends, and no other jobs", async () => {
  await using queue = await testQueue();
  const holder = await queue.session();
  const other = await queue.session();
  for (const options of ["", "attempts=1", "", "", ""]) await other.ask(`PUT mail x ${options}`);
  await holder.ask("TAKE mail max=3 hold=connection lease=1m");
  await holder.ask("TAKE mail lease=2m");
  await holder.ask("DONE 3");
  await holder.ask("EXTEND 1 lease=2h");
  await other.send("#w TAKE mail max=9 hold=connection\n#v TAKE mail wait=1h\n");
  assertStringIncludes(await other.reply(), "* id=5 ");
  holder.close();
  // The server notices the end of a connection only when it reads.
  await queue.clock.elapse(1);
  assertStringIncludes(await other.reply(), "#v * id=1 queue=mail attempt=2 ");
  assertMatch(
    await other.ask("LIST mail"),
    /id=1 .*state=taken.*\n.*id=2 .*state=dead .*reason="The connection closed\."/,
  );
  assertMatch(await other.ask("JOB 4"), / state=taken attempt=1 /);
  await queue.clock.elapse(60_000);
  assertMatch(await other.ask("JOB 5"), / state=ready .* reason="The lease ran out\."/);
});

Deno.test("openQueue releases jobs that a connection held before the start", async () => {
  const store: Store = { ...memoryStore(), close: () => Promise.resolve() };
  await using queue = await testQueue({ store });
  const session = await queue.session();
  await session.ask("PUT mail x");
  await session.ask("PUT mail y");
  await session.ask("TAKE mail hold=connection");
  await session.ask("TAKE mail");
  await queue[Symbol.asyncDispose]();
  await using again = await testQueue({ store, clock: queue.clock });
  const other = await again.session();
  assertStringIncludes(await other.ask("QUEUES"), "ready=1 taken=1");
  assertStringIncludes(await other.ask("TAKE mail"), "* id=1 queue=mail attempt=2");
});
