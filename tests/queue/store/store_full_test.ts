// A store suddenly has no room for new jobs. They are dropped, and commands that make room still work.

import { memoryStore, type Store, StoreFull } from "@lineup/lineup/queue";
import { assertEquals, assertMatch } from "@std/assert";
import { testQueue } from "../../test_queue.ts";

/** A store that refuses new jobs while it is full. */
function filling(): { store: Store; full: (is: boolean) => void } {
  const memory = memoryStore();
  let isFull = false;
  const commit: Store["commit"] = async (...args) => {
    if (isFull && args[0].some(({ kind }) => kind === "put")) throw new StoreFull("no space left");
    await memory.commit(...args);
  };
  return {
    store: { ...memory, commit, close: () => Promise.resolve() },
    full: (is) => isFull = is,
  };
}

const FULL =
  /^ERR internal "The disk is full, so new jobs are not kept; DONE, DROP and PURGE make room\." executed=maybe incident=[0-9a-f]{8}$/;

Deno.test("openQueue drops new jobs for which its store has no room, and goes on with the others", async () => {
  const { store, full } = filling();
  await using queue = await testQueue({ store });
  const { clock } = queue;
  const session = await queue.session();
  const other = await queue.session();
  for (let i = 0; i < 4; i++) await session.ask(`PUT mail job-${i}`);
  await session.ask("LIMIT mail running=3");
  await session.ask("TAKE mail max=2");
  full(true);
  // One batch has new jobs, a job that is done, and a job that is taken as soon as it exists.
  await session.send("PUT mail new id=once\nDONE 1\nPUT fresh x\n");
  await other.send("TAKE fresh\n");
  const replies = [await session.reply(), await session.reply(), await session.reply()];
  assertMatch(replies[0], FULL);
  assertMatch(replies[2], FULL);
  await other.reply();
  assertEquals(queue.figure("queue-read-only"), 0);
  assertMatch(await session.ask("JOB 5"), /^ERR not-found/);
  assertMatch(await session.ask("JOB 1"), /^ERR not-found/);
  assertEquals(await session.ask("DONE 2"), "OK");
  assertMatch(await session.ask("TAKE mail max=9"), /^\* id=3 .*\n.*\n\* id=4 .*\n.*\nOK count=2$/);
  assertEquals(await session.ask("DROP 3"), "OK");
  assertEquals(await session.ask("QUEUE fresh top=0"), await session.ask("QUEUE never top=0"));
  assertEquals(queue.logged.map(({ message }) => message.replace(/\d+/, "N")).slice(0, 1), [
    "no room in the store, N new jobs are given up",
  ]);
  full(false);
  assertMatch(await session.ask("PUT mail again id=once"), /^OK id=\d+$/);
  assertEquals(await session.ask("DONE 4"), "OK");
  const jobs = await session.ask("LIST mail");
  assertMatch(jobs, /^\* id=\d+ .* unique=once .*\nOK count=1$/);

  await using again = await testQueue({ store, clock });
  assertEquals(await (await again.session()).ask("LIST mail"), jobs);
  assertEquals(again.figure("queue-queues"), queue.figure("queue-queues"));
});

Deno.test("openQueue answers the WAITs for a job that was dropped", async () => {
  const { store, full } = filling();
  await using queue = await testQueue({ store });
  const [session, other] = [await queue.session(), await queue.session()];
  await session.ask("PUT mail first");
  full(true);
  await session.send("PUT mail x\n");
  await other.send("WAIT 2\n");
  assertMatch(await session.reply(), FULL);
  assertMatch(await other.reply(), /^ERR (?:dead "Job 2 was not kept|not-found)/);
});
