import type { Clock } from "../../scheduling/clock.ts";
import { StoreLost } from "../store/store.ts";
import type { ClusterStore } from "./cluster_store.ts";
import { KnownMap } from "./known_map.ts";
import { NodeLease } from "./node_lease.ts";

/** The row is renewed so many times while it lasts. */
const RENEWALS = 5;
/** How long until another renewal behind one that failed, in ms. */
const AGAIN_MS = 250;
/** The least time between two renewals, in ms, whatever news there are. */
const APART_MS = 20;

/** The needs of a membership. */
export interface MembershipOptions {
  /** The database. */
  readonly store: ClusterStore;
  /** The address that other nodes and clients dial. */
  readonly address: string;
  /** The clock of this machine. */
  readonly clock: Clock;
  /** How long a row lasts if it is not renewed, in ms. */
  readonly ttlMs: number;
  /** Gets no shards as long as this says so. */
  readonly isLeaving: () => boolean;
  /** There is a new map. */
  readonly onMap: () => void;
  /** The row is gone. The node joins again once the promise is settled. */
  readonly onLost: (error: StoreLost) => Promise<void>;
  /** The node has joined again. */
  readonly onAgain: () => void;
}

/** The row of this node in its cluster: it joins, renews the row and reads the map, and joins again when it was removed. */
export class Membership {
  /** The newest map, with what this node has done since. */
  readonly known = new KnownMap({ now: 0, nodes: [], shards: [] });
  readonly #options: MembershipOptions;
  readonly #lease: NodeLease;
  #id: string | undefined = undefined;
  #isEnded = false;
  #hasFailed = false;
  /** When the renewal before was sent. */
  #renewedAt = -Infinity;
  #isNewsWaiting = false;
  #wake: () => void = () => {};
  #running: Promise<void> = Promise.resolve();

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#lease = new NodeLease(options.clock, options.ttlMs);
  }

  /** The id of this node; `undefined` while it has none, because another node removed its row. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Whether no other node can have removed the row. */
  get holds(): boolean {
    return this.#lease.holds;
  }

  /** Joins, and renews the row from then on. Rejects where the database cannot be used. */
  async begin(): Promise<void> {
    const { store, address } = this.#options;
    this.#id = (await store.join(address)).id;
    store.listen(() => this.look());
    await this.#renew();
    this.#running = this.#run();
  }

  /** Reads the map soon: it may have changed. */
  look(): void {
    this.#isNewsWaiting = true;
    this.#wake();
  }

  /** Stops the renewals, and removes the row. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#wake();
    await this.#running;
    try {
      if (this.#id !== undefined) await this.#options.store.leave();
    } finally {
      this.#lease.end();
    }
  }

  async #run(): Promise<void> {
    while (!this.#isEnded) {
      await this.#pause();
      if (!this.#isEnded) await this.#renew();
    }
  }

  /** Until the next renewal is due, another node's time is over, or there are news. */
  async #pause(): Promise<void> {
    const ends = this.known.map.nodes.filter(({ id, left }) => id !== this.#id && left > 0);
    const due = this.#hasFailed
      ? AGAIN_MS
      : Math.min(this.#options.ttlMs / RENEWALS, ...ends.map(({ left }) => left + 1));
    const { clock } = this.#options;
    const since = (): number => clock.now() - this.#renewedAt;
    while (!this.#isEnded) {
      const ms = (this.#isNewsWaiting ? APART_MS : Math.max(due, APART_MS)) - since();
      if (ms <= 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const cancel = clock.after(ms, resolve);
      await promise;
      cancel();
    }
  }

  async #renew(): Promise<void> {
    const { store, address, isLeaving, onMap, onAgain } = this.#options;
    const sent = this.#lease.moment();
    const asked = this.known.turn;
    this.#renewedAt = sent.now;
    this.#isNewsWaiting = false;
    try {
      if (this.#id === undefined) {
        this.#id = (await store.join(address)).id;
        this.#isNewsWaiting = true;
        onAgain();
        return;
      }
      const map = await store.renew(isLeaving());
      this.#lease.renewed(sent);
      this.known.read(map, asked);
    } catch (error) {
      // The commits of the shards say why; here the only meaning is that the row is not renewed.
      this.#hasFailed = true;
      if (error instanceof StoreLost) await this.#lose(error);
      return;
    }
    this.#hasFailed = false;
    onMap();
  }

  /** Another node has removed this one. */
  async #lose(error: StoreLost): Promise<void> {
    this.#lease.end();
    this.known.gone(this.#id!);
    this.#id = undefined;
    await this.#options.onLost(error);
  }
}
