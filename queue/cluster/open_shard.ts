import type { ShardEngine } from "../engine/shard_engine.ts";
import type { Ownership } from "../store/store.ts";

/** A shard that this node owns, loaded. */
export interface OpenShard {
  /** Its jobs. It refuses with `busy` while the ownership does not hold. */
  readonly engine: ShardEngine;
  /**
   * Ends all requests, commits what is left, and lets the memory go. What could not be committed was never acknowledged. No
   * statement of the shard is sent once this has resolved.
   */
  close(): Promise<void>;
}

/**
 * Loads a shard in transactions that begin after the call, on the connection of the commits: behind all of them, and behind
 * each `give`. The first statement reads whether the database has this node as the owner, because a map may be older than what
 * this node has done since. Rejects with `StoreLost` if not, and with another error where it cannot be loaded for now.
 *
 * @param ownership the `ownership` of the shard's store: whether its engine may answer
 */
export type OpenShardOf = (shard: number, ownership: Ownership) => Promise<OpenShard>;
