import { assertEquals } from "@std/assert";
import type { ClusterMap } from "../../../queue/cluster/cluster_store.ts";
import { KnownMap } from "../../../queue/cluster/known_map.ts";

/** A map of shards with these owners. */
function map(...owners: readonly (string | undefined)[]): ClusterMap {
  const nodes = ["a", "b"].map((id) => ({
    id,
    address: id,
    incarnation: 1,
    since: 0,
    left: 5_000,
    isLeaving: false,
  }));
  return { now: 1, nodes, shards: owners.map((owner, shard) => ({ shard, owner, since: 0 })) };
}

function ownersIn({ map }: KnownMap): (string | undefined)[] {
  return map.shards.map(({ owner }) => owner);
}

Deno.test("a map that was asked for before a change does not undo it", () => {
  const known = new KnownMap(map("a", "a", "a"));
  const asked = known.turn;
  known.owns("b", [1]);
  known.read(map("a", "a", "b"), asked);
  assertEquals(ownersIn(known), ["a", "b", "b"]);
  known.read(map("a", "a", "b"), known.turn);
  assertEquals(ownersIn(known), ["a", "a", "b"]);
});

Deno.test("a node that is gone owns nothing", () => {
  const known = new KnownMap(map("a", "b", "a"));
  known.gone("a");
  assertEquals(ownersIn(known), [undefined, "b", undefined]);
  assertEquals(known.map.nodes.map(({ id }) => id), ["b"]);
  assertEquals(known.of("b"), [1]);
});
