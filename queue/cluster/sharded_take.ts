// TAKE over queues of several engines. Engines of this node tell which job is next, so their queues take turns exactly as those
// of one engine do. Those of other nodes are asked by the same turns, but for those that had no job a moment ago.

import type { Clock } from "../../scheduling/clock.ts";
import { MAX_TAKE_BYTES } from "../bounds.ts";
import type { Caller } from "../engine/caller.ts";
import type { DeliveredJob, TakeRequest } from "../engine/engine.ts";
import type { NextJob, Offer } from "../engine/shard_engine.ts";
import { QueueRotation } from "../index/queue_rotation.ts";
import type { RemoteShard, ShardPlace, WeighedJob } from "./directory.ts";
import { hasMoved, isLocal, MOST_MOVES, moving, type Routing } from "./routing.ts";
import { LocalQueue, type RememberedQueue, RemoteQueue, type TurnQueue } from "./turn_queues.ts";

/** The queues of a request whose shards are in one place. */
interface PlacedQueues {
  readonly place: ShardPlace;
  readonly queues: string[];
}

/** How many queues of other nodes are remembered. */
const MOST_REMEMBERED = 10_000;
const NO_JOBS: readonly DeliveredJob[] = [];
/** No offer is served, nor will be. */
const NOBODY = -1;

/** The counts of requests that wait. */
export interface TakeCounts {
  /**
   * How many more waiting requests the engines of this node count than clients of this node have made: they count those of
   * other nodes, those that wait in several engines more than once, and not those that wait at other nodes.
   */
  over: number;
}

/** Takes jobs from several engines. */
export class ShardedTake {
  readonly #routing: Routing;
  readonly #clock: Clock;
  readonly #rotation = new QueueRotation();
  readonly #remembered = new Map<string, RememberedQueue>();
  readonly #counts: TakeCounts;
  readonly #isPart: boolean;

  /** `isPart`: the requests come from other nodes. */
  constructor(routing: Routing, clock: Clock, counts: TakeCounts, isPart: boolean) {
    this.#counts = counts;
    this.#routing = routing;
    this.#isPart = isPart;
    this.#clock = clock;
  }

  /** As `Engine.take`, for several queues, each named once. */
  async take(request: TakeRequest, wait: number, caller: Caller): Promise<readonly DeliveredJob[]> {
    const end = this.#clock.now() + wait;
    for (let moves = 0; moves < MOST_MOVES; moves++) {
      const shards = this.#shardsOf(request, wait > 0);
      const places = (shards instanceof Promise ? await shards : shards)
        .map((shard) => this.#routing.directory.placeOf(shard ?? 0, caller));
      let placed = grouped(request.queues, places);
      if (places.some((place) => place instanceof Promise)) {
        const jobs = await this.#takeMeanwhile(placed, request, caller);
        if (jobs.length > 0) return jobs;
        placed = grouped(request.queues, await Promise.all(places));
      }
      try {
        const left = Math.max(0, end - this.#clock.now());
        const jobs = placed.length === 1
          ? await this.#takeFromOne(placed[0], request, left, caller)
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

  async #takeFromOne(
    placed: PlacedQueues,
    request: TakeRequest,
    left: number,
    caller: Caller,
  ): Promise<readonly DeliveredJob[]> {
    const { place: { engine }, queues } = placed;
    const taking = engine.take(only(request, queues), left, caller);
    if (left === 0) return await taking;
    const uncount = this.#count([placed]);
    try {
      return await taking;
    } finally {
      uncount();
    }
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
    // Those that had no jobs a moment ago may have some now.
    for (const { place, queues } of placed) {
      if (isLocal(place)) continue;
      const jobs = await place.engine.take(only(request, queues), 0, caller);
      this.#found(jobs);
      if (jobs.length > 0) return jobs;
    }
    return undefined;
  }

  /**
   * The shards of the queues. Those without one get one if they are waited for. Without a promise where the database is not
   * asked: then jobs are taken in this turn, so before the next request of the client.
   */
  #shardsOf(
    { queues }: TakeRequest,
    waits: boolean,
  ): readonly (number | undefined)[] | Promise<readonly (number | undefined)[]> {
    const { directory } = this.#routing;
    const shards = queues.map((queue) =>
      waits ? directory.assign(queue) : directory.shardOf(queue)
    );
    const isKnown = (shard: typeof shards[number]) => !(shard instanceof Promise);
    return shards.every(isKnown) ? shards as (number | undefined)[] : Promise.all(shards);
  }

  /** Takes what there is while other queues have no place, such as because their node is lost. */
  async #takeMeanwhile(
    placed: readonly PlacedQueues[],
    request: TakeRequest,
    caller: Caller,
  ): Promise<readonly DeliveredJob[]> {
    const queues = placed.flatMap(({ queues }) => queues);
    if (queues.length === 0) return NO_JOBS;
    try {
      return await this.#takeNow(placed, only(request, queues), caller);
    } catch (error) {
      if (!hasMoved(error)) throw error;
      return NO_JOBS;
    }
  }

  /**
   * Takes jobs of queues that have some, or had, in their turns. Rejects if there are none, and a queue could not be asked:
   * nobody knows whether that has some.
   */
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
    let failure: PromiseRejectedResult | undefined;
    // It goes on only if queues of other nodes had fewer jobs than they were asked for.
    while (found.length < max) {
      const turns: TurnQueue[] = [];
      const taking = new Map<TurnQueue, Promise<readonly DeliveredJob[]>[]>();
      let room = found.reduce((left, { body }) => left - body.length, MAX_TAKE_BYTES);
      while (found.length + turns.length < max) {
        const queue = byRank ? foremost(queues) : ring.next(queues);
        if (queue === undefined) break;
        if (queue instanceof LocalQueue) {
          const { size } = queue.front!;
          if (found.length + turns.length > 0 && size > room) break;
          room -= size;
          const one = { ...only(request, [queue.name]), max: 1 };
          taking.set(queue, [...taking.get(queue) ?? [], queue.take(one, caller)]);
        }
        ring.charge(queue);
        turns.push(queue);
      }
      const asked = Map.groupBy(turns.filter((queue) => queue instanceof RemoteQueue), (it) => it);
      for (const [queue, { length }] of asked) {
        const part = { ...only(request, [queue.name]), max: length };
        taking.set(queue, [queue.take(part, caller)]);
      }
      const taken = await settled(taking);
      failure ??= taken.failure;
      for (const [queue, { length }] of asked) {
        ring.refund(queue, length - taken.jobs.get(queue)!.length);
      }
      found.push(...turns.flatMap((queue) => taken.jobs.get(queue)!.shift() ?? []));
      if (asked.size === 0) break;
    }
    if (found.length === 0 && failure !== undefined) throw failure.reason;
    return found;
  }

  #turnQueue(name: string, place: ShardPlace, { keys }: TakeRequest): TurnQueue {
    if (place.node === undefined) return new LocalQueue(name, place, keys);
    return new RemoteQueue(name, place, this.#remember(name), this.#clock.now());
  }

  #remember(name: string): RememberedQueue {
    const there = this.#remembered.get(name);
    if (there !== undefined) return there;
    const fresh = { emptyUntil: 0, weight: 1 };
    if (this.#remembered.size === MOST_REMEMBERED) {
      this.#remembered.delete(this.#remembered.keys().next().value!);
    }
    this.#remembered.set(name, fresh);
    return fresh;
  }

  /** Jobs of other nodes came: their queues may have more. */
  #found(jobs: readonly WeighedJob[]): void {
    for (const { queue, weight } of jobs) {
      Object.assign(this.#remember(queue), { emptyUntil: 0, weight });
    }
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
    const uncount = this.#count(placed);
    /** The first that has jobs, or fails, is the answer, and the others leave. Returns whether it is this one. */
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
      // Jobs that are still on their way go back once they are here.
      served ??= NOBODY;
      for (const offer of offers) offer.leave();
      throw error;
    } finally {
      uncount();
    }
  }

  /** Counts a request that waits in these places. Call the function returned once it waits no more. */
  #count(placed: readonly PlacedQueues[]): () => void {
    const local = placed.filter(({ place }) => isLocal(place)).length;
    let more = local - (this.#isPart ? 0 : 1);
    this.#counts.over += more;
    return () => {
      this.#counts.over -= more;
      more = 0;
    };
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
      }, (error) => {
        // One that was left ends by that.
        if (serve(at)) reject(error);
      });
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
    const found = jobs.then((jobs) => {
      came = jobs;
      this.#found(jobs);
      return jobs.length === 0 ? undefined : jobs;
    });
    // Nobody asks for them if another place cannot be waited in.
    found.catch(() => {});
    return {
      jobs: found,
      leave() {
        abort.abort();
        if (came !== undefined) engine.giveBack(came, false);
        came = undefined;
      },
    };
  }
}

/** Queues by their places, without those whose place is not known yet. */
function grouped(
  queues: readonly string[],
  places: readonly (ShardPlace | Promise<ShardPlace>)[],
): readonly PlacedQueues[] {
  const placed = new Map<unknown, PlacedQueues>();
  for (const [at, place] of places.entries()) {
    if (place instanceof Promise) continue;
    const same = placed.get(place.engine);
    if (same === undefined) placed.set(place.engine, { place, queues: [queues[at]] });
    else same.queues.push(queues[at]);
  }
  return [...placed.values()];
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

/** The jobs taken, by queue, once nothing is on its way any more; and the errors of queues that could not be asked. */
async function settled(
  taking: ReadonlyMap<TurnQueue, readonly Promise<readonly DeliveredJob[]>[]>,
): Promise<{ jobs: Map<TurnQueue, DeliveredJob[]>; failure: PromiseRejectedResult | undefined }> {
  let failure: PromiseRejectedResult | undefined;
  const jobs = new Map<TurnQueue, DeliveredJob[]>();
  // All at once: while one is waited for, another may fail.
  await Promise.all(Array.from(taking, async ([queue, parts]) => {
    const all = await Promise.allSettled(parts);
    failure ??= all.find((part) => part.status === "rejected");
    jobs.set(queue, all.flatMap((part) => part.status === "fulfilled" ? part.value : []));
  }));
  return { jobs, failure };
}

/** The request for these queues only. */
function only(request: TakeRequest, queues: readonly string[]): TakeRequest {
  return { ...request, queues };
}
