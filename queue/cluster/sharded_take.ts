// TAKE over queues of several engines. Engines of this node tell which job is next, so their queues take turns exactly as those
// of one engine do. Those of other nodes are asked, by the same turns, as long as they have had jobs.

import type { Clock } from "../../scheduling/clock.ts";
import { MAX_TAKE_BYTES } from "../bounds.ts";
import type { Caller } from "../engine/caller.ts";
import type { DeliveredJob, TakeRequest } from "../engine/engine.ts";
import type { NextJob, Offer } from "../engine/shard_engine.ts";
import { QueueRotation, type RingQueue } from "../index/queue_rotation.ts";
import type { LocalShard, RemoteShard, ShardPlace } from "./directory.ts";
import { hasMoved, isLocal, MOST_MOVES, moving, type Routing } from "./routing.ts";

/** The queues of a request whose shards are in one place. */
interface PlacedQueues {
  readonly place: ShardPlace;
  readonly queues: string[];
}

/** How many queues of other nodes are remembered. */
const MOST_REMEMBERED = 10_000;
const NO_JOBS: readonly DeliveredJob[] = [];

/** A queue of a request. `next` tells whether it has a job, or may have one. */
interface TurnQueue extends RingQueue {
  readonly place: ShardPlace;
}

/** A queue of an engine on this node. */
class LocalQueue implements TurnQueue {
  readonly name: string;
  readonly place: LocalShard;
  /** Its next job. */
  front: NextJob | undefined;
  readonly #keys: TakeRequest["keys"];

  constructor(name: string, place: LocalShard, keys: TakeRequest["keys"]) {
    this.name = name;
    this.place = place;
    this.#keys = keys;
    this.look();
  }

  /** A job of it was taken. */
  look(): void {
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
class RemoteQueue implements TurnQueue {
  readonly name: string;
  readonly place: RemoteShard;
  readonly #memory: Remembered;

  constructor(name: string, place: RemoteShard, memory: Remembered) {
    this.name = name;
    this.place = place;
    this.#memory = memory;
  }

  get weight(): number {
    return this.#memory.weight;
  }

  get next(): number | undefined {
    return this.#memory.hasJobs ? 0 : undefined;
  }

  nextOf(): number | undefined {
    return this.next;
  }

  /** It had so many jobs, of as many as were asked for. */
  had(count: number, asked: number): void {
    this.#memory.hasJobs = count === asked;
  }
}

/** What is remembered of a queue of another node. */
interface Remembered {
  /** Whether it had as many jobs as were asked for, the last time. */
  hasJobs: boolean;
  weight: number;
}

/** Takes jobs from several engines. */
export class ShardedTake {
  readonly #routing: Routing;
  readonly #clock: Clock;
  readonly #rotation = new QueueRotation();
  readonly #remembered = new Map<string, Remembered>();
  /** How many engines of this node count a request that another one counts as well. */
  countedTwice = 0;

  constructor(routing: Routing, clock: Clock) {
    this.#routing = routing;
    this.#clock = clock;
  }

  /** As `Engine.take`, for several queues, each named once. */
  async take(request: TakeRequest, wait: number, caller: Caller): Promise<readonly DeliveredJob[]> {
    const end = this.#clock.now() + wait;
    for (let moves = 0; moves < MOST_MOVES; moves++) {
      const placed = await this.#places(request, wait > 0, caller);
      try {
        const left = Math.max(0, end - this.#clock.now());
        const jobs = placed.length === 1
          ? await placed[0].place.engine.take(only(request, placed[0].queues), left, caller)
          : await this.#takeFrom(placed, request, left, caller);
        if (jobs === undefined || jobs.length > 0 || left === 0) return jobs ?? NO_JOBS;
        if (placed.length === 1) return jobs;
      } catch (error) {
        if (!hasMoved(error)) throw error;
        for (const { place } of placed) this.#routing.directory.doubt(place);
      }
    }
    throw moving();
  }

  /** Takes what there is, or waits. Resolves with `undefined` when the time is over, and with none if it must try again. */
  async #takeFrom(
    placed: readonly PlacedQueues[],
    request: TakeRequest,
    left: number,
    caller: Caller,
  ): Promise<readonly DeliveredJob[] | undefined> {
    const jobs = await this.#takeNow(placed, request, caller);
    if (jobs.length > 0) return jobs;
    if (left > 0) return await this.#wait(placed, request, left, caller);
    // Those that had no jobs the last time may have some now.
    for (const { place, queues } of placed) {
      if (isLocal(place)) continue;
      const jobs = await place.engine.take(only(request, queues), 0, caller);
      this.#found(jobs);
      if (jobs.length > 0) return jobs;
    }
    return undefined;
  }

  /** The queues by the place of their shards. Queues without a shard get one if they are waited for. */
  async #places(
    { queues }: TakeRequest,
    waits: boolean,
    caller: Caller,
  ): Promise<readonly PlacedQueues[]> {
    const { directory } = this.#routing;
    const placed = new Map<unknown, PlacedQueues>();
    for (const queue of queues) {
      const found = waits ? directory.assign(queue) : directory.shardOf(queue);
      const shard = found instanceof Promise ? await found : found;
      const at = directory.placeOf(shard ?? 0, caller);
      const place = at instanceof Promise ? await at : at;
      const same = placed.get(place.engine);
      if (same === undefined) placed.set(place.engine, { place, queues: [queue] });
      else same.queues.push(queue);
    }
    return [...placed.values()];
  }

  /** Takes jobs of queues that have some, or had, in their turns. */
  async #takeNow(
    placed: readonly PlacedQueues[],
    request: TakeRequest,
    caller: Caller,
  ): Promise<readonly DeliveredJob[]> {
    const { max, byRank } = request;
    const ring = this.#rotation.of(request.queues);
    const byName = new Map(
      placed.flatMap(({ place, queues }) =>
        queues.map((name) => [name, this.#turnQueue(name, place, request)])
      ),
    );
    // Of queues whose turns are equal, that which is named first is next.
    const queues = request.queues.map((name) => byName.get(name)!);
    const found: DeliveredJob[] = [];
    // It goes on only if queues of other nodes had fewer jobs than they were asked for.
    while (found.length < max) {
      const asked = new Map<TurnQueue, number>();
      const taking: Promise<readonly DeliveredJob[]>[] = [];
      let count = found.length;
      let room = found.reduce((left, { body }) => left - body.length, MAX_TAKE_BYTES);
      while (count < max) {
        const queue = byRank ? foremost(queues) : ring.next(queues);
        if (queue === undefined) break;
        if (queue instanceof LocalQueue) {
          const { size } = queue.front!;
          if (count > 0 && size > room) break;
          room -= size;
          ring.charge(queue);
          const one = { ...only(request, [queue.name]), max: 1 };
          taking.push(queue.place.engine.take(one, 0, caller));
          queue.look();
        } else {
          ring.charge(queue);
          asked.set(queue, (asked.get(queue) ?? 0) + 1);
        }
        count++;
      }
      const remote = [...asked].map(async ([queue, most]) => {
        const jobs = await queue.place.engine.take(
          { ...only(request, [queue.name]), max: most },
          0,
          caller,
        );
        (queue as RemoteQueue).had(jobs.length, most);
        ring.refund(queue, most - jobs.length);
        return jobs;
      });
      found.push(...await all([...taking, ...remote]));
      if (remote.length === 0) break;
    }
    return found;
  }

  #turnQueue(name: string, place: ShardPlace, { keys }: TakeRequest): TurnQueue {
    if (place.node === undefined) return new LocalQueue(name, place, keys);
    return new RemoteQueue(name, place, this.#remember(name));
  }

  #remember(name: string): Remembered {
    const there = this.#remembered.get(name);
    if (there !== undefined) return there;
    const fresh = { hasJobs: false, weight: 1 };
    if (this.#remembered.size === MOST_REMEMBERED) {
      this.#remembered.delete(this.#remembered.keys().next().value!);
    }
    this.#remembered.set(name, fresh);
    return fresh;
  }

  /** Jobs of other nodes came: their queues may have more. */
  #found(jobs: readonly DeliveredJob[]): void {
    for (const { queue } of jobs) this.#remember(queue).hasJobs = true;
  }

  /** Waits in all places. The first that has jobs ends the others; what these have by then goes back. */
  async #wait(
    placed: readonly PlacedQueues[],
    request: TakeRequest,
    left: number,
    caller: Caller,
  ): Promise<readonly DeliveredJob[] | undefined> {
    const offers: Offer[] = [];
    let served: number | undefined;
    let more = Math.max(0, placed.filter(({ place }) => isLocal(place)).length - 1);
    const uncount = (): void => {
      this.countedTwice -= more;
      more = 0;
    };
    this.countedTwice += more;
    /** The first that is served keeps its jobs. Returns whether it is this one. */
    const serve = (at: number): boolean => {
      if (served !== undefined) return served === at;
      served = at;
      uncount();
      for (const [other, offer] of offers.entries()) if (other !== at) offer.leave();
      return true;
    };
    try {
      for (const [at, { place, queues }] of placed.entries()) {
        const part = only(request, queues);
        offers.push(
          place.node === undefined
            ? place.engine.offer(part, left, () => serve(at))
            : this.#remoteOffer(place, part, left, caller),
        );
      }
      return await caller.park(this.#first(offers, serve));
    } catch (error) {
      for (const offer of offers) offer.leave();
      throw error;
    } finally {
      uncount();
    }
  }

  /** The jobs of the first offer that has some; `undefined` if none has any in time. */
  #first(
    offers: readonly Offer[],
    serve: (at: number) => boolean,
  ): Promise<readonly DeliveredJob[] | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<
      readonly DeliveredJob[] | undefined
    >();
    let waiting = offers.length;
    for (const [at, offer] of offers.entries()) {
      offer.jobs.then((jobs) => {
        if (jobs === undefined) {
          if (--waiting === 0) resolve(undefined);
        } else if (serve(at)) resolve(jobs);
        else offer.leave();
      }, reject);
    }
    return promise;
  }

  /** A TAKE that waits at another node. */
  #remoteOffer({ engine }: RemoteShard, request: TakeRequest, left: number, caller: Caller): Offer {
    const { client } = caller;
    const abort = new AbortController();
    const jobs = engine.take(request, left, {
      client,
      signal: abort.signal,
      park: (promise) => Promise.resolve(promise),
    });
    let came: readonly DeliveredJob[] | undefined;
    return {
      jobs: jobs.then((jobs) => {
        came = jobs;
        this.#found(jobs);
        return jobs.length === 0 ? undefined : jobs;
      }),
      leave() {
        abort.abort();
        if (came !== undefined) engine.giveBack(came, false);
        came = undefined;
      },
    };
  }
}

/** The queue whose job comes first, as if all were one queue. */
function foremost(queues: readonly TurnQueue[]): TurnQueue | undefined {
  let first: LocalQueue | undefined;
  for (const queue of queues) {
    if (!(queue instanceof LocalQueue) || queue.front === undefined) continue;
    if (first === undefined || isBefore(queue.front, first.front!)) first = queue;
  }
  return first;
}

function isBefore(a: NextJob, b: NextJob): boolean {
  if (a.rank !== b.rank) return a.rank < b.rank;
  return a.readyAt < b.readyAt || (a.readyAt === b.readyAt && a.id < b.id);
}

/** All jobs, also if some could not be had; rejects if there are none for that reason. */
async function all(
  taking: readonly Promise<readonly DeliveredJob[]>[],
): Promise<readonly DeliveredJob[]> {
  const settled = await Promise.allSettled(taking);
  const jobs = settled.flatMap((each) => each.status === "fulfilled" ? each.value : []);
  const failed = settled.find((each) => each.status === "rejected");
  if (jobs.length === 0 && failed !== undefined) throw failed.reason;
  return jobs;
}

/** The request for these queues only. */
function only(request: TakeRequest, queues: readonly string[]): TakeRequest {
  return { ...request, queues };
}
