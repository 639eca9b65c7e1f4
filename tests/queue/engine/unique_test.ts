import { memoryStore, type Store } from "@lineup/lineup/queue";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { testQueue } from "../../test_queue.ts";

Deno.test("PUT id= puts no second job of its name, for any state of the first", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  assertEquals(await session.ask("PUT mail x id=order-1 delay=1s attempts=1"), "OK id=1");
  const duplicate = "OK id=1 duplicate=yes";
  assertEquals(await session.ask("PUT mail y id=order-1"), duplicate);
  assertEquals(await session.ask("PUT news x id=order-1"), "OK id=2");
  assertEquals(await session.ask("PUT mail x id=order-2"), "OK id=3");
  await queue.clock.elapse(1_000);
  assertEquals(await session.ask("PUT mail y id=order-1"), duplicate);
  await session.ask("TAKE mail max=2");
  assertEquals(await session.ask("PUT mail y id=order-1"), duplicate);
  await session.ask("FAIL 1");
  assertEquals(await session.ask("PUT mail y id=order-1"), duplicate);
  assertStringIncludes(await session.ask("JOB 1"), "state=dead attempt=1");
  assertStringIncludes(await session.ask("JOB 1"), " unique=order-1 ");
  await session.ask("DROP 1");
  assertEquals(await session.ask("PUT mail y id=order-1"), "OK id=4");
});

Deno.test("the name of PUT id= is free again once the job is done, or its result is forgotten", async () => {
  await using queue = await testQueue({ resultTime: 10_000 });
  const session = await queue.session();
  await session.ask("PUT mail x id=a");
  await session.ask("PUT mail x id=b result=keep");
  await session.ask("TAKE mail max=2");
  await session.ask("DONE 1 2");
  assertEquals(await session.ask("PUT mail x id=a"), "OK id=3");
  assertEquals(await session.ask("PUT mail x id=b"), "OK id=2 duplicate=yes");
  await queue.clock.elapse(10_000);
  assertEquals(await session.ask("PUT mail x id=b"), "OK id=4");
});

Deno.test("PUT id= is not answered as a duplicate before the first is stored, and outlives a restart", async () => {
  const memory = memoryStore();
  let hold: PromiseWithResolvers<void> | undefined = undefined;
  const store: Store = {
    ...memory,
    async commit(changes) {
      await hold?.promise;
      await memory.commit(changes);
    },
    close: () => Promise.resolve(),
  };
  await using queue = await testQueue({ store });
  const session = await queue.session();
  hold = Promise.withResolvers();
  await session.send("#a PUT mail x id=a\n");
  await queue.clock.elapse(1);
  // The first batch is being written now, and no other batch gathers behind it.
  const other = await queue.session();
  other.listen();
  await other.send("#b PUT mail x id=a\n");
  await queue.clock.elapse(10);
  assertEquals(other.take(), "");
  hold.resolve();
  assertEquals([await session.reply(), await other.reply()], [
    "#a OK id=1",
    "#b OK id=1 duplicate=yes",
  ]);

  await using again = await testQueue({ store, clock: queue.clock });
  const later = await again.session();
  assertEquals(await later.ask("PUT mail x id=a"), "OK id=1 duplicate=yes");
});
