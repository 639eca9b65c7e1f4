import { memoryStore } from "@lineup/lineup/queue";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { SEED, seededRandom } from "../../seeded_random.ts";
import { testQueue } from "../../test_queue.ts";
import { job, put } from "../../../queue/store/conformance/samples.ts";
import type { RawClient } from "../../raw_client.ts";

/** The ids of a page, and the beginning of the next one. */
async function page(session: RawClient, request: string): Promise<[number[], number | undefined]> {
  const reply = await session.ask(request);
  const ids = [...reply.matchAll(/^\* id=(\d+) /gm)].map(([, id]) => Number(id));
  const [, count, after] = /^OK count=(\d+)(?: after=(\d+))?$/m.exec(reply)!;
  assertEquals(Number(count), ids.length);
  return [ids, after === undefined ? undefined : Number(after)];
}

Deno.test("LIST returns each job once, page by page, while other jobs come and go", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  const random = seededRandom(SEED);
  for (let i = 0; i < 1_200; i++) {
    const queueName = random() < 0.8 ? "mail" : "news";
    await session.ask(`PUT ${queueName} x key=k${i % 3}`);
  }
  const [before] = await page(session, "LIST mail max=1000");
  const gone = new Set<number>();
  const seen: number[] = [];
  for (let after: number | undefined = 0; after !== undefined;) {
    const [ids, next]: [number[], number | undefined] = await page(
      session,
      `LIST mail max=${1 + Math.floor(random() * 50)} after=${after}`,
    );
    seen.push(...ids);
    after = next;
    for (let i = 0; i < 5; i++) {
      const id = 1 + Math.floor(random() * 1_200);
      if (before.includes(id) && await session.ask(`DROP ${id}`) === "OK") gone.add(id);
    }
    if (seen.length < 500) await session.ask("PUT mail new");
  }
  assertEquals(new Set(seen).size, seen.length);
  assertEquals(seen.join(), [...seen].sort((a, b) => a - b).join());
  for (const id of before) assert(seen.includes(id) || gone.has(id), `${id} is missing`);
});

Deno.test("LIST visits 10,000 jobs at most, and tells where it stopped", async () => {
  const store = memoryStore();
  await store.commit(
    Array.from({ length: 25_000 }, (_, at) => put(job(at + 1, { key: at < 24_999 ? "a" : "b" }))),
  );
  await using queue = await testQueue({ store });
  const session = await queue.session();
  assertEquals(await page(session, "LIST mail key=b"), [[], 10_000]);
  assertEquals(await page(session, "LIST mail key=b after=10000"), [[], 20_000]);
  assertEquals(await page(session, "LIST mail key=b after=20000"), [[25_000], undefined]);
  assertEquals(await page(session, "LIST mail after=25000"), [[], undefined]);
});

Deno.test("PURGE removes the named jobs that were there, in slices between other requests", async () => {
  const store = memoryStore();
  const count = 20_000;
  await store.commit(
    Array.from({ length: count }, (_, at) => put(job(at + 1, { key: at % 2 === 0 ? "a" : "b" }))),
  );
  await using queue = await testQueue({ store });
  const [session, other] = [await queue.session(), await queue.session()];
  await session.ask("TAKE mail max=10");
  assertEquals(await session.ask("PURGE mail state=taken key=a"), "OK count=5");
  let purged = false;
  const purge = session.ask("PURGE mail key=a").finally(() => purged = true);
  let asked = 0;
  while (!purged) {
    assertMatch(await other.ask("PUT mail x key=a"), /^OK id=/);
    asked++;
    // In memory all this happens in one turn of the event loop.
    await queue.clock.elapse(0);
  }
  assertEquals(await purge, `OK count=${count / 2 - 5}`);
  assert(asked >= 10, `${asked} requests meanwhile`);
  const counts = /ready=(\d+) taken=(\d+)/.exec(await session.ask("QUEUES"))!;
  const ready = count / 2 - 5 + asked;
  // A job that was put before the PURGE began is gone too. There was at most one.
  assert(ready - Number(counts[1]) <= 1, counts[0]);
  assertEquals(counts[2], "5");
});

Deno.test("a cancelled PURGE stops", async () => {
  const store = memoryStore();
  await store.commit(Array.from({ length: 50_000 }, (_, at) => put(job(at + 1))));
  await using queue = await testQueue({ store });
  const session = await queue.session();
  await session.send("#p PURGE mail\nPING\nCANCEL p\n");
  const replies = [await session.reply(), await session.reply(), await session.reply()].join("\n");
  assertMatch(replies, /#p ERR cancelled .*/);
  const { size } = { size: Number(queue.figure("queue-ready")) };
  assert(size > 0);
  // So many turns of the event loop are enough for all jobs.
  for (let turn = 0; turn < 300; turn++) await queue.clock.elapse(0);
  assert(Number(queue.figure("queue-ready")) > size - 2_000);
});

Deno.test("QUEUE tells counts, rates and the keys with most ready jobs", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (let i = 0; i < 60; i++) {
    // k0 has one job, k1 two, and so on.
    for (let k = 0; k <= 10; k++) if (i <= k) await session.ask(`PUT mail x key=k${k}`);
  }
  await session.ask("LIMIT mail key=k10 running=1");
  await session.ask("LIMIT mail rate=1000");
  await session.ask("TAKE mail max=11");
  await session.ask("TAKE mail");
  await session.ask("DROP 66");
  const reply = await session.ask("QUEUE mail top=3");
  const lines = reply.split("\n");
  assertMatch(
    lines[0],
    /^\* key=k10 delayed=0 ready=\d+ taken=1 dead=0 takes-total=1 blocked=running running=1$/,
  );
  const order = lines.slice(0, 3).map((line) => / key=(\S+)/.exec(line)![1]);
  assertEquals(order.join(), "k10,k9,k8");
  assertMatch(
    lines[3],
    /^OK delayed=0 ready=53 taken=12 dead=0 oldest=0ms takers=0 keys=11 puts=1\.1 takes=0\.2 dones=0 fails=0 rate=1000$/,
  );
  await queue.clock.elapse(60_000);
  assertMatch(await session.ask("QUEUE mail top=0"), /^OK .* puts=0\.4 /);
  assertStringIncludes(await session.ask("QUEUE none"), "keys=0 puts=0 ");
});

Deno.test("LIST text= finds jobs by body or name, and looks at 1,000 jobs at most for a page", async () => {
  const store = memoryStore();
  const bodyOf = (id: number): Uint8Array =>
    new TextEncoder().encode(id % 900 === 0 ? `to ada, no. ${id}` : "to bob");
  await store.commit(
    Array.from({ length: 2_500 }, (_, at) =>
      put(
        job(at + 1, { key: at % 2 === 0 ? "a" : "b", unique: at === 2_400 ? "ada-1" : "" }),
        bodyOf(at + 1),
      )),
  );
  await using queue = await testQueue({ store });
  const session = await queue.session();
  assertEquals(await page(session, "LIST mail text=ada"), [[900], 1_000]);
  assertEquals(await page(session, "LIST mail text=ada after=1000"), [[1_800], 2_000]);
  assertEquals(await page(session, "LIST mail text=ada after=2000"), [[2_401], undefined]);
  assertEquals(await page(session, "LIST mail text=ada max=1"), [[900], 900]);
  // Every second job has this key, so a page comes twice as far.
  assertEquals(await page(session, "LIST mail text=ada key=b"), [[900, 1_800], 2_000]);
  assertEquals(await page(session, "LIST mail text=nobody after=2000"), [[], undefined]);
  await session.ask("PUT mail {9}\nçä ada!");
  assertEquals(await page(session, 'LIST mail text="ä ada" after=2400'), [[2_501], undefined]);
});

Deno.test("REVIVE key= revives the dead jobs of one key", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (const key of ["a", "b", "a"]) await session.ask(`PUT mail x attempts=1 key=${key}`);
  await session.ask("TAKE mail max=3");
  await session.ask("FAIL 1 2 3");
  assertEquals(await session.ask("REVIVE mail key=a"), "OK count=2");
  assertEquals((await page(session, "LIST mail state=dead"))[0], [2]);
  assertMatch(await session.ask("REVIVE 2 key=b"), /^ERR bad-arguments "key= goes with/);
});
