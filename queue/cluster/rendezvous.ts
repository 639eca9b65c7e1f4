// Rendezvous hashing: each shard ranks all nodes by a hash of both. So a node that ends leaves the ranks of the others as they
// are, and only its own shards move.

/** A node that may own shards. */
export interface RankedNode {
  /** The id of the node. */
  readonly id: string;
  /** Its address: a node that comes back at its address gets the same shards. */
  readonly address: string;
}

/** The nodes by who is to own a shard, the first of all first. */
export function ranked<T extends RankedNode>(shard: number, nodes: readonly T[]): T[] {
  return nodes.map((node) => ({ node, score: scoreOf(shard, node.address) }))
    .sort((a, b) => b.score - a.score || (a.node.id < b.node.id ? -1 : 1))
    .map(({ node }) => node);
}

/** A number that depends on each bit of both: FNV-1a, and the finalizer of MurmurHash3. */
function scoreOf(shard: number, address: string): number {
  let hash = 0x811c9dc5 ^ shard;
  for (let at = 0; at < address.length; at++) {
    hash = Math.imul(hash ^ address.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
