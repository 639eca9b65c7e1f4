import { memoryStore, type Store } from "@lineup/lineup/queue";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { served } from "./session.ts";

/** A store whose commits fail once it is told to. */
function failing(): { store: Store; fail: () => void } {
  const memory = memoryStore();
  let failed = false;
  const commit: Store["commit"] = (changes) =>
    failed ? Promise.reject(new Error("disk full")) : memory.commit(changes);
  return { store: { ...memory, commit }, fail: () => failed = true };
}

Deno.test("openQueue turns read-only when its store fails, and says so everywhere", async () => {
  const { store, fail } = failing();
  await using queue = await served({ store });
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
    [["store failed, queue is read-only", "disk full"]],
  );
});

Deno.test("openQueue refuses those that wait for a job when its store fails", async () => {
  const { store, fail } = failing();
  await using queue = await served({ store });
  const session = await queue.session();
  await session.send("#a TAKE mail wait=1h\n#b TAKE mail wait=1h\n");
  await queue.clock.elapse(1);
  fail();
  assertMatch(await session.ask("PUT news x"), /^ERR internal /);
  assertMatch(await session.reply(), /^#a ERR read-only /);
  assertMatch(await session.reply(), /^#b ERR read-only /);
  assertEquals(queue.figure("queue-takers"), 0);
});

Deno.test("TAKE answers internal where the store cannot read a body, and others go on", async () => {
  const memory = memoryStore();
  const store: Store = { ...memory, close: () => Promise.resolve() };
  {
    await using queue = await served({ store });
    const session = await queue.session();
    await session.ask("PUT mail hello");
  }
  const bodies: Store["bodies"] = () => Promise.reject(new Error("bad sector"));
  await using queue = await served({ store: { ...store, bodies } });
  const session = await queue.session();
  assertMatch(await session.ask("TAKE mail"), /^ERR internal .* incident=/);
  assertMatch(await session.ask("JOB 1"), /^ERR internal .* incident=/);
  assertEquals(await session.ask("PUT mail world"), "OK id=2");
  assertStringIncludes(await session.ask("TAKE mail"), "world");
});
