import { memoryStore } from "@lineup/lineup/queue";
import { assert, assertEquals } from "@std/assert";
import { testQueue } from "../../test_queue.ts";
import { job, put } from "../../../queue/store/conformance/samples.ts";
import type { RawClient } from "../../raw_client.ts";

async function filled(queues: readonly string[], each: number) {
  const store = memoryStore();
  await store.commit(
    Array.from(
      { length: each * queues.length },
      (_, at) => put(job(at + 1, { queue: queues[at % queues.length] })),
    ),
  );
  return store;
}

async function take(session: RawClient, queues: string, max: number): Promise<string> {
  const reply = await session.ask(`TAKE ${queues} max=${max} lease=1h`);
  return [...reply.matchAll(/ queue=(\S+)/g)].map(([, queue]) => queue).join("");
}

Deno.test("the queues that a TAKE names take turns from one TAKE to the next", async () => {
  await using queue = await testQueue({ store: await filled(["a", "b", "c"], 100) });
  const session = await queue.session();
  const other = await queue.session();
  let taken = "";
  for (let i = 0; i < 6; i++) taken += await take(i % 2 === 0 ? session : other, "a b c", 1);
  assertEquals(taken, "abcabc");
  assertEquals(await take(session, "c b a", 7), "cbacbac");
  // Turns of other TAKEs among other queues change nothing.
  assertEquals(await take(session, "a b", 4), "abab");
  assertEquals(await take(session, "a", 9), "aaaaaaaaa");
  assertEquals(await take(session, "a b c", 2), "ab");
});

Deno.test("TAKE gives a queue no credit for the time in which it was empty", async () => {
  await using queue = await testQueue({ store: await filled(["a", "b"], 50) });
  const session = await queue.session();
  assertEquals(await take(session, "a b late", 20), "ab".repeat(10));
  for (let i = 0; i < 10; i++) await session.ask("PUT late x");
  const taken = await take(session, "a b late", 12);
  assertEquals(taken.replaceAll("late", "c").split("").sort().join(""), "aaaabbbbcccc");
});

Deno.test("LIMIT weight= of a queue is its share in a TAKE of several", async () => {
  await using queue = await testQueue({ store: await filled(["a", "b"], 2_000) });
  const session = await queue.session();
  await session.ask("LIMIT a weight=3");
  const counts = { a: 0, b: 0 };
  for (let i = 0; i < 20; i++) {
    for (const name of await take(session, "b a", 100)) counts[name as "a" | "b"]++;
  }
  assert(Math.abs(counts.a / counts.b - 3) < 0.06, JSON.stringify(counts));
});

Deno.test("TAKE skips a queue that is paused or at its limit of running jobs", async () => {
  await using queue = await testQueue({ store: await filled(["a", "b", "c"], 9) });
  const session = await queue.session();
  await session.ask("PAUSE a");
  await session.ask("LIMIT b running=2");
  assertEquals(await take(session, "a b c", 7), "bcbcccc");
  await session.ask("RESUME a");
  assertEquals(await take(session, "a b c", 6), "aacaca");
});
