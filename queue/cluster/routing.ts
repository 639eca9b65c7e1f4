// Calls of the engine that has a shard, again and again while the shard moves.

import { Refusal } from "../../protocol/errors.ts";
import type { Engine } from "../engine/engine.ts";
import { busy } from "../refusals.ts";
import type { Directory, LocalShard, RemoteShard, ShardPlace } from "./directory.ts";

/** The caller of a request, as far as somebody who waits for a shard needs it. */
export type Waiting = { readonly signal: AbortSignal } | undefined;

/** A call of the engine of a place. */
export type ShardStep<T> = (engine: Engine, place: ShardPlace) => T | Promise<T>;

/** So often a request follows a shard that moves. */
export const MOST_MOVES = 20;

/** The code of an engine that has not got the shard, or not any more. It has changed nothing. */
export const NOT_OWNER = "not-owner";

/** Whether the engine has changed nothing, because the shard has moved, or is about to. */
export function hasMoved(error: unknown): boolean {
  return error instanceof Refusal && (error.code === NOT_OWNER || error.code === "draining");
}

/** A shard moves again and again. */
export function moving(): Refusal {
  return busy("The queue moves from node to node, and none keeps it for long enough.");
}

/** Whether an engine is on this node. */
export function isLocal(place: ShardPlace | Promise<ShardPlace>): place is LocalShard {
  return !(place instanceof Promise) && place.node === undefined;
}

/** Calls the engines of a directory. */
export class Routing {
  readonly directory: Directory;
  readonly #isPart: boolean;

  /** `isPart`: only the shards of this node are asked when all are. */
  constructor(directory: Directory, isPart: boolean) {
    this.directory = directory;
    this.#isPart = isPart;
  }

  /**
   * Calls the engine of a shard. If that is on this node, the result is that of the engine: no promise is added, and a
   * `draining` is passed on. So a local engine must neither wait nor go on in a later turn.
   */
  at<T>(shard: number, caller: Waiting, step: ShardStep<T>): T | Promise<T> {
    const place = this.directory.placeOf(shard, caller);
    return isLocal(place) ? step(place.engine, place) : this.follow(shard, caller, step);
  }

  /** As `at`, for a step that takes a while: it goes on where the shard is then. */
  async follow<T>(shard: number, caller: Waiting, step: ShardStep<T>): Promise<T> {
    for (let moves = 0; moves < MOST_MOVES; moves++) {
      const place = await this.directory.placeOf(shard, caller);
      try {
        return await step(place.engine, place);
      } catch (error) {
        if (!hasMoved(error)) throw error;
        this.directory.doubt(place);
      }
    }
    throw moving();
  }

  /** The places of all shards, each engine once. */
  async places(caller: Waiting): Promise<(LocalShard | RemoteShard)[]> {
    if (this.#isPart) return [...this.local()];
    const { shards } = this.directory;
    const places = new Map<Engine, ShardPlace>();
    for (let shard = 0; shard < shards; shard++) {
      const place = await this.directory.placeOf(shard, caller);
      places.set(place.engine, place);
    }
    return [...places.values()];
  }

  /** The engines of this node. */
  *local(): Generator<LocalShard, void, void> {
    const own = this.directory.owners().find(({ isSelf }) => isSelf);
    for (const shard of own?.shards ?? []) {
      const place = this.directory.placeOf(shard);
      if (isLocal(place)) yield place;
      else if (place instanceof Promise) place.catch(() => {});
    }
  }
}
