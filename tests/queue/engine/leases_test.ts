import { memoryStore, type Store } from "@lineup/lineup/queue";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { testQueue } from "../../test_queue.ts";

/** The one timer of the server, for its connections. */
const SERVER_TIMERS = 1;

Deno.test("PUT delay= makes a job ready when its time has come", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("PUT mail later delay=1h");
  await session.ask("PUT mail sooner delay=1m");
  await queue.clock.elapse(59_999);
  assertEquals(await session.ask("TAKE mail"), "OK count=0");
  await queue.clock.elapse(1);
  assertStringIncludes(await session.ask("TAKE mail"), "* id=2 ");
  await session.ask("DONE 2");
  await queue.clock.elapse(3_540_000);
  assertStringIncludes(await session.ask("TAKE mail"), "* id=1 ");
});

Deno.test("PUT delay= may be longer than a timer of JavaScript", async () => {
  await using queue = await testQueue();
  const putter = await queue.session();
  await putter.ask("PUT mail later delay=60d");
  // The server looks at its connections every second: without one, 60 days take no time.
  putter.close();
  await queue.clock.elapse(60 * 86_400_000 - 1);
  const taker = await queue.session();
  assertEquals(await taker.ask("TAKE mail"), "OK count=0");
  await queue.clock.elapse(1);
  assertStringIncludes(await taker.ask("TAKE mail"), "* id=1 ");
});

Deno.test("TAKE gives a job again when its lease is over, and the stale worker is refused", async () => {
  await using queue = await testQueue();
  const stale = await queue.session();
  const next = await queue.session();
  await stale.ask("PUT mail x lease=10s");
  assertStringIncludes(await stale.ask("TAKE mail"), "attempt=1 lease=10s");
  await queue.clock.elapse(10_000);
  assertMatch(await stale.ask("DONE 1"), /^ERR not-taken "Job 1 is not taken: it is ready\."/);
  assertStringIncludes(await next.ask("TAKE mail lease=5s"), "attempt=2 lease=5s");
  for (const verb of ["DONE", "FAIL", "EXTEND"]) {
    assertMatch(await stale.ask(`${verb} 1`), /^ERR not-taken/);
    assertMatch(await stale.ask(`${verb} 1 attempt=1`), /^ERR not-taken/);
  }
  assertEquals(await next.ask("DONE 1"), "OK");
});

Deno.test("a job is dead when its lease ends and its attempts are used up", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("PUT mail x attempts=1");
  await session.ask("TAKE mail");
  await queue.clock.elapse(60_000);
  assertEquals(
    await session.ask("JOB 1"),
    "* attempt=1 age=60s ran=60s outcome=timeout by=memory\n" +
      "OK id=1 queue=mail priority=5 state=dead attempt=1 attempts=1 lease=60s age=60s " +
      'reason="The lease ran out." {1}\nx',
  );
});

Deno.test("EXTEND begins the lease anew", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("PUT mail x");
  await session.ask("TAKE mail");
  await queue.clock.elapse(50_000);
  assertEquals(await session.ask("EXTEND 1"), "OK lease=60s");
  await queue.clock.elapse(50_000);
  assertEquals(await session.ask("EXTEND 1 lease=2s"), "OK lease=2s");
  assertStringIncludes(await session.ask("JOB 1"), "left=2s");
  await queue.clock.elapse(2000);
  assertStringIncludes(await session.ask("JOB 1"), "state=ready");
});

Deno.test("openQueue sets one timer for all leases and delays", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (let i = 0; i < 50; i++) await session.ask(`PUT mail x delay=${50 - i}s`);
  assertEquals(queue.clock.pending, 1 + SERVER_TIMERS);
  await queue.clock.elapse(50_000);
  await session.ask("TAKE mail max=50");
  assertEquals(queue.clock.pending, 1 + SERVER_TIMERS);
});

Deno.test("openQueue goes on with leases, delays, attempts and ids where the last queue stopped", async () => {
  const store: Store = { ...memoryStore(), close: () => Promise.resolve() };
  await using first = await testQueue({ store });
  const { clock } = first;
  {
    const session = await first.session();
    await session.ask("PUT mail taken attempts=2");
    await session.ask("PUT mail used-up attempts=1");
    await session.ask("PUT mail delayed delay=30s");
    await session.ask("PUT mail ready");
    await session.ask("PUT mail last");
    await session.ask("TAKE mail max=2");
    await session.ask("TAKE mail max=2");
    await session.ask("FAIL 4 reason=why");
    await session.ask("DONE 5");
    session.close();
  }
  await first[Symbol.asyncDispose]();
  await clock.elapse(20_000);

  await using second = await testQueue({ store, clock });
  const session = await second.session();
  assertEquals(
    await session.ask("QUEUES"),
    "* mail delayed=1 ready=1 taken=2 dead=0 oldest=20s takers=0\nOK count=1",
  );
  assertStringIncludes(await session.ask("JOB 1"), "state=taken attempt=1 attempts=2");
  assertStringIncludes(await session.ask("JOB 1"), "left=40s");
  assertEquals(await session.ask("PUT mail next"), "OK id=6");
  assertStringIncludes(await session.ask("TAKE mail"), "* id=4 queue=mail attempt=2");
  await clock.elapse(40_000);
  assertEquals(
    await session.ask("QUEUES"),
    "* mail delayed=0 ready=3 taken=1 dead=1 oldest=40s takers=0\nOK count=1",
  );
  assertEquals(await session.ask("DONE 4"), "OK");
});
