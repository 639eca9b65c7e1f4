import { memoryStore, type Store } from "@lineup/lineup/queue";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { testQueue } from "../../test_queue.ts";

const MINUTE = 60_000;

Deno.test("all WAITs for a job are answered with its result once it is done", async () => {
  await using queue = await testQueue();
  const [worker, ...clients] = await Promise.all(Array.from({ length: 4 }, () => queue.session()));
  await worker.ask("PUT mail question");
  for (const client of clients) await client.send("WAIT 1\n");
  await queue.clock.elapse(MINUTE);
  assertEquals(queue.figure("queue-waiting-results"), 3);
  await worker.ask("TAKE mail");
  assertEquals(await worker.ask("DONE 1 {4}\n4\r\n2"), "OK");
  for (const client of clients) assertEquals(await client.reply(), "OK {4}\n4\r\n2");
  assertEquals(queue.figure("queue-waiting-results"), 0);
  assertMatch(await clients[0].ask("WAIT 1"), /^ERR not-found /);
});

Deno.test("WAIT is answered later too after a PUT with result=keep, for resultTime", async () => {
  await using queue = await testQueue({ resultTime: MINUTE });
  const session = await queue.session();
  await session.ask("PUT mail question result=keep key=acme");
  await session.ask("PUT mail other result=keep");
  await session.ask("TAKE mail max=2");
  await session.ask("DONE 1 result=42");
  await session.ask("DONE 2");
  assertEquals(await session.ask("WAIT 1"), "OK {2}\n42");
  assertEquals(await session.ask("WAIT 2"), "OK");
  assertMatch(await session.ask("JOB 1"), / state=done .* left=60s \{2\}\n42$/);
  assertStringIncludes(await session.ask("QUEUES"), "dead=0 done=2 takers=0");
  assertMatch(await session.ask("DONE 1"), /^ERR not-taken "Job 1 is not taken: it is done\."/);
  await queue.clock.elapse(MINUTE - 1);
  assertEquals(await session.ask("WAIT 1"), "OK {2}\n42");
  await queue.clock.elapse(1);
  assertMatch(await session.ask("WAIT 1"), /^ERR not-found /);
  assertEquals(await session.ask("QUEUES"), "OK count=0");
});

Deno.test("openQueue keeps maxResults results, and forgets the oldest first, also after a restart", async () => {
  const store: Store = { ...memoryStore(), close: () => Promise.resolve() };
  await using queue = await testQueue({ store, maxResults: 2, resultTime: MINUTE });
  const session = await queue.session();
  for (let i = 0; i < 3; i++) await session.ask("PUT mail x result=keep");
  await session.ask("TAKE mail max=3");
  for (const id of [2, 1]) {
    await session.ask(`DONE ${id} result=${id}`);
    await queue.clock.elapse(1_000);
  }
  await queue[Symbol.asyncDispose]();

  await using again = await testQueue({
    store,
    clock: queue.clock,
    maxResults: 2,
    resultTime: MINUTE,
  });
  const other = await again.session();
  assertEquals(await other.ask("WAIT 1"), "OK {1}\n1");
  await other.ask("DONE 3 result=3");
  assertMatch(await other.ask("WAIT 2"), /^ERR not-found /);
  for (const id of [1, 3]) assertEquals(await other.ask(`WAIT ${id}`), `OK {1}\n${id}`);
  await queue.clock.elapse(MINUTE - 1_000);
  assertMatch(await other.ask("WAIT 1"), /^ERR not-found /);
  assertEquals(await other.ask("WAIT 3"), "OK {1}\n3");
});

Deno.test("WAIT tells why no result will come", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  const waiter = await queue.session();
  const fails = async (why: string, how: () => Promise<unknown>, options = ""): Promise<void> => {
    const id = Number((await session.ask(`PUT mail x ${options}`)).slice(6));
    await waiter.send(`WAIT ${id}\n`);
    await queue.clock.elapse(1);
    await session.ask("TAKE mail lease=10s");
    await how();
    assertEquals(await waiter.reply(), `ERR dead "Job ${id} ${why}"`);
    assertEquals(queue.figure("queue-waiting-results"), 0);
  };
  await fails("is dead: boom", () => session.ask("FAIL 1 reason=boom"), "attempts=1");
  assertEquals(await session.ask("WAIT 1"), 'ERR dead "Job 1 is dead: boom"');
  await fails("is dead.", () => session.ask("FAIL 2 dead=yes"));
  await fails("is dead: The lease ran out.", () => queue.clock.elapse(10_000), "attempts=1");
  await fails("was dropped.", () => session.ask("DROP 4"));
  await fails("was purged.", () => session.ask("PURGE mail state=taken"));
  await fails("expired.", async () => {
    await session.ask("FAIL 6 retry=1h");
    await queue.clock.elapse(2_000);
  }, "expires=2s");
});

Deno.test("a cancelled or expired WAIT leaves no trace; until then it counts as waiting", async () => {
  await using queue = await testQueue({ maxTakers: 2 });
  const session = await queue.session();
  await session.ask("PUT mail x");
  await session.send("#a WAIT 1\n#b WAIT 1 within=1s\n");
  await queue.clock.elapse(1);
  assertMatch(await session.ask("WAIT 1"), /^ERR busy "2 requests wait for a job/);
  await session.send("CANCEL a\n");
  assertMatch(await session.reply(), /^#a ERR cancelled /);
  assertEquals(await session.reply(), "OK");
  await queue.clock.elapse(1_100);
  assertMatch(await session.reply(), /^#b ERR expired /);
  assertEquals(queue.figure("queue-waiting-results"), 0);
  await session.ask("TAKE mail");
  assertEquals(await session.ask("DONE 1 result=x"), "OK");
});

Deno.test("WAIT is not answered before the result is stored", async () => {
  const memory = memoryStore();
  let hold: PromiseWithResolvers<void> | undefined = undefined;
  const store: Store = {
    ...memory,
    async commit(changes) {
      await hold?.promise;
      await memory.commit(changes);
    },
  };
  await using queue = await testQueue({ store });
  const session = await queue.session();
  const waiter = await queue.session();
  await session.ask("PUT mail x result=keep");
  await session.ask("TAKE mail");
  await waiter.send("WAIT 1\n");
  await queue.clock.elapse(1);
  hold = Promise.withResolvers();
  await session.send("DONE 1 result=42\n");
  await queue.clock.elapse(1);
  await waiter.send("WAIT 1\n");
  waiter.listen();
  await queue.clock.elapse(10);
  assertEquals(waiter.take(), "");
  hold.resolve();
  assertEquals([await waiter.reply(), await waiter.reply()], ["OK {2}\n42", "OK {2}\n42"]);
});

Deno.test("DONE and FAIL change all jobs that they name, or none", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (let i = 0; i < 6; i++) await session.ask(`PUT mail x attempts=${i === 0 ? 1 : 2}`);
  await session.ask("TAKE mail max=5");
  assertMatch(await session.ask("DONE 1 2 6"), /^ERR not-taken "Job 6 is not taken/);
  assertMatch(await session.ask("FAIL 1 9"), /^ERR not-found "There is no job 9/);
  assertMatch(
    await session.ask("DONE 1 2 attempt=1"),
    /^ERR not-taken "attempt= is the attempt of a single/,
  );
  assertMatch(await session.ask("DONE 1 result=a {1}\nb"), /^ERR bad-arguments "DONE takes the/);
  assertStringIncludes(await session.ask("QUEUES"), "ready=1 taken=5");
  assertEquals(await session.ask("FAIL 1 2 reason=why"), "OK delayed=0 ready=1 dead=1");
  assertEquals(await session.ask("FAIL 3 retry=1m"), "OK state=delayed");
  assertEquals(await session.ask("DONE 4 5 4"), "OK");
  assertStringIncludes(await session.ask("QUEUES"), "delayed=1 ready=2 taken=0 dead=1");
});
