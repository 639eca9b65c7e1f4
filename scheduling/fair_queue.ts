import { FlowsBySize } from "./flows_by_size.ts";
import { type Entry, Flow, type FlowKey, type Lane, Level } from "./flow.ts";
import { appendEntry, linkLane, unlinkEntry, unlinkLane } from "./rings.ts";
import { list, relist } from "./flow_table.ts";
import { VirtualTime } from "./virtual_time.ts";

/**
 * Who goes next: hierarchical start-time fair queuing (SFQ; Goyal, Vin, Cheng, SIGCOMM 1996).
 *
 * Levels share by their weights; in a level flows share by theirs; in a flow lanes take turns; in a
 * lane it is first in, first out. A share that one does not use the others do. While two flows of
 * weights r and s wait, with entries that cost at most l and m, neither gets ahead of the other by
 * more than l/r + m/s (cost over weight).
 *
 * An entry starts at the virtual time at which its flow finished the last one, or at the present
 * where that is later; virtual time is the start of what was served last; the least start is served
 * next. So who was idle comes back with no credit; and when a level has nothing left to serve, with
 * no debt either. What is removed unserved moves no time.
 *
 * Time: adding to a flow in which something waits, O(1); serving, removing and adding to an idle
 * flow, O(log flows + levels). Memory: about 65 bytes an entry, and 300 a flow.
 *
 * @typeParam E what waits
 *
 * @example Two tenants take turns, however much one of them has
 * ```ts
 * import { Entry, FairQueue, Lane } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new FairQueue([1]);
 * const acme = new Lane(queue.flow(0, "acme"));
 * const tiny = new Lane(queue.flow(0, "tiny"));
 * for (const lane of [acme, acme, acme, tiny]) queue.push(new Entry(lane));
 * const order = Array.from({ length: 4 }, () => queue.pop()!.lane.flow.key);
 * assertEquals(order, ["acme", "tiny", "acme", "acme"]);
 * ```
 *
 * @example Levels by weight
 * ```ts
 * import { Entry, FairQueue, Lane } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new FairQueue([2, 1]);
 * const lanes = [0, 1].map((level) => new Lane(queue.flow(level, "acme")));
 * for (let i = 0; i < 6; i++) for (const lane of lanes) queue.push(new Entry(lane));
 * const served = [0, 0];
 * for (let i = 0; i < 6; i++) served[queue.pop()!.lane.flow.level.rank]++;
 * assertEquals(served, [4, 2]);
 * ```
 */
export class FairQueue<E extends Entry = Entry> {
  /** The levels, by rank. */
  readonly levels: readonly Level[];
  /** How many wait, those of held flows included. */
  size: number = 0;
  /** The bytes that wait. */
  bytes: number = 0;
  #time = new VirtualTime();
  #bySize: FlowsBySize;

  /**
   * Starts empty.
   *
   * @param weights the share of each level, above 0; Infinity, allowed to the first levels only, is
   * strict priority: such a level is served whenever something waits in it, and before those after it
   * @param options `leastBytes`: what an entry counts for at least where the fattest flow is looked
   * for (default 1). With a bound on bytes and one on entries, their quotient makes the fattest flow
   * the one with the largest share of either (dominant resource fairness, Ghodsi, NSDI 2011).
   * `retain`: how many flows of a level are remembered in any case, idle ones too (default 10240)
   * @throws {RangeError} where a weight is not 1e-6 to 1e6, or infinite after a finite one
   */
  constructor(weights: readonly number[], options: { leastBytes?: number; retain?: number } = {}) {
    for (const weight of weights) requireWeight(weight);
    const finite = weights.findIndex((weight) => weight < Infinity);
    if (finite !== -1 && weights.lastIndexOf(Infinity) > finite) {
      throw new RangeError("levels of infinite weight must come first");
    }
    this.levels = weights.map((weight, rank) => new Level(rank, weight, options.retain));
    const least = options.leastBytes ?? 1;
    this.#bySize = new FlowsBySize(({ bytes, waiting, weight }) => {
      const size = Math.max(bytes, waiting * least);
      return weight === 1 ? size : size / weight;
    });
  }

  /**
   * The flow of a key, made where there is none. Keep it, or a lane of it, as long as you like; a
   * flow that is idle and that nobody keeps is forgotten, and its weight with it.
   *
   * @param rank the level
   * @param key any text or number
   * @param weight its share beside the flows of its level (default: as it is; 1 for a new one)
   * @throws {RangeError} where the weight is not 1e-6 to 1e6
   */
  flow(rank: number, key: FlowKey, weight?: number): Flow {
    const level = this.levels[rank];
    let flow = level.flows.get(key);
    if (flow === undefined) {
      flow = new Flow(level, key, 1);
      list(flow);
    }
    if (weight !== undefined && weight !== flow.weight) this.weigh(flow, weight);
    return flow;
  }

  /** Lines up behind all of its lane. Throws an error if it waits already. */
  push(entry: E): void {
    if (entry.next !== null) throw new Error("the entry waits already");
    const lane = entry.lane;
    if (appendEntry(entry)) this.#enter(lane);
    const flow = lane.flow;
    this.#count(flow, 1, entry.bytes);
    if (flow.index === -1 && !flow.held) this.#time.activate(flow);
  }

  /** Lines up before all of its lane: for what had its turn and comes back. Throws as `push`. */
  unshift(entry: E): void {
    this.push(entry);
    entry.lane.head = entry;
  }

  /**
   * The entry whose turn it is; undefined where nothing can be served.
   *
   * @param ranks how many levels to consider, from the first (default: all)
   */
  next(ranks: number = this.levels.length): E | undefined {
    const levels = this.levels;
    let best: Level | undefined;
    for (let rank = 0; rank < ranks; rank++) {
      const level = levels[rank];
      if (level.ready.size > 0 && (best === undefined || level.tag < best.tag)) best = level;
    }
    return best && best.ready.first!.turn!.head as E;
  }

  /** Serves what `next` returned: takes it out and charges its cost to its flow and level. */
  take(entry: E): void {
    const flow = entry.lane.flow;
    this.#time.charge(flow, entry.cost);
    if (flow.turn === entry.lane) flow.turn = entry.lane.next;
    this.#unlink(entry, flow);
    if (flow.waiting > 0) flow.level.ready.update(flow);
    else this.#time.deactivate(flow);
  }

  /** Serves the entry whose turn it is: `next` and `take` in one. */
  pop(): E | undefined {
    const entry = this.next();
    if (entry !== undefined) this.take(entry);
    return entry;
  }

  /**
   * Takes out an entry that will not be served: nobody is charged, no time passes.
   *
   * @returns false where it did not wait
   */
  remove(entry: E): boolean {
    if (entry.next === null) return false;
    const flow = entry.lane.flow;
    this.#unlink(entry, flow);
    if (flow.waiting === 0 && flow.index !== -1) this.#time.deactivate(flow);
    return true;
  }

  /**
   * Charges a flow for what is served without having waited: while nothing could be served, or in a
   * level of strict priority.
   */
  charge(flow: Flow, cost: number): void {
    this.#time.chargeAtOnce(flow, cost);
  }

  /**
   * Ends the service of an entry, and corrects what was charged for it, from the next time that its
   * flow is served. A flow gets no credit that would let it go ahead of the present; and once nothing
   * waits in a level, none keeps a debt. Time: O(1).
   *
   * Call it for every entry served, or for none: then a flow owes at most its last entry.
   *
   * @param actual the true cost, in the unit of the others
   */
  settle(entry: E, actual: number): void {
    this.#time.settle(entry.lane.flow, actual - entry.cost);
  }

  /**
   * Changes the share of a flow from now on, also that of what it owes.
   *
   * @throws {RangeError} where the weight is not 1e-6 to 1e6
   */
  weigh(flow: Flow, weight: number): void {
    requireWeight(weight);
    if (weight === Infinity) throw new RangeError("the weight of a flow must be finite");
    this.#time.weigh(flow, weight);
    if (flow.waiting > 0) this.#bySize.grow(flow);
  }

  /** Passes a flow over, whatever waits in it, until it is released. Time: O(log flows). */
  hold(flow: Flow): void {
    flow.held = true;
    if (flow.index !== -1) this.#time.deactivate(flow);
  }

  /** Serves a held flow again; the time it was held earns it nothing. Time: O(log flows). */
  release(flow: Flow): void {
    flow.held = false;
    if (flow.waiting > 0 && flow.index === -1) this.#time.activate(flow);
  }

  /** How many flows are remembered, idle ones too. */
  get flows(): number {
    let flows = 0;
    for (const level of this.levels) flows += level.flows.size;
    return flows;
  }

  /** A flow that holds, over its weight, at least half as much as any. Time: O(1) on average. */
  get largest(): Flow | undefined {
    return this.#bySize.largest;
  }

  /** The flows that hold the most, about in order. */
  largestFlows(count: number): Flow[] {
    return this.#bySize.largestFlows(count);
  }

  /** All that waits, level by level, in no order within; change nothing meanwhile. */
  *[Symbol.iterator](): IterableIterator<E> {
    for (const level of this.levels) {
      for (const { turn } of level.flows.values()) {
        for (let lane = turn; lane !== null; lane = lane.next === turn ? null : lane.next) {
          for (let entry = lane.head; entry !== null;) {
            yield entry as E;
            entry = entry.next === lane.head ? null : entry.next;
          }
        }
      }
    }
  }

  /** An empty lane got its first entry: it chooses its flow, and takes the last turn there. */
  #enter(lane: Lane): void {
    if (lane.hand !== null) lane.flow = leastBusy(lane.hand);
    if (!lane.flow.listed) lane.flow = relist(lane.flow);
    lane.flow.used = true;
    linkLane(lane);
  }

  #unlink(entry: E, flow: Flow): void {
    if (unlinkEntry(entry)) unlinkLane(entry.lane);
    this.#count(flow, -1, -entry.bytes);
  }

  #count(flow: Flow, entries: number, bytes: number): void {
    flow.waiting += entries;
    flow.level.waiting += entries;
    this.size += entries;
    flow.bytes += bytes;
    this.bytes += bytes;
    if (entries > 0) this.#bySize.grow(flow);
    else if (flow.waiting === 0) this.#bySize.remove(flow);
  }
}

function leastBusy(flows: readonly Flow[]): Flow {
  let least = flows[0];
  for (const flow of flows) if (flow.waiting < least.waiting) least = flow;
  return least;
}

// Beyond these a single entry would move virtual time so far that tags of others are lost in the rounding of a double.
const LEAST_WEIGHT = 1e-6;
const MOST_WEIGHT = 1e6;

function requireWeight(weight: number): void {
  if (!(weight > 0)) throw new RangeError(`a weight must be above 0, not ${weight}`);
  if (weight >= LEAST_WEIGHT && (weight <= MOST_WEIGHT || weight === Infinity)) return;
  throw new RangeError(`a weight must be ${LEAST_WEIGHT} to ${MOST_WEIGHT}, not ${weight}`);
}
