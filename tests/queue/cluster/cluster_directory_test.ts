import { assert, assertEquals } from "@std/assert";
import { ClusterDirectory } from "../../../queue/cluster/cluster_directory.ts";
import type { RemoteNode, ShardPlace } from "../../../queue/cluster/directory.ts";
import { CalmCluster, SHARDS } from "./calm_cluster.ts";

/** The directory of node `a` beside node `b`, which its engine says is lost or not. */
async function beside(isLost: boolean) {
  const cluster = new CalmCluster();
  const a = cluster.start("a");
  cluster.start("b");
  await cluster.pass(3_000);
  const silent: string[] = [];
  const directory = new ClusterDirectory({
    cluster: a.cluster!,
    queues: { shards: SHARDS, shardOf: () => 0, assign: () => 0 },
    clock: cluster.clock,
    connect: () => ({ isLost, close: () => Promise.resolve(0) }) as unknown as RemoteNode,
    onSilent: ({ address }) => silent.push(address),
  });
  const shards = cluster.servers.flatMap((by, shard) => by === "b" ? [shard] : []);
  const place = directory.placeOf(shards[0]) as ShardPlace;
  return { cluster, directory, place, shards, silent };
}

/** How long it takes until there is a place, in ms. */
async function waitFor(cluster: CalmCluster, place: ShardPlace | Promise<ShardPlace>) {
  const start = cluster.clock.now();
  if (place instanceof Promise) await cluster.until(place);
  return { ms: cluster.clock.now() - start, place: await place };
}

Deno.test("a node that has not got a shard is asked again once there is another map", async () => {
  const { cluster, directory, place, shards } = await beside(false);
  directory.doubt(place);
  const later = directory.placeOf(shards[1]);
  assert(later instanceof Promise);
  const { ms, place: again } = await waitFor(cluster, later);
  assert(ms < 50, `it took ${ms} ms`);
  assertEquals(again, place);
});

Deno.test("a node that cannot be reached is asked again once it has renewed its row", async () => {
  const { cluster, directory, place, shards } = await beside(true);
  cluster.nodes.get("b")!.parts.cutUntil = cluster.clock.now() + 3_000;
  await cluster.pass(1_500);
  directory.doubt(place);
  const { ms, place: again } = await waitFor(cluster, directory.placeOf(shards[1]));
  assert(ms >= 1_500 && ms < 3_000, `it took ${ms} ms`);
  assertEquals(again, place);
});

Deno.test("the shards of a node that cannot be reached and is gone are found at the next owner", async () => {
  const { cluster, directory, place, shards } = await beside(true);
  cluster.kill("b");
  await cluster.pass(1_500);
  directory.doubt(place);
  const { ms, place: next } = await waitFor(cluster, directory.placeOf(shards[0]));
  assert(ms < 7_000, `it took ${ms} ms`);
  assertEquals(next.node, undefined);
});

Deno.test("a node that lives and cannot be reached is told of once a minute, however often it is asked", async () => {
  const { cluster, directory, place, shards, silent } = await beside(true);
  for (let second = 0; second < 20; second++) {
    for (let request = 0; request < 3; request++) directory.doubt(place);
    await waitFor(cluster, directory.placeOf(shards[0]));
    await cluster.pass(1_000);
  }
  assertEquals(silent.length, 1);
  await cluster.pass(60_000);
  directory.doubt(place);
  assertEquals(silent.length, 2);
});
