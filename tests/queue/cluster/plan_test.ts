import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { ClusterMap, ClusterNode } from "../../../queue/cluster/cluster_store.ts";
import { planOf } from "../../../queue/cluster/plan.ts";
import { ranked } from "../../../queue/cluster/rendezvous.ts";

const TTL_MS = 5_000;
const SHARDS = 64;

function node(id: string, more: Partial<ClusterNode> = {}): ClusterNode {
  const address = `${id}.example:4774`;
  return { id, address, incarnation: 1, since: 0, left: TTL_MS, isLeaving: false, ...more };
}

/** A map in which each shard has the owner that `ownerOf` says, for an hour. */
function map(
  nodes: readonly ClusterNode[],
  ownerOf: (shard: number) => string | undefined,
): ClusterMap {
  const shards = Array.from(
    { length: SHARDS },
    (_, shard) => ({ shard, owner: ownerOf(shard), since: 0 }),
  );
  return { now: 3_600_000, nodes, shards };
}

/** The map in which each shard is where it belongs among these nodes. */
function settled(nodes: readonly ClusterNode[]): ClusterMap {
  return map(nodes, (shard) => ranked(shard, nodes)[0].id);
}

const some = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 8 })
  .map((ids) => ids.map((id) => node(id)));

Deno.test("a node that ends moves its own shards, and no other", () => {
  fc.assert(fc.property(some, (nodes) => {
    const [gone, ...left] = nodes;
    for (let shard = 0; shard < SHARDS; shard++) {
      const [before] = ranked(shard, nodes);
      if (before !== gone) assertEquals(ranked(shard, left)[0], before);
    }
  }));
});

Deno.test("where each shard is at home nobody does anything", () => {
  fc.assert(fc.property(some, (nodes) => {
    for (const { id } of nodes) {
      assertEquals(planOf(settled(nodes), id, TTL_MS), { remove: [], claim: [], give: [] });
    }
  }));
});

Deno.test("nodes whose maps agree plan each move of a shard once", () => {
  fc.assert(fc.property(some, fc.func(fc.nat(8)), (nodes, place) => {
    const there = map(nodes, (shard) => nodes[place(shard)]?.id);
    const owners = there.shards.map(({ owner }) => owner);
    for (const { id } of nodes) {
      const { claim, give } = planOf({ ...there, now: 1 }, id, TTL_MS);
      for (const shard of claim) {
        assertEquals(owners[shard], undefined);
        owners[shard] = id;
      }
      for (const { shard, to } of give) {
        assertEquals(owners[shard], id);
        owners[shard] = to.id;
      }
    }
    assertEquals(owners, settled(nodes).shards.map(({ owner }) => owner));
  }));
});

Deno.test("three nodes have about as many shards each", () => {
  for (const port of [4774, 4775, 4776, 5000, 8080]) {
    const nodes = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((host) =>
      node(host, { address: `${host}:${port}` })
    );
    const { shards } = settled(nodes);
    for (const { id } of nodes) {
      const owned = shards.filter(({ owner }) => owner === id).length;
      assert(owned >= 10 && owned <= 34, `${owned} of ${SHARDS} shards are of ${id}`);
    }
  }
});

Deno.test("the shards of a node whose time is over go to those that are next", () => {
  const nodes = [node("a", { left: 0 }), node("b"), node("c")];
  const there = settled(nodes.map((each) => ({ ...each, left: TTL_MS })));
  const [b, c] = ["b", "c"].map((id) => planOf({ ...there, nodes }, id, TTL_MS));
  for (const { remove, claim, give } of [b, c]) {
    assertEquals([remove.map(({ node }) => node.id), claim, give], [["a"], [], []]);
  }
  const taken = [...b.remove[0].take, ...c.remove[0].take].sort((x, y) => x - y);
  const lost = there.shards.filter(({ owner }) => owner === "a").map(({ shard }) => shard);
  assertEquals(taken, lost);
});

Deno.test("a shard that nobody claims goes to the next node after a while, one after the other", () => {
  const nodes = [node("a"), node("b"), node("c")];
  const there = map(nodes, () => undefined);
  const claims = (now: number): Record<string, number> =>
    Object.fromEntries(
      nodes.map(({ id }) => [id, planOf({ ...there, now }, id, TTL_MS).claim.length]),
    );
  const at = [0, 2_000, 4_000].map((now) => Object.values(claims(now)).reduce((a, b) => a + b));
  assertEquals(at, [SHARDS, 2 * SHARDS, 3 * SHARDS]);
});

Deno.test("a node that leaves gives all shards away, and gets none", () => {
  const nodes = [node("a", { isLeaving: true }), node("b"), node("c")];
  const there = map(nodes, (shard) => ["a", undefined, "b"][shard % 3]);
  const plan = planOf(there, "a", TTL_MS);
  assertEquals(plan.claim, []);
  assertEquals(
    plan.give.map(({ shard }) => shard),
    [...Array(SHARDS).keys()].filter((n) => n % 3 === 0),
  );
  for (const id of ["b", "c"]) {
    for (const { to } of planOf(there, id, TTL_MS).give) assert(to.id !== "a");
  }
});

Deno.test("the last node that leaves keeps its shards", () => {
  const there = map([node("a", { isLeaving: true })], () => "a");
  assertEquals(planOf(there, "a", TTL_MS).give, []);
});

Deno.test("no shard is given to a node that may be gone", () => {
  const nodes = [node("a"), node("b", { left: TTL_MS / 2 })];
  assertEquals(planOf(map(nodes, () => "a"), "a", TTL_MS).give, []);
});
