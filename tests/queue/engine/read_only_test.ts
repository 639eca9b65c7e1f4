import { memoryStore, type Store, StoreUnreachable } from "@lineup/lineup/queue";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { testQueue } from "../../test_queue.ts";

/** A store whose commits fail while the test says so. `torn` commits are stored nevertheless. */
function failing(): {
  store: Store;
  fail: (torn?: boolean) => void;
  work: () => void;
  asked: () => number;
} {
  const memory = memoryStore();
  let failed: "no" | "yes" | "torn" = "no";
  let asked = 0;
  const commit: Store["commit"] = async (changes) => {
    asked++;
    if (failed !== "yes") await memory.commit(changes);
    if (failed !== "no") throw new Error("disk full");
  };
  return {
    store: { ...memory, commit, close: () => Promise.resolve() },
    fail: (torn = false) => failed = torn ? "torn" : "yes",
    work: () => failed = "no",
    asked: () => asked,
  };
}

Deno.test("openQueue turns read-only when its store fails, and reports it everywhere", async () => {
  const { store, fail } = failing();
  await using queue = await testQueue({ store });
  const session = await queue.session();
  const other = await queue.session();
  await session.ask("PUT mail stored");
  await session.ask("PUT mail taken");
  await session.ask("TAKE mail");
  await other.send("TAKE news wait=1h\n");
  await queue.clock.elapse(1);
  fail();

  await session.send("PUT mail a\nPUT mail b\nDONE 1\nPUT news c\n");
  for (let i = 0; i < 4; i++) {
    assertMatch(
      await session.reply(),
      /^ERR internal "The store failed, .*" executed=maybe incident=[0-9a-f]{8}$/,
    );
  }
  assertMatch(await other.reply(), /^ERR internal /);
  for (
    const request of [
      "PUT mail x",
      "TAKE mail",
      "TAKE mail wait=1h",
      "DONE 1",
      "FAIL 1",
      "EXTEND 1",
    ]
  ) {
    assertMatch(await session.ask(request), /^ERR read-only "The store failed, /, request);
  }
  assertMatch(await session.ask("QUEUES"), /\nOK count=\d read-only=yes$/);
  assertStringIncludes(await session.ask("JOB 2"), "state=ready");
  assertEquals(queue.figure("queue-read-only"), 1);
  assertEquals(
    queue.logged.map(({ message, error }) => [message, (error as Error).message]),
    [["store failed, queue is read-only until it works again", "disk full"]],
  );
});

Deno.test("openQueue refuses waiting TAKEs when its store fails", async () => {
  const { store, fail } = failing();
  await using queue = await testQueue({ store });
  const session = await queue.session();
  await session.send("#a TAKE mail wait=1h\n#b TAKE mail wait=1h\n");
  await queue.clock.elapse(1);
  fail();
  assertMatch(await session.ask("PUT news x"), /^ERR internal /);
  assertMatch(await session.reply(), /^#a ERR read-only /);
  assertMatch(await session.reply(), /^#b ERR read-only /);
  assertEquals(queue.figure("queue-takers"), 0);
});

Deno.test("openQueue goes on once its store works again, and has lost nothing", async () => {
  for (const torn of [false, true]) {
    const { store, fail, work, asked } = failing();
    await using queue = await testQueue({ store });
    const { clock } = queue;
    const session = await queue.session();
    await session.ask("PUT mail first");
    await session.ask("PUT mail expiring expires=1s");
    await session.ask("TAKE mail");
    fail(torn);
    assertMatch(await session.ask("PUT mail second key=acme"), /^ERR internal .*executed=maybe/);
    assertMatch(await session.ask("DONE 1"), /^ERR read-only .* retry=1000$/);
    const before = asked();
    await clock.elapse(60_000);
    // The pauses are 100 ms, then twice as long each time, up to 10 s.
    assertEquals(asked() - before, 11);
    assertMatch(await session.ask("PUT mail x"), /^ERR read-only /);
    work();
    await clock.elapse(10_000);
    assertEquals(queue.figure("queue-read-only"), 0);
    assertEquals(queue.logged.at(-1)?.message, "store works again, queue is no longer read-only");
    assertEquals(queue.logged.length, 2);
    assertMatch(await session.ask("DONE 1"), /^ERR not-taken/);
    assertEquals(await session.ask("PUT mail third"), "OK id=4");
    const jobs = await session.ask("LIST mail");
    assertEquals([...jobs.matchAll(/^\* id=(\d+)/gm)].map(([, id]) => id).join(), "1,3,4");

    await using again = await testQueue({ store, clock });
    const other = await again.session();
    assertEquals(await other.ask("LIST mail"), jobs);
    assertStringIncludes(await other.ask("TAKE mail max=3"), "key=acme");
  }
});

Deno.test("openQueue tries a last time when it is closed while its store fails, and reports the loss", async () => {
  const { store, fail } = failing();
  const queue = await testQueue({ store });
  const session = await queue.session();
  fail();
  await session.ask("PUT mail x");
  await queue[Symbol.asyncDispose]();
  assertEquals(queue.logged.at(-1)?.message, "store still fails, 1 changes are lost");
});

Deno.test("TAKE makes a job with an unreadable body dead, and gives the others", async () => {
  const memory = memoryStore();
  const store: Store = { ...memory, close: () => Promise.resolve() };
  {
    await using queue = await testQueue({ store });
    const session = await queue.session();
    for (const body of ["one", "two", "three"]) await session.ask(`PUT mail ${body}`);
  }
  const bodies: Store["bodies"] = (ids) =>
    ids.includes(2) ? Promise.reject(new Error("bad sector")) : memory.bodies(ids);
  await using queue = await testQueue({ store: { ...store, bodies } });
  const session = await queue.session();
  assertEquals(
    await session.ask("TAKE mail max=3"),
    "* id=1 queue=mail attempt=1 lease=60s {3}\none\n" +
      "* id=3 queue=mail attempt=1 lease=60s {5}\nthree\nOK count=2",
  );
  assertMatch(
    await session.ask("LIST mail state=dead"),
    /^\* id=2 .* reason="Its body cannot be read: bad sector\."/,
  );
  assertMatch(await session.ask("JOB 2"), /^ERR internal .* incident=/);
  assertEquals(
    queue.logged.filter(({ job }) => job === 2).map(({ message }) => message),
    ["body cannot be read, job is dead"],
  );
  assertEquals(await session.ask("REVIVE 2"), "OK count=1");
  await session.send("#w TAKE mail wait=1h\n");
  await queue.clock.elapse(10);
  assertEquals(await session.ask("PUT mail four"), "OK id=4");
  assertStringIncludes(await session.reply(), "#w * id=4 ");
});

Deno.test("TAKE does not touch a new job in the slot of one that was dropped while its body was read", async () => {
  const memory = memoryStore();
  const store: Store = { ...memory, close: () => Promise.resolve() };
  {
    await using queue = await testQueue({ store });
    await (await queue.session()).ask("PUT mail one");
  }
  const read = Promise.withResolvers<never>();
  const bodies: Store["bodies"] = (ids) => ids.includes(1) ? read.promise : memory.bodies(ids);
  await using queue = await testQueue({ store: { ...store, bodies } });
  const [session, other] = [await queue.session(), await queue.session()];
  await session.send("TAKE mail\n");
  await queue.clock.elapse(1);
  assertEquals(await other.ask("DROP 1"), "OK");
  assertEquals(await other.ask("PUT mail two"), "OK id=2");
  assertEquals(
    await other.ask("TAKE mail"),
    "* id=2 queue=mail attempt=1 lease=60s {3}\ntwo\nOK count=1",
  );
  read.reject(new Error("bad sector"));
  assertEquals(await session.reply(), "OK count=0");
  assertEquals(await other.ask("DONE 2 attempt=1"), "OK");
});

Deno.test("a store that cannot be reached kills no job, and skips no time of a schedule", async () => {
  const memory = memoryStore();
  const lasting: Store = { ...memory, close: () => Promise.resolve() };
  const clock = new VirtualClock();
  {
    await using before = await testQueue({ clock, store: lasting });
    const session = await before.session();
    await session.ask("PUT mail hello attempts=1");
    await session.ask("EVERY hourly news paper interval=1h");
  }
  let isAway = true;
  const away = (): Promise<never> => Promise.reject(new StoreUnreachable("away"));
  await using queue = await testQueue({
    clock,
    store: {
      ...lasting,
      bodies: (ids) => isAway ? away() : memory.bodies(ids),
      scheduleBodies: (names) => isAway ? away() : memory.scheduleBodies(names),
    },
  });
  const session = await queue.session();
  assertStringIncludes(await session.ask("TAKE mail"), "ERR read-only ");
  await queue.clock.elapse(3_600_000);
  isAway = false;
  assertStringIncludes(await session.ask("TAKE mail"), "* id=1 queue=mail attempt=1 ");
  await queue.clock.elapse(60_000);
  assertStringIncludes(await session.ask("TAKE news"), "* id=2 queue=news attempt=1 ");
});
