import type { ClusterMap, ClusterShard } from "./cluster_store.ts";

/** A point between two changes that this node made or learned of. */
export type Turn = number;

/** The newest map, with what this node itself has done since. */
export class KnownMap {
  #map: ClusterMap;
  #turn: Turn = 0;
  /** For each shard, the turn in which this node learned most recently who owns it, other than by a map. */
  readonly #learned = new Map<number, Turn>();

  constructor(map: ClusterMap) {
    this.#map = map;
  }

  /** The map. */
  get map(): ClusterMap {
    return this.#map;
  }

  /** The present turn, to be kept with a question for a map. */
  get turn(): Turn {
    return this.#turn;
  }

  /** A map that was asked for in this turn. It tells nothing about shards of which this node has learned since. */
  read(map: ClusterMap, asked: Turn): void {
    const before = this.#map.shards;
    const shards = map.shards.map((shard, at): ClusterShard =>
      (this.#learned.get(shard.shard) ?? 0) > asked ? before[at] : shard
    );
    this.#map = { ...map, shards };
  }

  /** A node owns shards from now on; `undefined` where it is not known which. */
  owns(owner: string | undefined, shards: readonly number[]): void {
    this.#turn++;
    const { now } = this.#map;
    const all = [...this.#map.shards];
    for (const shard of shards) {
      this.#learned.set(shard, this.#turn);
      all[shard] = { shard, owner, since: now };
    }
    this.#map = { ...this.#map, shards: all };
  }

  /** A node is gone, and its shards have no owner. */
  gone(id: string): void {
    this.owns(undefined, this.of(id));
    this.#map = { ...this.#map, nodes: this.#map.nodes.filter((node) => node.id !== id) };
  }

  /** The shards of a node. */
  of(id: string): number[] {
    return this.#map.shards.filter(({ owner }) => owner === id).map(({ shard }) => shard);
  }
}
