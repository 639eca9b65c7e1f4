// Where the shards of a cluster are: what the routing of requests needs to know, and nothing else.
//
// The owner of a shard may change while a request is on its way. Then the engine that had it changes nothing and rejects with
// `draining`, or with `not-owner` from another node, and the request asks the directory again. So an engine is closed only
// once `engineOf` parks, or has another one.

import type { Caller } from "../engine/caller.ts";
import type {
  Claim,
  DeliveredJob,
  Engine,
  FoundSchedule,
  NewSchedule,
  QueueFilter,
  QueueSummary,
  ScheduleDetails,
  TakeRequest,
} from "../engine/engine.ts";
import type { EndedHold, ShardEngine } from "../engine/shard_engine.ts";
import type { QueueLimits } from "../store/store.ts";

/** A node, as clients and operators know it. */
export interface NodeInfo {
  /** Its id. */
  readonly id: string;
  /** The address that other nodes and clients dial, such as `host:port`. */
  readonly address: string;
  /** When it joined, in ms since the Unix epoch. */
  readonly since: number;
  /** How long ago it renewed its row last, in ms. */
  readonly age: number;
}

/** A node, and the shards that it owns. */
export interface Owner {
  /** The node. */
  readonly node: NodeInfo;
  /** Whether it is this node. */
  readonly isSelf: boolean;
  /** The shards that it owns, by number. */
  readonly shards: readonly number[];
}

/** An engine on this node, which has the jobs of one shard. */
export interface LocalShard {
  /** Its node is this one. */
  readonly node: undefined;
  /** The jobs of the shard. */
  readonly engine: ShardEngine;
}

/** A job of another node. */
export interface WeighedJob extends DeliveredJob {
  /** The share of its queue beside the other queues of a TAKE. */
  readonly weight: number;
}

/**
 * An engine that can be asked for some shards. It answers for exactly these, or rejects with `not-owner` or `draining` if one
 * of them is not its own. Default: all shards. The engine of one shard needs no list.
 */
export interface PartialEngine extends Engine {
  setSchedule(
    schedule: NewSchedule,
    caller: Caller,
    shards?: readonly number[],
  ): Promise<number | undefined>;
  pauseSchedule(
    name: string,
    paused: boolean,
    shards?: readonly number[],
  ): Promise<number | undefined>;
  endSchedule(name: string, shards?: readonly number[]): Promise<void>;
  findSchedule(
    name: string,
    shards?: readonly number[],
  ): FoundSchedule | undefined | Promise<FoundSchedule | undefined>;
  schedules(shards?: readonly number[]): AsyncIterable<ScheduleDetails>;
  queues(
    filter?: QueueFilter,
    shards?: readonly number[],
  ): Iterable<QueueSummary> | AsyncIterable<QueueSummary>;
  allLimits(
    queue?: string,
    shards?: readonly number[],
  ): Iterable<QueueLimits> | AsyncIterable<QueueLimits>;
}

/** The engines of another node as one. */
export interface NodeEngine extends PartialEngine {
  take(request: TakeRequest, wait: number, caller: Caller): Promise<readonly WeighedJob[]>;
  /** Rejects with `not-found` or `not-taken` unless the client has taken all of these jobs. */
  needTaken(ids: readonly number[], claim: Claim): Promise<void>;
  /** Connections to this node have ended that held these jobs. */
  endHolds(jobs: readonly EndedHold[]): void;
}

/** Another node. */
export interface RemoteNode extends NodeEngine {
  /** Whether the connection to the node was lost, and no answer has come from it since: it may be gone. */
  readonly isLost: boolean;
}

/** An engine on another node. */
export interface RemoteShard {
  /** The id of the node. */
  readonly node: string;
  /** All shards of the node: it finds the shard of a request by itself. The same object for each of them. */
  readonly engine: RemoteNode;
}

/** Where a shard is. The same object as long as it stays there. */
export type ShardPlace = LocalShard | RemoteShard;

/** Where the shards of a cluster are. A method returns a promise only where it has to wait. */
export interface Directory {
  /** How many shards there are. */
  readonly shards: number;
  /** The shard of a job: the remainder of its number, see `shardNumbers`. */
  shardOfJob(id: number): number;
  /** The shard of a queue; `undefined` if the queue has none yet. Rejects with `busy` if the database cannot be asked. */
  shardOf(queue: string): number | undefined | Promise<number | undefined>;
  /** The shard of a queue. One that has none gets that with the fewest queues, for good. Rejects as `shardOf`. */
  assign(queue: string): number | Promise<number>;
  /**
   * Where a shard is. While it moves, or its owner has died, waits until it is somewhere. Rejects with the reason of the
   * caller's signal as soon as that is aborted, with `busy` if it takes too long, and with `draining` once this node has
   * left. Only one that waits reads the signal, because that makes one.
   */
  placeOf(
    shard: number,
    caller?: { readonly signal: AbortSignal },
  ): ShardPlace | Promise<ShardPlace>;
  /**
   * A place has not got its shard, or cannot be reached, or this node is taken for the owner of one that is there: reads the
   * map again before `placeOf` names this place again. A node that was lost must have renewed its row until then.
   */
  doubt(place: ShardPlace): void;
  /** All nodes, this one first, then by id. */
  owners(): readonly Owner[];
  /** Calls `told` after each change of an owner. The function returned ends that. */
  watch(told: () => void): () => void;
}
