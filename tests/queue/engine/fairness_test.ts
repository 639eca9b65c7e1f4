import { memoryStore, type Store } from "@lineup/lineup/queue";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { testQueue } from "../../test_queue.ts";
import { job, put } from "../../../queue/store/conformance/samples.ts";
import type { RawClient } from "../../raw_client.ts";

/** A store with `count` ready jobs in this order. `of` returns the options of each. */
async function filled(count: number, of: (at: number) => Partial<Parameters<typeof put>[0]>) {
  const store = memoryStore();
  await store.commit(Array.from({ length: count }, (_, at) => put(job(at + 1, of(at)))));
  return store;
}

/** Takes the next jobs. Resolves with their ids. */
async function take(session: RawClient, max: number): Promise<number[]> {
  const reply = await session.ask(`TAKE mail max=${max} lease=1h`);
  return [...reply.matchAll(/^\* id=(\d+) /gm)].map(([, id]) => Number(id));
}

Deno.test("TAKE gives all 10 jobs of a key among the first 25, with 10,000 jobs of another key", async () => {
  const store = await filled(10_010, (at) => ({ key: at < 10_000 ? "large" : "small" }));
  await using queue = await testQueue({ store });
  const ids = await take(await queue.session(), 25);
  assertEquals(ids.filter((id) => id > 10_000).length, 10);
});

Deno.test("TAKE gives jobs of keys in turn, each key first in, first out", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (const key of ["a", "a", "b", "a", "b", "", "b", "", ""]) {
    await session.ask(`PUT mail x${key === "" ? "" : ` key=${key}`}`);
  }
  assertEquals(await take(session, 9), [1, 3, 6, 2, 5, 8, 4, 7, 9]);
});

Deno.test("TAKE gives every priority its share, at any time and in the long run", async () => {
  const store = await filled(12_000, (at) => ({ priority: at % 10, key: `key-${at % 7}` }));
  await using queue = await testQueue({ store });
  const session = await queue.session();
  const weights = Array.from({ length: 10 }, (_, priority) => 2 ** (9 - priority));
  const counts = weights.map(() => 0);
  const all = 2 * 1_023;
  for (let taken = 0; taken < all;) {
    const ids = await take(session, Math.min(100, all - taken));
    taken += ids.length;
    for (const id of ids) counts[(id - 1) % 10]++;
    // The bound of start-time fair queuing, in jobs of the lowest priority.
    for (const [p, w] of weights.entries()) {
      for (const [q, v] of weights.entries()) {
        assert(
          Math.abs(counts[p] / w - counts[q] / v) <= 1 / w + 1 / v,
          `${p} and ${q}: ${counts}`,
        );
      }
    }
  }
  assertEquals(counts, weights.map((weight) => 2 * weight));
});

Deno.test("TAKE does not starve a priority while single jobs of a lower number keep coming", async () => {
  const store = await filled(3, () => ({ priority: 9 }));
  await using queue = await testQueue({ store });
  const session = await queue.session();
  let low = 0;
  for (let i = 0; i < 1_100; i++) {
    await session.ask("PUT mail x priority=0");
    if ((await take(session, 1))[0] <= 3) low++;
  }
  assertEquals(low, 2);
});

Deno.test("a cancelled TAKE costs a key neither its turn nor its order", async () => {
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
  for (const key of ["a", "a", "b", "c", "c"]) await session.ask(`PUT mail x key=${key}`);
  assertEquals(await take(session, 1), [1]);
  hold = Promise.withResolvers();
  await session.send("#t TAKE mail\nCANCEL t\n");
  assertMatch(await session.reply(), /^#t ERR cancelled/);
  assertEquals(await session.reply(), "OK");
  hold.resolve();
  await queue.clock.elapse(1);
  assertEquals(await take(session, 5), [4, 3, 2, 5]);
});

Deno.test("TAKE gives a job that failed, or whose lease ran out, behind the others of its key", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (const key of ["a", "a", "a", "b"]) await session.ask(`PUT mail x lease=1m key=${key}`);
  await session.ask("TAKE mail");
  await queue.clock.elapse(1);
  await session.ask("FAIL 1");
  await session.ask("TAKE mail max=2 lease=10s");
  await queue.clock.elapse(10_000);
  const order = await take(session, 4);
  assertEquals(order.filter((id) => id !== 4), [3, 1, 2]);
});

Deno.test("QUEUES tells the oldest of all priorities and keys as jobs come and go", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  const oldest = async () => / oldest=(\S+)/.exec(await session.ask("QUEUES"))?.[1];
  for (const options of ["key=a priority=9", "key=b", "key=a", "key=c priority=0"]) {
    await session.ask(`PUT mail x ${options}`);
    await queue.clock.elapse(1_000);
  }
  assertEquals(await oldest(), "4s");
  assertEquals(await take(session, 3), [4, 2, 3]);
  assertEquals(await oldest(), "4s");
  await session.ask("FAIL 2");
  await queue.clock.elapse(1_000);
  assertEquals(await take(session, 1), [2]);
  assertEquals(await take(session, 1), [1]);
  assertEquals(await oldest(), undefined);
  assertEquals(await session.ask("FAIL 3"), "OK state=ready");
  assertEquals(await oldest(), "0ms");
});
