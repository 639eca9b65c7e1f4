import { assertEquals, assertRejects } from "@std/assert";
import type { OpenShard } from "../../../queue/cluster/open_shard.ts";
import { OwnedShards } from "../../../queue/cluster/owned_shards.ts";
import type { ShardEngine } from "../../../queue/engine/shard_engine.ts";
import { type Ownership, StoreLost } from "../../../queue/store/store.ts";

const ENGINE = {} as ShardEngine;

/** Shards whose loads and ends the test decides. */
function stage() {
  const ownerships: Ownership[] = [];
  const loads: PromiseWithResolvers<void>[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  let isSure = true;
  const shards = new OwnedShards(async (_, ownership): Promise<OpenShard> => {
    ownerships.push(ownership);
    const load = Promise.withResolvers<void>();
    loads.push(load);
    await load.promise;
    return {
      engine: ENGINE,
      close: () => {
        const end = Promise.withResolvers<void>();
        ends.push(end);
        return end.promise;
      },
    };
  }, () => isSure);
  return { shards, ownerships, loads, ends, unsure: () => isSure = false };
}

Deno.test("a shard serves between its load and its end", async () => {
  const { shards, loads, ends } = stage();
  const loading = shards.load(7);
  assertEquals([shards.all, shards.serving(7)], [[7], undefined]);
  loads[0].resolve();
  await loading;
  assertEquals(shards.serving(7)?.engine, ENGINE);
  const closing = shards.close(7);
  assertEquals([shards.all, shards.serving(7)], [[7], undefined]);
  await Promise.resolve();
  ends[0].resolve();
  await closing;
  assertEquals(shards.all, []);
});

Deno.test("a shard that cannot be loaded can be loaded later", async () => {
  const { shards, loads } = stage();
  const first = shards.load(7);
  loads[0].reject(new Error("no connection"));
  await assertRejects(() => first, Error, "no connection");
  assertEquals(shards.has(7), false);
  const second = shards.load(7);
  loads[1].resolve();
  await second;
  assertEquals(shards.serving(7)?.engine, ENGINE);
});

Deno.test("a shard that is lost is closed, tells its engine why, and serves no more", async () => {
  const { shards, ownerships, loads, ends } = stage();
  const loading = shards.load(7);
  loads[0].resolve();
  await loading;
  const error = new StoreLost("removed");
  const lost = shards.lose(error, [7, 8]);
  assertEquals(shards.serving(7), undefined);
  assertEquals(await ownerships[0].lost, error);
  assertEquals(ends.length, 1);
  ends[0].resolve();
  await lost;
  assertEquals(shards.has(7), false);
});

Deno.test("a shard that is lost while it is loaded ends once it is loaded", async () => {
  const { shards, loads, ends } = stage();
  const loading = shards.load(7);
  let isOver = false;
  const lost = shards.lose(new StoreLost("removed"), [7]).then(() => isOver = true);
  loads[0].resolve();
  await loading;
  assertEquals([shards.serving(7), shards.has(7)], [undefined, true]);
  while (ends.length === 0) await Promise.resolve();
  assertEquals(isOver, false);
  ends[0].resolve();
  await lost;
  assertEquals(shards.has(7), false);
});

Deno.test("the engine of a shard may answer while the row of the node is surely there", async () => {
  const { shards, ownerships, loads, unsure } = stage();
  const loading = shards.load(7);
  loads[0].resolve();
  await loading;
  assertEquals(ownerships[0].holds, true);
  unsure();
  assertEquals(ownerships[0].holds, false);
});
