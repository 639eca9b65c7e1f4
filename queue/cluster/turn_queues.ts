// The queues of a TAKE over several engines, as far as their turns need them.

import type { Caller } from "../engine/caller.ts";
import type { DeliveredJob, TakeRequest } from "../engine/engine.ts";
import type { NextJob } from "../engine/shard_engine.ts";
import type { RingQueue } from "../index/queue_rotation.ts";
import type { LocalShard, RemoteShard, ShardPlace } from "./directory.ts";

/** So long a queue of another node that had no job is not asked while other queues have some, in ms. */
const EMPTY_MS = 100;

/** A queue of a request. `next` tells whether it has a job, or may have one. */
export interface TurnQueue extends RingQueue {
  readonly place: ShardPlace;
  /** Takes its next jobs. Rejects if it cannot be asked; then this request asks it no more. */
  take(request: TakeRequest, caller: Caller): Promise<readonly DeliveredJob[]>;
}

/** A queue of an engine on this node. */
export class LocalQueue implements TurnQueue {
  readonly name: string;
  readonly place: LocalShard;
  /** Its next job. */
  front: NextJob | undefined;
  readonly #keys: TakeRequest["keys"];

  constructor(name: string, place: LocalShard, keys: TakeRequest["keys"]) {
    this.name = name;
    this.place = place;
    this.#keys = keys;
    this.#look();
  }

  async take(request: TakeRequest, caller: Caller): Promise<readonly DeliveredJob[]> {
    this.front = undefined;
    const jobs = this.place.engine.take(request, 0, caller);
    try {
      this.#look();
    } catch {
      // The engine has closed, or is no longer sure of its shard. What was taken before that is taken.
    }
    return await jobs;
  }

  #look(): void {
    this.front = this.place.engine.next(this.name, this.#keys?.get(this.name));
  }

  get weight(): number {
    return this.front?.weight ?? 1;
  }

  get next(): number | undefined {
    return this.front?.id;
  }

  nextOf(): number | undefined {
    return this.next;
  }
}

/** A queue of another node, and what is remembered of it. */
export class RemoteQueue implements TurnQueue {
  readonly name: string;
  readonly place: RemoteShard;
  readonly #now: number;
  readonly #memory: RememberedQueue;
  #hasFailed = false;

  constructor(name: string, place: RemoteShard, memory: RememberedQueue, now: number) {
    this.#now = now;
    this.name = name;
    this.place = place;
    this.#memory = memory;
  }

  get weight(): number {
    return this.#memory.weight;
  }

  get next(): number | undefined {
    return !this.#hasFailed && this.#memory.emptyUntil <= this.#now ? 0 : undefined;
  }

  nextOf(): number | undefined {
    return this.next;
  }

  /** As `TurnQueue.take`. Remembers whether there were as many jobs as were asked for. */
  async take(request: TakeRequest, caller: Caller): Promise<readonly DeliveredJob[]> {
    let jobs;
    try {
      jobs = await this.place.engine.take(request, 0, caller);
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
    if (jobs.length > 0) this.#memory.weight = jobs[0].weight;
    this.#memory.emptyUntil = jobs.length === request.max ? 0 : this.#now + EMPTY_MS;
    return jobs;
  }
}

/** The memory of a queue of another node. */
export interface RememberedQueue {
  /** Until when it is not asked, because it had fewer jobs than were asked for. */
  emptyUntil: number;
  weight: number;
}
