// This process as a node of a cluster: it renews its row, owns its part of the shards, takes over from nodes that are gone,
// and gives shards to nodes that come.

import type { Clock } from "../../scheduling/clock.ts";
import type { ShardEngine } from "../engine/shard_engine.ts";
import type { Log } from "../log.ts";
import { StoreLost } from "../store/store.ts";
import type { ClusterMap, ClusterNode, ClusterStore } from "./cluster_store.ts";
import type { KnownMap } from "./known_map.ts";
import { Membership } from "./membership.ts";
import type { OpenShardOf } from "./open_shard.ts";
import { OwnedShards } from "./owned_shards.ts";
import { type Plan, planOf } from "./plan.ts";

/** How long the row of a node lasts if it is not renewed, in ms, by the clock of the database. */
export const TTL_MS = 5_000;
/** So many shards are loaded or given away at a time: those that serve are not to wait for long. */
const FEW = 8;
/** How long a node that leaves tries to give its shards away, in ms. */
const GOODBYE_MS = 10_000;

/** The needs of a node of a cluster. */
export interface ClusterDependencies {
  /** The database. */
  readonly store: ClusterStore;
  /** The address that other nodes and clients dial. */
  readonly address: string;
  /** The clock of this machine. */
  readonly clock: Clock;
  /** Loads a shard. */
  readonly open: OpenShardOf;
  readonly log: Log;
  /** How long its row lasts if it is not renewed, in ms. It is the same for all nodes. Default {@linkcode TTL_MS}. */
  readonly ttlMs?: number;
  /** Whether it owns no shards before `begin` is called, because it cannot be reached yet. Default: it does. */
  readonly waits?: boolean;
}

/** Where the requests for a shard go: to the engine of this node, or to another node. */
export type ShardHost = { readonly engine: ShardEngine } | { readonly node: ClusterNode };

/** A node of a cluster. */
export class Cluster {
  /** How long its row lasts if it is not renewed, in ms. */
  readonly ttlMs: number;
  readonly #store: ClusterStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #membership: Membership;
  readonly #shards: OwnedShards;
  readonly #listeners = new Set<() => void>();
  /** The shards that are being loaded or given away. */
  readonly #tasks = new Set<number>();
  /** Shards that could not be loaded or given away: they are left alone until the next map. */
  readonly #failed = new Set<number>();
  #isAsking = false;
  /** Whether the map is out of date: the database is asked for nothing more until there is another one. */
  #isStale = false;
  /** Whether no shard is given to it: it waits, or leaves. */
  #isLeaving: boolean;
  #isEnded = false;

  private constructor(options: ClusterDependencies) {
    const { store, address, clock, log, ttlMs = TTL_MS } = options;
    this.ttlMs = ttlMs;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#isLeaving = options.waits ?? false;
    this.#membership = new Membership({
      store,
      address,
      clock,
      ttlMs,
      isLeaving: () => this.#isLeaving,
      onMap: () => this.#onMap(),
      onLost: (error) => this.#onLost(error),
      onAgain: () => log({ level: "info", message: "this node has joined the others again" }),
    });
    this.#shards = new OwnedShards(options.open, () => this.holds);
  }

  /** Joins a cluster. Its shards come later. Rejects where the database cannot be used. */
  static async join(options: ClusterDependencies): Promise<Cluster> {
    const cluster = new Cluster(options);
    await cluster.#membership.begin();
    return cluster;
  }

  /** Whether no other node can have removed this one. While it is not sure, no engine of this node answers from memory. */
  get holds(): boolean {
    return this.#membership.holds;
  }

  /** The id of this node; `undefined` while another node has removed it, and it has not joined again. */
  get id(): string | undefined {
    return this.#membership.id;
  }

  /** The newest map, with what this node has done since. */
  get map(): ClusterMap {
    return this.#membership.known.map;
  }

  /** Where the requests for a shard go; `undefined` while it has no owner, or the owner is not known, or loads or moves it. */
  placeOf(shard: number): ShardHost | undefined {
    const serving = this.#shards.serving(shard);
    if (serving !== undefined) return { engine: serving.engine };
    const { nodes, shards } = this.map;
    const owner = shards[shard]?.owner;
    if (owner === undefined || owner === this.id) return undefined;
    const node = nodes.find(({ id }) => id === owner);
    return node && { node };
  }

  /** Calls `listener` from now on when a place may have changed. Returns a function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Reads the map soon: it may have changed. */
  look(): void {
    this.#membership.look();
  }

  /** Owns its part of the shards from now on, if it has waited. */
  begin(): void {
    this.#isLeaving = false;
    this.look();
  }

  /** Gives all shards to the other nodes, or frees them where there is none, and leaves the cluster. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.look();
    let isLate = false;
    const cancel = this.#clock.after(GOODBYE_MS, () => {
      isLate = true;
      this.#changed();
    });
    while (!isLate && !this.#isGivenAway()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = this.onChange(resolve);
      await promise;
      stop();
    }
    cancel();
    // Commits of the last shards go on for as long as the row is renewed.
    await Promise.allSettled(this.#shards.all.map((shard) => this.#shards.close(shard)));
    this.#isEnded = true;
    await this.#membership.end();
  }

  #isGivenAway(): boolean {
    if (this.id === undefined) return true;
    const self = this.map.nodes.find(({ id }) => id === this.id);
    return self?.isLeaving === true && this.#tasks.size === 0 &&
      this.#plan(this.id).give.length === 0;
  }

  get #known(): KnownMap {
    return this.#membership.known;
  }

  #plan(me: string): Plan {
    return planOf(this.map, me, this.ttlMs);
  }

  /** There is a new map: what was not possible by the one before may be. */
  #onMap(): void {
    this.#isStale = false;
    this.#failed.clear();
    this.#act();
    this.#changed();
  }

  /** Another node has removed this one. It begins anew once nothing of its shards is left in memory. */
  async #onLost(error: StoreLost): Promise<void> {
    const message =
      "this node has lost its part of the queue, and drops what it has of it in memory";
    this.#log({ level: "error", message, why: error.message });
    const lost = this.#shards.lose(error, this.#shards.all);
    this.#changed();
    await lost;
  }

  /** Does what the map asks for, a few shards at a time. */
  #act(): void {
    const me = this.id;
    if (me === undefined || this.#isEnded) return;
    const plan = this.#plan(me);
    for (const { shard, to } of plan.give) {
      if (this.#mayBegin(shard)) this.#begin(shard, () => this.#give(shard, to.id));
    }
    if (!this.#isLeaving) {
      for (const shard of this.#known.of(me)) {
        if (!this.#shards.has(shard) && this.#mayBegin(shard)) {
          this.#begin(shard, () => this.#shards.load(shard));
        }
      }
    }
    const { claim, remove } = plan;
    // Without room it would ask for nothing, again and again. A shard that is loaded makes room, and acts again.
    const mayAsk = !this.#isAsking && !this.#isStale && this.#tasks.size < FEW;
    if (claim.length + remove.length > 0 && mayAsk) {
      this.#isAsking = true;
      this.#ask(me, plan).catch(() => {
        // The next map tells which of it was done.
        this.#isStale = true;
      }).finally(() => {
        this.#isAsking = false;
        this.#act();
      });
    }
  }

  #mayBegin(shard: number): boolean {
    return this.#tasks.size < FEW && !this.#tasks.has(shard) && !this.#failed.has(shard);
  }

  #begin(shard: number, task: () => Promise<void>): void {
    this.#tasks.add(shard);
    task().catch((error) => {
      this.#failed.add(shard);
      if (error instanceof StoreLost) return this.look();
      const message = `shard ${shard} can be neither loaded nor given away for now`;
      this.#log({ level: "error", message, shard, error });
    }).finally(() => {
      this.#tasks.delete(shard);
      this.#act();
      this.#changed();
    });
    this.#changed();
  }

  async #give(shard: number, to: string): Promise<void> {
    await this.#shards.close(shard);
    // Unless the answer is yes, only a map that is asked for later tells who owns it.
    let owner: string | undefined = undefined;
    try {
      if (await this.#store.give(shard, to)) owner = to;
    } finally {
      this.#known.owns(owner, [shard]);
      if (owner === undefined) {
        this.#failed.add(shard);
        this.look();
      }
    }
  }

  /** Asks the database for shards that have no owner, or whose owner is gone. */
  async #ask(me: string, { claim, remove }: Plan): Promise<void> {
    const room = FEW - this.#tasks.size;
    const claimed = claim.slice(0, room);
    if (claimed.length > 0) {
      const got = await this.#store.claim(claimed);
      if (me !== this.id) return;
      this.#known.owns(me, got);
      if (got.length < claimed.length) this.#outOfDate();
    }
    for (const { node, take } of remove) {
      const taken = await this.#store.remove(node, take.slice(0, room - claimed.length));
      if (me !== this.id) return;
      if (taken === undefined) this.#outOfDate();
      else {
        this.#known.gone(node.id);
        this.#known.owns(me, taken);
      }
    }
  }

  #outOfDate(): void {
    this.#isStale = true;
    this.look();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
