// Commits that arrive late, connections that break, and servers that were taken over: nothing that is done comes back, and
// nothing is changed by a server that does not own the queue.

import { type Change, openQueue, postgresStore, type Store, StoreLost } from "@lineup/lineup/queue";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { job, progress, put } from "../../../queue/store/conformance/samples.ts";
import { type Cluster, startCluster, UNSAFE } from "./cluster.ts";
import { startProxy } from "./proxy.ts";

let cluster: Cluster;
Deno.test.beforeAll(async () => {
  cluster = await startCluster(UNSAFE);
});
Deno.test.afterAll(async () => await cluster[Symbol.asyncDispose]());

/** How long a server of these tests is waited for before another takes over, in ms. */
const TAKEOVER = 800;

async function idsOf(store: Store): Promise<number[]> {
  return (await Array.fromAsync(store.load())).map(({ id }) => id);
}

function drop(id: number): Change {
  return { kind: "drop", id };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let look = 0; look < 1000; look++) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it is not so after 10 s");
}

for (const direction of ["requests", "answers"] as const) {
  Deno.test(`a commit whose ${direction} are late brings no job back that is done`, async () => {
    const url = await cluster.newDatabase();
    await using proxy = startProxy(cluster.port);
    const store = await postgresStore(url.replace(String(cluster.port), String(proxy.port)));
    await store.commit([put(job(1))]);

    proxy.hold(direction);
    const moved = store.commit([put(job(2)), { kind: "move", id: 1, progress }]);
    await until(() => proxy.isHolding);
    proxy.cutClients();
    // The second attempt goes by a connection of its own.
    await moved;
    assertEquals(await idsOf(store), [1, 2]);
    await store.commit([drop(1), drop(2)]);
    proxy.letGo();
    // Behind the statement that was late, if it came at all.
    await cluster.sql("select pg_sleep(0.3)");
    assertEquals(await idsOf(store), []);
    assertEquals(await store.lastId(), 2);
    await store.close();
  });
}

Deno.test("backends are ended at random: every commit is made, once", async () => {
  const url = await cluster.newDatabase();
  const database = new URL(url).pathname.slice(1);
  const store = await postgresStore(url);
  const expected = new Set<number>();
  let isDone = false;
  const killing = (async () => {
    while (!isDone) {
      await cluster.sql(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`,
      );
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  })();
  let failures = 0;
  for (let id = 1; id <= 300; id++) {
    const changes = [put(job(id)), ...id % 3 === 0 ? [drop(id - 1)] : []];
    // As the journal does: what may have been made is made again.
    for (;;) {
      try {
        await store.commit(changes);
        break;
      } catch (error) {
        assert(!(error instanceof StoreLost), String(error));
        failures++;
      }
    }
    expected.add(id);
    if (id % 3 === 0) expected.delete(id - 1);
  }
  isDone = true;
  await killing;
  assertEquals(await idsOf(store), [...expected]);
  assert(failures < 30, `${failures} commits failed twice`);
  await store.close();
});

Deno.test("a database that crashes has all that was told as stored", async () => {
  const url = await cluster.newDatabase();
  const store = await postgresStore(url);
  await store.commit([put(job(1)), put(job(2))]);
  await cluster.stop("immediate");
  await assertRejects(() => store.commit([put(job(3))]), Error, "nothing listens there");
  await cluster.start();
  await store.commit([put(job(3)), drop(1)]);
  assertEquals(await idsOf(store), [2, 3]);
  await store.close();
});

Deno.test("a server that cannot reach its database answers nothing, and is lost to the next", async () => {
  const url = await cluster.newDatabase();
  await using proxy = startProxy(cluster.port);
  const first = await postgresStore(url.replace(String(cluster.port), String(proxy.port)), {
    takeover: TAKEOVER,
  });
  await first.commit([put(job(1))]);
  const ownership = first.ownership!;
  assert(ownership.holds);
  proxy.stall();
  const stalled = performance.now();
  const sure = (async () => {
    await until(() => !ownership.holds);
    return performance.now() - stalled;
  })();
  const second = await postgresStore(url, { takeover: TAKEOVER });
  const passed = performance.now() - stalled;
  // Before anybody else may answer.
  assert(await sure < passed, `${await sure} ms, and the next began after ${passed} ms`);
  assert(passed < 2 * TAKEOVER, `the next began after ${passed} ms`);
  assertEquals(await idsOf(second), [1]);
  await second.commit([drop(1), put(job(2))]);

  proxy.letGo();
  await assertRejects(
    () => first.commit([put(job(1)), put(job(3))]),
    StoreLost,
    "another server has taken over",
  );
  assertEquals((await ownership.lost).message, "another server has taken over");
  await assertRejects(() => first.commit([put(job(4))]), StoreLost);
  assertEquals(await idsOf(second), [2]);
  await first.close();
  await second.commit([drop(2)]);
  await second.close();
});

Deno.test("a queue that is idle notices that it was taken over", async () => {
  const url = await cluster.newDatabase();
  const database = new URL(url).pathname.slice(1);
  const messages: string[] = [];
  const queue = await openQueue({
    store: await postgresStore(url, { takeover: TAKEOVER }),
    log: ({ message }) => messages.push(message),
  });
  await cluster.sql("delete from lineup.node", database);
  assertEquals((await queue.lost)?.message, "another server has taken over");
  await until(() => messages.length > 0);
  assertEquals(messages, [
    "the store belongs to another server, and nothing more is changed in it",
  ]);
  assertEquals(await queue.close(), 0);
});

Deno.test("a database that was restored or failed over is not gone on with", async () => {
  const url = await cluster.newDatabase();
  const database = new URL(url).pathname.slice(1);
  const store = await postgresStore(url);
  await store.commit([put(job(1))]);
  // Another timeline, as the store sees it: that of its memory.
  await cluster.stop("fast");
  await cluster.newTimeline();
  await cluster.start();
  await assertRejects(() => store.commit([put(job(2))]), StoreLost, "was restored or failed over");
  await store.close();
  assertEquals(await cluster.sql("select id from lineup.job", database), [["1"]]);
});
