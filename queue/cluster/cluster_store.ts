// The interface of the database that nodes share: which nodes there are, and which of them owns each shard.
//
// A commit of jobs changes nothing unless the row of its node is there with the incarnation that the commit names. It does
// not ask who owns the shard. So the owner of a shard changes only by its owner, behind its own commits, or in the
// transaction that removes the row of its owner.
//
// Commits, `give`, `leave` and the load of a shard share one connection, in their order. After it broke, the next one raises
// the incarnation before it does anything else, and waits for a statement of this node that goes on: then each statement of
// the first one is either done, or will never be. `claim` and `remove` may wait for another node, so they go elsewhere.

/** A node as the database knows it. */
export interface NodeName {
  /** Its id. A node that joins again has another one. */
  readonly id: string;
  /** Raised after a connection with a commit in flight broke. Commits with an earlier one have no effect. */
  readonly incarnation: number;
}

/** A node of the cluster. */
export interface ClusterNode extends NodeName {
  /** The address that other nodes and clients dial, such as `host:port`. */
  readonly address: string;
  /** When it joined, in ms since the Unix epoch, by the clock of the database. */
  readonly since: number;
  /** How long its row lasts without a renewal, in ms, by the clock of the database. At 0 or less it may be removed. */
  readonly left: number;
  /** Whether no node gives it a shard: it is about to end, or has just begun. */
  readonly isLeaving: boolean;
}

/** A shard of the cluster. */
export interface ClusterShard {
  /** Its number, from 0. */
  readonly shard: number;
  /** The id of the node that owns it; `undefined` where none does, or one whose row is gone. */
  readonly owner: string | undefined;
  /** When its owner changed, in ms since the Unix epoch, by the clock of the database. */
  readonly since: number;
}

/** All nodes and shards, in one snapshot. */
export interface ClusterMap {
  /** The time of the snapshot, in ms since the Unix epoch, by the clock of the database. */
  readonly now: number;
  /** The nodes, also those whose time is over. */
  readonly nodes: readonly ClusterNode[];
  /** All shards, by number. */
  readonly shards: readonly ClusterShard[];
}

/**
 * The requests of a node to the database, beside the commits of its jobs. One node uses it.
 *
 * Each method but `join` rejects with `StoreLost` where the row of the node is gone: then no shard is its own, and `join`
 * makes it another node. Each rejects with another error where the database cannot be asked, or its answer was lost: then it
 * is unknown whether the change was made, and it may still be made. The next map tells.
 */
export interface ClusterStore {
  /** Makes a row for this node, which owns nothing yet. Rejects with an `Error` that says in words why it cannot. */
  join(address: string): Promise<NodeName>;
  /**
   * Renews the row of this node, and reads the map in the same snapshot. The row lasts for the time to live from then on.
   * `isLeaving` is what the map says of it. The incarnation does not matter: it may be raised meanwhile.
   */
  renew(isLeaving: boolean): Promise<ClusterMap>;
  /** Owns those of these shards that have no owner, or one whose row is gone. Resolves with them. */
  claim(shards: readonly number[]): Promise<readonly number[]>;
  /**
   * Removes the row of another node if its time is over by the clock of the database, and it still has this incarnation. In
   * the same transaction this node owns those of its shards that are in `take`; the others have no owner. Waits a second at
   * most for a commit of that node that goes on. Resolves with the shards that it took; `undefined` where the node was not
   * removed.
   */
  remove(node: NodeName, take: readonly number[]): Promise<readonly number[] | undefined>;
  /**
   * The node `to` owns a shard of this node from now on, behind all commits that were made before. Resolves with whether it
   * does: it does not where `to` is gone, or its time is over, or the shard is not this node's. Nothing was changed then.
   * After another error it is unknown who owns it: see `OpenShardOf`.
   */
  give(shard: number, to: string): Promise<boolean>;
  /** Removes the row of this node, behind all its commits. Its shards have no owner then. */
  leave(): Promise<void>;
  /** Calls `onNews` from now on when a node may have joined, left, been removed, or got a shard. It may miss some. */
  listen(onNews: () => void): void;
}
