// The plan of a node, from the map alone: each node plans for itself, and all plans agree where the maps do.

import type { ClusterMap, ClusterNode } from "./cluster_store.ts";
import { ranked } from "./rendezvous.ts";

/** A shard that is free for so long in ms may be claimed by the next node in its rank: the one before does not come. */
const PATIENCE_MS = 2_000;
/** A node gets a shard of another one only if so much of its time is left: else it may be gone. */
const FRESH = 0.5;

/** The next steps of a node with the shards of the cluster, in order. */
export interface Plan {
  /** Nodes whose time is over, each with those of its shards that this node is to own. */
  readonly remove: readonly { readonly node: ClusterNode; readonly take: readonly number[] }[];
  /** Shards without an owner that this node is to own. */
  readonly claim: readonly number[];
  /** Shards of this node that another one is to own. */
  readonly give: readonly { readonly shard: number; readonly to: ClusterNode }[];
}

/** The plan of the node with the id `me`. `ttlMs` is how long a row lasts that was just renewed. */
export function planOf({ now, nodes, shards }: ClusterMap, me: string, ttlMs: number): Plan {
  const self = nodes.find(({ id }) => id === me);
  const heirs = nodes.filter(({ left, isLeaving }) => left > 0 && !isLeaving);
  const over = nodes.filter(({ id, left }) => id !== me && left <= 0);
  const takes = new Map(over.map(({ id }) => [id, [] as number[]]));
  const claim: number[] = [];
  const give: { shard: number; to: ClusterNode }[] = [];
  for (const { shard, owner, since } of shards) {
    const ranks = ranked(shard, heirs);
    const rank = ranks.findIndex(({ id }) => id === me);
    if (owner === undefined) {
      if (rank >= 0 && now - since >= rank * PATIENCE_MS) claim.push(shard);
    } else if (owner === me) {
      const [to] = ranks;
      if (rank !== 0 && to !== undefined && to.left > ttlMs * FRESH) give.push({ shard, to });
    } else if (rank === 0) takes.get(owner)?.push(shard);
  }
  // A node that leaves makes no work for itself.
  const remove = self?.isLeaving !== false
    ? []
    : over.map((node) => ({ node, take: takes.get(node.id)! }));
  return { remove, claim, give };
}
