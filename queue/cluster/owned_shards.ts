import type { Ownership, StoreLost } from "../store/store.ts";
import type { OpenShard, OpenShardOf } from "./open_shard.ts";

/** A shard that this node has in memory, from the first statement of its load to the end of its last. */
interface Life {
  /** Absent while it is loaded. */
  shard: OpenShard | undefined;
  readonly lost: PromiseWithResolvers<StoreLost>;
  /** Resolves once the load is over, however it ended. */
  loaded: Promise<void>;
  /** The end of it, once it has begun. */
  closing: Promise<void> | undefined;
}

/** The shards of this node: each is loaded, serves, and is closed. It has one life at a time. */
export class OwnedShards {
  readonly #open: OpenShardOf;
  readonly #holds: () => boolean;
  readonly #lives = new Map<number, Life>();

  /** `holds` is whether the row of the node is surely there. */
  constructor(open: OpenShardOf, holds: () => boolean) {
    this.#open = open;
    this.#holds = holds;
  }

  /** The shards that are in memory: they serve, or are being loaded or closed. */
  get all(): number[] {
    return [...this.#lives.keys()];
  }

  /** Whether a shard is in memory. */
  has(shard: number): boolean {
    return this.#lives.has(shard);
  }

  /** A shard that serves; `undefined` while it does not. */
  serving(shard: number): OpenShard | undefined {
    const life = this.#lives.get(shard);
    return life?.closing === undefined ? life?.shard : undefined;
  }

  /** Loads a shard that is not there. Rejects where it cannot be loaded. */
  async load(shard: number): Promise<void> {
    const life: Life = {
      shard: undefined,
      lost: Promise.withResolvers(),
      loaded: Promise.resolve(),
      closing: undefined,
    };
    this.#lives.set(shard, life);
    const opening = this.#open(shard, this.#ownershipOf(life));
    life.loaded = opening.then((open) => void (life.shard = open), () => {});
    try {
      await opening;
    } catch (error) {
      if (life.closing === undefined) this.#lives.delete(shard);
      throw error;
    }
  }

  /** Ends the life of a shard: it serves no more. Resolves once its last statement is over. */
  close(shard: number): Promise<void> {
    const life = this.#lives.get(shard);
    if (life === undefined) return Promise.resolve();
    return life.closing ??= this.#close(shard, life);
  }

  /** Another node may own these shards: they answer nothing more, and change nothing. Resolves once all are closed. */
  async lose(error: StoreLost, shards: readonly number[]): Promise<void> {
    await Promise.all(shards.map(async (shard) => {
      const life = this.#lives.get(shard);
      if (life === undefined) return;
      const closed = this.close(shard);
      await life.loaded;
      // The engine has refused what waits with `draining` by now: it may be asked again at the next owner.
      life.lost.resolve(error);
      await closed;
    }));
  }

  async #close(shard: number, life: Life): Promise<void> {
    await life.loaded;
    try {
      await life.shard?.close();
    } finally {
      this.#lives.delete(shard);
    }
  }

  #ownershipOf(life: Life): Ownership {
    const holds = this.#holds;
    return {
      get holds(): boolean {
        return holds();
      },
      lost: life.lost.promise,
      isTold: true,
    };
  }
}
