// Calls of the engine that has a shard, again and again while the shard moves.

import { Refusal } from "../../protocol/errors.ts";
import { busy } from "../refusals.ts";
import type { Directory, LocalShard, PartialEngine, ShardPlace } from "./directory.ts";
import { merge, type Sequence } from "./merge.ts";

/** The caller of a request, as far as somebody who waits for a shard needs it. */
export type Waiting = { readonly signal: AbortSignal } | undefined;

/** A call of the engine of a place. */
export type ShardStep<T> = (engine: PartialEngine, place: ShardPlace) => T | Promise<T>;

/** A question to the engine of a place about these of its shards. */
export type PartStep<T> = (engine: PartialEngine, shards: readonly number[]) => T | Promise<T>;

/** As `PartStep`, for items by name. Those up to `after` are known already. */
export type PartItems<T> = (
  engine: PartialEngine,
  shards: readonly number[],
  after: string | undefined,
) => Sequence<T>;

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

/** A node is asked again and again, and cannot be reached, although it renews its row. */
function unreachable(address: string): Refusal {
  return busy(`This node cannot reach the one at ${address}, which has the queue.`);
}

/** Whether an engine is on this node. */
export function isLocal(place: ShardPlace | Promise<ShardPlace>): place is LocalShard {
  return !(place instanceof Promise) && place.node === undefined;
}

/** Calls the engines of a directory. */
export class Routing {
  readonly directory: Directory;

  constructor(directory: Directory) {
    this.directory = directory;
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
    for (let moves = 0;; moves++) {
      const place = await this.directory.placeOf(shard, caller);
      try {
        return await step(place.engine, place);
      } catch (error) {
        this.#goOn(error, place, moves);
      }
    }
  }

  /**
   * Asks the owners of these shards, each for all that it has. What has moved is asked for again where it is then: each shard
   * answers once.
   */
  async ask<T>(
    shards: readonly number[] | undefined,
    caller: Waiting,
    step: PartStep<T>,
    moves: number = 0,
  ): Promise<T[]> {
    const parts = await this.#parts(shards, caller);
    const answers = await Promise.all(parts.map(async ([place, some]) => {
      try {
        return [await step(place.engine, some)];
      } catch (error) {
        this.#goOn(error, place, moves);
        return await this.ask(some, caller, step, moves + 1);
      }
    }));
    return answers.flat();
  }

  /** As `ask`, for items by name, which are merged. Shards that move meanwhile go on behind their last item. */
  async *items<T>(
    shards: readonly number[] | undefined,
    step: PartItems<T>,
    nameOf: (item: T) => string,
    after: string | undefined = undefined,
    moves: number = 0,
  ): AsyncGenerator<T, void, void> {
    const parts = await this.#parts(shards, undefined);
    yield* merge(
      parts.map(([place, some]) => this.#itemsOf(place, some, step, nameOf, after, moves)),
      nameOf,
    );
  }

  async *#itemsOf<T>(
    place: ShardPlace,
    shards: readonly number[],
    step: PartItems<T>,
    nameOf: (item: T) => string,
    after: string | undefined,
    moves: number,
  ): AsyncGenerator<T, void, void> {
    let last = after;
    try {
      for await (const item of step(place.engine, shards, after)) {
        const name = nameOf(item);
        if (after !== undefined && name <= after) continue;
        yield item;
        last = name;
      }
    } catch (error) {
      this.#goOn(error, place, moves);
      yield* this.items(shards, step, nameOf, last, moves + 1);
    }
  }

  /** Returns if a step is to be tried again where the shards are then; throws why not. */
  #goOn(error: unknown, place: ShardPlace, moves: number): void {
    if (!hasMoved(error)) throw error;
    this.directory.doubt(place);
    if (moves + 1 < MOST_MOVES) return;
    if (place.node === undefined || !place.engine.isLost) throw moving();
    const owner = this.directory.owners().find(({ node }) => node.id === place.node);
    throw owner === undefined ? moving() : unreachable(owner.node.address);
  }

  /** The places of these shards, each once; default: of all shards. */
  async #parts(
    shards: readonly number[] | undefined,
    caller: Waiting,
  ): Promise<(readonly [place: ShardPlace, shards: readonly number[]])[]> {
    const all = shards ?? Array.from({ length: this.directory.shards }, (_, shard) => shard);
    const parts = new Map<ShardPlace, number[]>();
    const places = await Promise.all(all.map((shard) => this.directory.placeOf(shard, caller)));
    for (const [at, place] of places.entries()) {
      const shard = all[at];
      const some = parts.get(place);
      if (some === undefined) parts.set(place, [shard]);
      else some.push(shard);
    }
    return [...parts];
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
