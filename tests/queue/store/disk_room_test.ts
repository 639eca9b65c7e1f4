import { openQueue, sqliteStore, type Store } from "@lineup/lineup/queue";
import { memoryStore } from "@lineup/lineup/queue";
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { putSmall, removesSome, rowAttacks } from "./row_attacks.ts";
import { testQueue } from "../../test_queue.ts";
import { job, put } from "../../../queue/store/conformance/samples.ts";
import { LONG } from "../../seeded_random.ts";
import { withDirectory } from "../../temporary_directory.ts";
import type { RawClient } from "../../raw_client.ts";

const MIB = 1 << 20;
// LINEUP_LONG=2 adds larger files, smaller and larger jobs, and attacks.
const SIZES = [[MIB, 20_000], [MIB, 4_000], [4 * MIB, 20_000], [12 * MIB, 900_000]]
  .slice(0, LONG > 1 ? undefined : 1);

/** The bytes of a queue's file and its -wal. */
function sizeOf(path: string): number {
  return ["", "-wal"].reduce((sum, end) => {
    try {
      return sum + Deno.statSync(path + end).size;
    } catch {
      return sum;
    }
  }, 0);
}

/** Puts jobs until there is no room. Resolves with their number. */
async function fill(session: RawClient, size: number, each: () => void): Promise<number> {
  const body = "x".repeat(size);
  for (let puts = 0;; puts++) {
    const reply = await session.ask(`PUT mail {${size}}\n${body}`);
    each();
    if (/^OK id=/.test(reply)) continue;
    assertMatch(
      reply,
      /^ERR busy "The disk, or the size that the queue's file may have, leaves room for \d+ bytes of new jobs; DONE, DROP and PURGE make room\." retry=1000$/,
    );
    return puts;
  }
}

for (const [maxSize, size] of SIZES) {
  Deno.test(`sqliteStore stays within maxSize, here ${maxSize / MIB} MiB of jobs of ${size} bytes`, () =>
    withDirectory(async (directory) => {
      const path = `${directory}/queue.db`;
      const watch = (): void => assert(sizeOf(path) <= maxSize, `${sizeOf(path)} bytes`);
      const options = { maxSize, reserve: 0 };
      let queue = await testQueue({ store: await sqliteStore(path, options) });
      let session = await queue.session();
      const first = await fill(session, size, watch);
      assertGreater(first * size, maxSize / 3);
      assertEquals(queue.logged.map(({ message }) => message), [
        "no room in the store, new jobs are refused until there is some",
      ]);
      assertMatch(await session.ask("STATS"), /^\* queue-store-bytes-left \d+$/m);
      for (const restart of [false, true]) {
        if (restart) {
          await queue[Symbol.asyncDispose]();
          queue = await testQueue({ store: await sqliteStore(path, options) });
          session = await queue.session();
          // A little room is free: the -wal is gone.
          assert(await fill(session, size, watch) <= first / 10);
        }
        const taken = await session.ask("TAKE mail lease=1h");
        const id = / id=(\d+) /.exec(` ${taken}`)?.[1] ?? /^\* id=(\d+)/.exec(taken)![1];
        assertEquals(await session.ask(`FAIL ${id} reason=${"y".repeat(1000)}`), "OK state=ready");
        assertMatch(
          await session.ask("EVERY n mail interval=1h {1000}\n" + "b".repeat(1000)),
          /^(?:ERR busy|OK)/,
        );
        assertEquals(await session.ask("LIMIT mail running=100"), "OK running=100");
        assertMatch(await session.ask("PURGE mail"), /^OK count=\d+$/);
        // Removals go to the -wal, and take room there until the next commit.
        assert(sizeOf(path) <= maxSize + 2 * MIB);
        assertGreater(await fill(session, size, watch), first * 0.7);
      }
      await queue[Symbol.asyncDispose]();
      watch();
    }));
}

// FAIL with reasons takes the same jobs, and makes larger rows.
const ATTACKS = Object.entries(rowAttacks)
  .filter(([name]) => LONG > 1 || !["FAIL", "TAKE alone"].includes(name));
const SMALLEST = LONG > 1 ? [MIB, 4 * MIB] : [MIB];

for (const maxSize of SMALLEST) {
  Deno.test(`sqliteStore of ${maxSize / MIB} MiB at most removes jobs after any attack, after a restart too`, (t) =>
    withDirectory(async (directory) => {
      const options = { maxSize, reserve: 0 };
      const full = `${directory}/full.db`;
      const filled = await testQueue({ store: await sqliteStore(full, options) });
      const jobs = await putSmall(await filled.session(), Infinity);
      await filled[Symbol.asyncDispose]();
      for (const [attack, add] of ATTACKS) {
        await t.step(attack, async () => {
          const path = `${directory}/${attack}.db`;
          await Deno.copyFile(full, path);
          let left = jobs;
          for (let restarts = 0; restarts < 2; restarts++) {
            await using queue = await testQueue({ store: await sqliteStore(path, options) });
            const session = await queue.session();
            if (restarts === 0) left += await putSmall(session, Infinity);
            await add(session);
            left -= await removesSome(session, 100);
            assert(sizeOf(path) <= maxSize + maxSize / 16, `${sizeOf(path)} bytes`);
            if (restarts === 0) continue;
            assertEquals(await session.ask("PURGE mail"), `OK count=${left}`);
            assertMatch(await session.ask("PUT mail x"), /^OK id=/);
            assertMatch(await session.ask("TAKE mail"), /OK count=1$/);
            assertEquals(await session.ask("LIMIT mail depth=5"), "OK depth=5");
          }
        });
      }
    }));
}

Deno.test("sqliteStore with a maxSize below its size refuses new jobs until there is room", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const store = await sqliteStore(path, { reserve: 0 });
    await store.commit(Array.from({ length: 300 }, (_, at) => put(job(at + 1, { size: 10_000 }))));
    await store.close();
    await using queue = await testQueue({
      store: await sqliteStore(path, { maxSize: MIB, reserve: 0 }),
    });
    const session = await queue.session();
    assertMatch(await session.ask("PUT mail x"), /^ERR busy /);
    assertMatch(await session.ask("TAKE mail max=100"), /OK count=100$/);
    for (let id = 1; id <= 100; id++) assertEquals(await session.ask(`DONE ${id}`), "OK");
    assertMatch(await session.ask("PUT mail x"), /^ERR busy /);
    assertEquals(await session.ask("PURGE mail"), "OK count=200");
    assertEquals(await session.ask("PUT mail x"), "OK id=301");
  }));

Deno.test("sqliteStore keeps a reserve beside its file, for its owner only", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    for (let start = 0; start < 2; start++) {
      await (await sqliteStore(path, { reserve: MIB })).close();
      const { size, mode } = await Deno.stat(`${path}-reserve`);
      assertEquals([size, mode! & 0o777], [MIB, 0o600]);
    }
    await Deno.remove(`${path}-reserve`);
    await (await sqliteStore(path, { reserve: 0 })).close();
    assertEquals([...Deno.readDirSync(directory)].length, 1);
  }));

Deno.test("DONE needs room only for the bytes that a result has beyond the body", async () => {
  let left = Infinity;
  const store: Store = { ...memoryStore(), room: () => ({ used: 1, left }) };
  await using queue = await testQueue({ store });
  const session = await queue.session();
  for (let i = 0; i < 3; i++) await session.ask(`PUT mail ${"x".repeat(1000)} result=keep`);
  await session.ask("TAKE mail max=3");
  left = 0;
  assertMatch(await session.ask(`DONE 1 result=${"y".repeat(1001)}`), /^ERR busy /);
  assertEquals(await session.ask(`DONE 1 result=${"y".repeat(1000)}`), "OK");
  assertEquals(await session.ask("DONE 2"), "OK");
  assertMatch(await session.ask("EVERY n mail x interval=1h"), /^ERR busy /);
  left = 1e6;
  assertEquals(await session.ask(`DONE 3 result=${"y".repeat(1001)}`), "OK");
  assertEquals(queue.logged.map(({ message, level }) => [level, message]), [
    ["error", "no room in the store, new jobs are refused until there is some"],
    ["info", "there is room in the store again"],
  ]);
});

Deno.test("close of openQueue resolves with the number of lost changes", async () => {
  let broken = false;
  const memory = memoryStore();
  const commit: Store["commit"] = (changes) =>
    broken ? Promise.reject(new Error("bad disk")) : memory.commit(changes);
  const queue = await testQueue({ store: { ...memory, commit } });
  const session = await queue.session();
  await session.ask("PUT mail kept");
  broken = true;
  await session.send("PUT mail a\nPUT mail b\n");
  for (let i = 0; i < 2; i++) assertMatch(await session.reply(), /^ERR internal /);
  await queue[Symbol.asyncDispose]();
  assertEquals(queue.logged.at(-1)?.message, "store still fails, 2 changes are lost");
  const other = await openQueue({ store: { ...memoryStore(), commit }, log: () => {} });
  assertEquals(await other.close(), 0);
});
