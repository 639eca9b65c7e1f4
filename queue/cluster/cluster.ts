// This process as a node of a cluster: it renews its row, owns its part of the shards, takes over from nodes that are gone,
// and gives shards to nodes that come.

import type { Clock } from "../../scheduling/clock.ts";
import type { ShardEngine } from "../engine/shard_engine.ts";
import type { Log } from "../log.ts";
import { StoreLost } from "../store/store.ts";
import type { ClusterMap, ClusterNode, ClusterStore } from "./cluster_store.ts";
import { KnownMap } from "./known_map.ts";
import { NodeLease } from "./node_lease.ts";
import type { OpenShardOf } from "./open_shard.ts";
import { OwnedShards } from "./owned_shards.ts";
import { type Plan, planOf } from "./plan.ts";

/** How long the row of a node lasts if it is not renewed, in ms, by the clock of the database. */
export const TTL_MS = 5_000;
/** The row is renewed so many times while it lasts. */
const RENEWALS = 5;
/** How long until another renewal behind one that failed, in ms. */
const AGAIN_MS = 250;
/** The least time between two renewals, in ms, whatever news there are. */
const APART_MS = 20;
/** So many shards are loaded or given away at a time: those that serve are not to wait for long. */
const FEW = 8;
/** How long a node that leaves tries to give its shards away, in ms. */
const GOODBYE_MS = 10_000;

/** What a node of a cluster needs. */
export interface ClusterOptions {
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
  readonly #store: ClusterStore;
  readonly #address: string;
  readonly #clock: Clock;
  readonly #log: Log;
  /** How long its row lasts if it is not renewed, in ms. */
  readonly ttlMs: number;
  readonly #lease: NodeLease;
  readonly #shards: OwnedShards;
  readonly #listeners = new Set<() => void>();
  #known = new KnownMap({ now: 0, nodes: [], shards: [] });
  /** The id of this node; `undefined` while it has none, because another node removed its row. */
  #me: string | undefined = undefined;
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
  #hasFailed = false;
  /** When the renewal before was sent. */
  #renewedAt = -Infinity;
  #isNewsWaiting = false;
  #wake: () => void = () => {};
  #running: Promise<void> = Promise.resolve();

  private constructor(options: ClusterOptions) {
    this.#store = options.store;
    this.#address = options.address;
    this.#clock = options.clock;
    this.#log = options.log;
    this.ttlMs = options.ttlMs ?? TTL_MS;
    this.#isLeaving = options.waits ?? false;
    this.#lease = new NodeLease(this.#clock, this.ttlMs);
    this.#shards = new OwnedShards(options.open, () => this.holds);
  }

  /** Joins a cluster. Its shards come later. Rejects where the database cannot be used. */
  static async join(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options);
    cluster.#me = (await options.store.join(options.address)).id;
    options.store.listen(() => cluster.look());
    await cluster.#renew();
    cluster.#running = cluster.#run();
    return cluster;
  }

  /** Whether no other node can have removed this one. While it is not sure, no engine of this node answers from memory. */
  get holds(): boolean {
    return this.#lease.holds;
  }

  /** The id of this node; `undefined` while another node has removed it, and it has not joined again. */
  get id(): string | undefined {
    return this.#me;
  }

  /** The newest map, with what this node has done since. */
  get map(): ClusterMap {
    return this.#known.map;
  }

  /** Where the requests for a shard go; `undefined` while it has no owner, or the owner is not known, or loads or moves it. */
  placeOf(shard: number): ShardHost | undefined {
    const serving = this.#shards.serving(shard);
    if (serving !== undefined) return { engine: serving.engine };
    const { nodes, shards } = this.map;
    const owner = shards[shard]?.owner;
    if (owner === undefined || owner === this.#me) return undefined;
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
    this.#isNewsWaiting = true;
    this.#wake();
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
    this.#wake();
    await this.#running;
    if (this.#me !== undefined) await this.#store.leave();
    this.#lease.end();
  }

  #isGivenAway(): boolean {
    if (this.#me === undefined) return true;
    const self = this.map.nodes.find(({ id }) => id === this.#me);
    return self?.isLeaving === true && this.#tasks.size === 0 &&
      this.#plan(this.#me).give.length === 0;
  }

  #plan(me: string): Plan {
    return planOf(this.map, me, this.ttlMs);
  }

  async #run(): Promise<void> {
    while (!this.#isEnded) {
      await this.#pause();
      if (!this.#isEnded) await this.#renew();
    }
  }

  /** Until the next renewal is due, another node's time is over, or there are news. */
  async #pause(): Promise<void> {
    const ends = this.map.nodes.filter(({ id, left }) => id !== this.#me && left > 0);
    const due = this.#hasFailed
      ? AGAIN_MS
      : Math.min(this.ttlMs / RENEWALS, ...ends.map(({ left }) => left + 1));
    const since = (): number => this.#clock.now() - this.#renewedAt;
    while (!this.#isEnded) {
      const ms = (this.#isNewsWaiting ? APART_MS : Math.max(due, APART_MS)) - since();
      if (ms <= 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const cancel = this.#clock.after(ms, resolve);
      await promise;
      cancel();
    }
  }

  async #renew(): Promise<void> {
    const sent = this.#lease.moment();
    const asked = this.#known.turn;
    this.#renewedAt = sent.now;
    this.#isNewsWaiting = false;
    try {
      if (this.#me === undefined) {
        this.#me = (await this.#store.join(this.#address)).id;
        this.#isNewsWaiting = true;
        return;
      }
      const map = await this.#store.renew(this.#isLeaving);
      this.#lease.renewed(sent);
      this.#known.read(map, asked);
    } catch (error) {
      // The commits of the shards say why; here the only meaning is that the row is not renewed.
      this.#hasFailed = true;
      if (error instanceof StoreLost) await this.#lose(error);
      return;
    }
    this.#hasFailed = this.#isStale = false;
    this.#failed.clear();
    this.#act();
    this.#changed();
  }

  /** Another node has removed this one. It begins anew once nothing of its shards is left in memory. */
  async #lose(error: StoreLost): Promise<void> {
    this.#log({ level: "error", message: "another node has taken over from this one", error });
    this.#lease.end();
    this.#known.gone(this.#me!);
    this.#me = undefined;
    const lost = this.#shards.lose(error, this.#shards.all);
    this.#changed();
    await lost;
  }

  /** Does what the map asks for, a few shards at a time. */
  #act(): void {
    const me = this.#me;
    if (me === undefined || this.#isEnded) return;
    const plan = this.#plan(me);
    const { shards } = this.map;
    for (const shard of this.#shards.all) {
      if (shards[shard].owner !== me && !this.#tasks.has(shard)) this.#letGo(shard);
    }
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

  /** The database has another owner, and this node did not know: whatever was the reason, the shard is dropped. */
  #letGo(shard: number): void {
    const error = new StoreLost(`shard ${shard} belongs to another node`);
    this.#begin(shard, () => this.#shards.lose(error, [shard]));
  }

  async #give(shard: number, to: string): Promise<void> {
    const me = this.#me;
    await this.#shards.close(shard);
    if (me !== this.#me) return;
    // Unless the answer comes, only a map that is asked for later tells who owns it.
    let owner: string | undefined = undefined;
    try {
      owner = await this.#store.give(shard, to) ? to : me;
    } finally {
      if (me === this.#me) {
        this.#known.owns(owner, [shard]);
        if (owner !== to) {
          this.#failed.add(shard);
          this.look();
        }
      }
    }
  }

  /** Asks the database for shards that have no owner, or whose owner is gone. */
  async #ask(me: string, { claim, remove }: Plan): Promise<void> {
    const room = FEW - this.#tasks.size;
    const claimed = claim.slice(0, room);
    if (claimed.length > 0) {
      const got = await this.#store.claim(claimed);
      if (me !== this.#me) return;
      this.#known.owns(me, got);
      if (got.length < claimed.length) this.#outOfDate();
    }
    for (const { node, take } of remove) {
      const taken = await this.#store.remove(node, take.slice(0, room - claimed.length));
      if (me !== this.#me) return;
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
