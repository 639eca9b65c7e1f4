// The directory of a cluster: the shards of queues by the database, and the places of shards by the node.

import type { Clock } from "../../scheduling/clock.ts";
import type { ShardEngine } from "../engine/shard_engine.ts";
import { closed, noDatabase, shardMoves } from "../refusals.ts";
import type { Cluster } from "./cluster.ts";
import type { ClusterMap, ClusterNode } from "./cluster_store.ts";
import type {
  Directory,
  LocalShard,
  NodeInfo,
  Owner,
  RemoteNode,
  RemoteShard,
  ShardPlace,
} from "./directory.ts";
import { heard } from "./heard.ts";

/** How long a request without a deadline waits for a shard that moves, in ms: longer than a takeover. */
const PATIENCE_MS = 15_000;
/** How long a node that does not answer is not told of again, in ms. */
const TOLD_MS = 60_000;

/** Finds or chooses the shards of queues. */
export interface QueueShards {
  /** How many shards there are. */
  readonly shards: number;
  shardOf(queue: string): number | undefined | Promise<number | undefined>;
  assign(queue: string): number | Promise<number>;
}

/** A request, as far as one that waits needs it. */
type WaitingCaller = { readonly signal: AbortSignal };

/** The parts of a directory. */
export interface DirectoryParts {
  readonly cluster: Cluster;
  readonly queues: QueueShards;
  readonly clock: Clock;
  /** Makes the engine of another node. */
  readonly connect: (node: NodeInfo) => RemoteNode;
  /** Hears of a node that does not answer although its time is not over, once a minute. Default: nobody does. */
  readonly onSilent?: (node: NodeInfo) => void;
}

/** A node that is asked for nothing until there is another map, and it has shown a sign of life. */
interface Doubt {
  /** The map by which it was asked. */
  readonly map: ClusterMap;
  /** The end of its time as it was known then, if it could not be reached: its shards come to another node unless it renews. */
  readonly end: number;
}

/** Where the shards of a cluster are. */
export class ClusterDirectory implements Directory {
  readonly #parts: DirectoryParts;
  readonly #local = new WeakMap<ShardEngine, LocalShard>();
  readonly #remote = new Map<string, RemoteShard>();
  /** Nodes that did not have a shard, or could not be reached. */
  readonly #doubted = new Map<string, Doubt>();
  /** When it was told last of a node that does not answer. */
  readonly #told = new Map<string, number>();
  readonly #stop: () => void;
  /** The id of this node when it was looked at last. */
  #me: string | undefined;
  #isClosed = false;
  readonly #closing = Promise.withResolvers<void>();

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
    this.#me = parts.cluster.id;
    this.#stop = parts.cluster.onChange(() => this.#forgetThoseGone());
  }

  get shards(): number {
    return this.#parts.queues.shards;
  }

  shardOfJob(id: number): number {
    return id % this.shards;
  }

  shardOf(queue: string): number | undefined | Promise<number | undefined> {
    return told(this.#parts.queues.shardOf(queue));
  }

  assign(queue: string): number | Promise<number> {
    return told(this.#parts.queues.assign(queue));
  }

  placeOf(shard: number, caller?: WaitingCaller): ShardPlace | Promise<ShardPlace> {
    return this.#placeNow(shard) ?? heard(this.#placeLater(shard, caller?.signal));
  }

  doubt(place: ShardPlace): void {
    const { cluster } = this.#parts;
    const { map } = cluster;
    const node = map.nodes.find(({ id }) => id === place.node);
    if (node !== undefined && place.node !== undefined) {
      const { isLost } = place.engine;
      this.#doubted.set(node.id, { map, end: isLost ? endOf(node, map) : -Infinity });
      if (isLost && node.left > 0) this.#tellSilent(node);
    }
    cluster.look();
  }

  owners(): readonly Owner[] {
    const { cluster } = this.#parts;
    const { map, id: me } = cluster;
    const owned = Map.groupBy(map.shards, ({ owner }) => owner);
    return map.nodes.map((node): Owner => ({
      node: infoOf(node, cluster.ttlMs),
      isSelf: node.id === me,
      shards: (owned.get(node.id) ?? []).map(({ shard }) => shard),
    })).sort((a, b) => Number(b.isSelf) - Number(a.isSelf) || (a.node.id < b.node.id ? -1 : 1));
  }

  watch(told: () => void): () => void {
    return this.#parts.cluster.onChange(told);
  }

  /** Resolves once each shard is somewhere. */
  async complete(): Promise<void> {
    const { cluster, queues: { shards } } = this.#parts;
    const isThere = (): boolean =>
      Array.from({ length: shards }).every((_, shard) => this.#placeNow(shard) !== undefined);
    while (!isThere()) {
      const changed = Promise.withResolvers<void>();
      const stop = cluster.onChange(changed.resolve);
      await changed.promise;
      stop();
    }
  }

  /** Ends the connections to other nodes. What waits for a shard is refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.resolve();
    this.#stop();
    await Promise.all([...this.#remote.values()].map(({ engine }) => engine.close()));
    this.#remote.clear();
  }

  #placeNow(shard: number): ShardPlace | undefined {
    const { cluster } = this.#parts;
    const place = cluster.placeOf(shard);
    if (place === undefined) return undefined;
    if ("engine" in place) return this.#localPlace(place.engine);
    const { id, left } = place.node;
    // Its time is over: another node takes its shards.
    if (left <= 0 || cluster.id === undefined) return undefined;
    const doubt = this.#doubted.get(id);
    if (doubt?.map === cluster.map) return undefined;
    if (doubt !== undefined && endOf(place.node, cluster.map) <= doubt.end) return undefined;
    this.#doubted.delete(id);
    return this.#remotePlace(place.node);
  }

  async #placeLater(shard: number, signal?: AbortSignal): Promise<ShardPlace> {
    const { cluster, clock } = this.#parts;
    const late = Promise.withResolvers<void>();
    let isLate = false;
    const cancel = clock.after(PATIENCE_MS, () => {
      isLate = true;
      late.resolve();
    });
    const aborted = Promise.withResolvers<void>();
    const abort = (): void => aborted.resolve();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      for (;;) {
        if (this.#isClosed) throw closed();
        signal?.throwIfAborted();
        if (isLate) throw shardMoves();
        const changed = Promise.withResolvers<void>();
        const stop = cluster.onChange(changed.resolve);
        try {
          const place = this.#placeNow(shard);
          if (place !== undefined) return place;
          await Promise.race([
            changed.promise,
            late.promise,
            aborted.promise,
            this.#closing.promise,
          ]);
        } finally {
          stop();
        }
      }
    } finally {
      cancel();
      signal?.removeEventListener("abort", abort);
    }
  }

  #localPlace(engine: ShardEngine): LocalShard {
    let place = this.#local.get(engine);
    if (place === undefined) this.#local.set(engine, place = { node: undefined, engine });
    return place;
  }

  #remotePlace(node: ClusterNode): RemoteShard {
    let place = this.#remote.get(node.id);
    if (place === undefined) {
      const { connect, cluster } = this.#parts;
      place = { node: node.id, engine: connect(infoOf(node, cluster.ttlMs)) };
      this.#remote.set(node.id, place);
    }
    return place;
  }

  #tellSilent(node: ClusterNode): void {
    const { cluster, clock, onSilent } = this.#parts;
    const now = clock.now();
    if (now - (this.#told.get(node.id) ?? -Infinity) < TOLD_MS) return;
    this.#told.set(node.id, now);
    onSilent?.(infoOf(node, cluster.ttlMs));
  }

  #forgetThoseGone(): void {
    const { map: { nodes }, id: me } = this.#parts.cluster;
    // Other nodes know this one by its id.
    const isOther = me !== this.#me;
    this.#me = me;
    for (const [id, { engine }] of this.#remote) {
      if (!isOther && nodes.some((node) => node.id === id)) continue;
      this.#remote.delete(id);
      this.#doubted.delete(id);
      this.#told.delete(id);
      void engine.close();
    }
  }
}

/** When the row of a node ends unless it is renewed, in ms since the Unix epoch, by the clock of the database. */
function endOf({ left }: ClusterNode, { now }: ClusterMap): number {
  return now + left;
}

/** A node as clients know it. */
function infoOf({ id, address, since, left }: ClusterNode, ttlMs: number): NodeInfo {
  return { id, address, since, age: Math.max(0, ttlMs - left) };
}

/** The shard, or why it cannot be told. */
function told<T>(shard: T | Promise<T>): T | Promise<T> {
  if (!(shard instanceof Promise)) return shard;
  return heard(shard.catch((): never => {
    throw noDatabase();
  }));
}
