import { FlowsBySize } from "./flows_by_size.ts";
import { type Entry, Flow, type FlowKey, type Lane, Level } from "./flow.ts";
import { appendEntry, linkLane, unlinkEntry, unlinkLane } from "./rings.ts";
import { list, relist } from "./flow_table.ts";
import { VirtualTime } from "./virtual_time.ts";

/**
 * Decides which entry goes next: hierarchical start-time fair queuing (SFQ; Goyal, Vin, Cheng, SIGCOMM 1996).
 *
 * Levels share by their weights, and the flows of a level by theirs. The lanes of a flow take turns, and a lane is first
 * in, first out. Others use the share that a flow or level leaves. While two flows of weights r and s wait, with entries
 * that cost at most l and m, neither gets ahead of the other by more than l/r + m/s (cost over weight).
 *
 * An entry starts at the virtual time at which the last entry of its flow ended, or at the present if that is later.
 * The present is the start of the entry that was served last. The queue serves the entry with the least start. So a
 * flow that was idle comes back with no credit; and once a level has nothing left to serve, its flows have no debt.
 * Removing an entry moves no time.
 *
 * Time: adding to a flow with waiting entries, O(1); serving, removing and adding to an idle flow,
 * O(log flows + levels). Memory: about 65 bytes for each entry, and 300 for each flow.
 *
 * @typeParam E the entries
 *
 * @example Two tenants take turns, however many entries one of them has
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
  /** How many entries wait, those of held flows included. */
  size: number = 0;
  /** The bytes that wait. */
  bytes: number = 0;
  #time = new VirtualTime();
  #bySize: FlowsBySize;

  /**
   * Starts empty.
   *
   * @param weights the share of each level, above 0. Infinity, for the first levels only, is strict priority: the queue
   * serves such a level before all levels behind it
   * @param options `leastBytes`: an entry counts as at least so many bytes in the size of its flow (default 1). If there
   * is a bound on bytes and one on entries, pass their quotient: the largest flow is then the one with the largest share
   * of either (dominant resource fairness, Ghodsi, NSDI 2011). `retain`: the number of flows up to which a level forgets
   * none, not even idle ones (default 10 240)
   * @throws {RangeError} if a weight is not 1e-6 to 1e6, or is infinite after a finite one
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
   * The flow of a key; the queue makes one if it has none. Keep the flow, or a lane of it, as long as you like. The queue
   * forgets an idle flow, with its weight, unless somebody keeps it.
   *
   * @param rank the level
   * @param key any text or number
   * @param weight its share beside the flows of its level (default: no change; 1 for a new flow)
   * @throws {RangeError} if the weight is not 1e-6 to 1e6
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

  /** Adds an entry behind all of its lane. Throws an error if the entry waits already. */
  push(entry: E): void {
    if (entry.next !== null) throw new Error("the entry waits already");
    const lane = entry.lane;
    if (appendEntry(entry)) this.#enter(lane);
    const flow = lane.flow;
    this.#count(flow, 1, entry.bytes);
    if (flow.index === -1 && !flow.held) this.#time.activate(flow);
  }

  /** Adds an entry before all of its lane: for an entry that had its turn and comes back. Throws as `push`. */
  unshift(entry: E): void {
    this.push(entry);
    entry.lane.head = entry;
  }

  /**
   * The entry that has its turn; undefined if the queue can serve none.
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

  /** Serves the entry that `next` returned: removes it, and charges its cost to its flow and level. */
  take(entry: E): void {
    const flow = entry.lane.flow;
    this.#time.charge(flow, entry.cost);
    if (flow.turn === entry.lane) flow.turn = entry.lane.next;
    this.#unlink(entry, flow);
    if (flow.waiting > 0) flow.level.ready.update(flow);
    else this.#time.deactivate(flow);
  }

  /** Serves the entry that has its turn: `next` and `take` in one. */
  pop(): E | undefined {
    const entry = this.next();
    if (entry !== undefined) this.take(entry);
    return entry;
  }

  /**
   * Removes an entry without serving it: no flow is charged, no time passes.
   *
   * @returns false if the entry did not wait
   */
  remove(entry: E): boolean {
    if (entry.next === null) return false;
    const flow = entry.lane.flow;
    this.#unlink(entry, flow);
    if (flow.waiting === 0 && flow.index !== -1) this.#time.deactivate(flow);
    return true;
  }

  /**
   * Charges a flow for work that did not wait: because the queue could serve nothing else, or in a level of strict
   * priority.
   */
  charge(flow: Flow, cost: number): void {
    this.#time.chargeAtOnce(flow, cost);
  }

  /**
   * Corrects the charge for an entry that was served, from the next time that its flow is served. A flow gets no credit
   * with which it would start before the present; and once nothing waits in a level, its flows have no debt. Time: O(1).
   *
   * Call it for every served entry, or for none: a flow then owes at most its last entry.
   *
   * @param actual the true cost, in the unit of the other costs
   */
  settle(entry: E, actual: number): void {
    this.#time.settle(entry.lane.flow, actual - entry.cost);
  }

  /**
   * Changes the share of a flow from now on, and scales its debt with it.
   *
   * @throws {RangeError} if the weight is not 1e-6 to 1e6
   */
  weigh(flow: Flow, weight: number): void {
    requireWeight(weight);
    if (weight === Infinity) throw new RangeError("the weight of a flow must be finite");
    this.#time.weigh(flow, weight);
    if (flow.waiting > 0) this.#bySize.grow(flow);
  }

  /**
   * Changes the share of a level from now on, and scales its debt with it.
   *
   * @throws {RangeError} if the weight is not 1e-6 to 1e6; a level of infinite weight keeps it
   */
  weighLevel(rank: number, weight: number): void {
    const level = this.levels[rank];
    requireLevelWeight(level.weight, weight);
    if (weight !== level.weight) this.#time.weighLevel(level, weight);
  }

  /** Passes a flow over, even if entries wait in it, until `release`. Time: O(log flows). */
  hold(flow: Flow): void {
    flow.held = true;
    if (flow.index !== -1) this.#time.deactivate(flow);
  }

  /** Serves a held flow again. It earned nothing while it was held. Time: O(log flows). */
  release(flow: Flow): void {
    flow.held = false;
    if (flow.waiting > 0 && flow.index === -1) this.#time.activate(flow);
  }

  /** How many flows the queue remembers, idle ones included. */
  get flows(): number {
    let flows = 0;
    for (const level of this.levels) flows += level.flows.size;
    return flows;
  }

  /** A flow whose size over its weight is at least half of that of any other. Time: O(1) on average. */
  get largest(): Flow | undefined {
    return this.#bySize.largest;
  }

  /** The largest flows, roughly in order. */
  largestFlows(count: number): Flow[] {
    return this.#bySize.largestFlows(count);
  }

  /** All waiting entries, level by level, in no order within a level. Change nothing meanwhile. */
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

  /** Puts a lane with its first entry into its flow, where it has the last turn. */
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

// With weights beyond these, one entry moves virtual time so far that the tags of others get lost in the rounding of a
// double.
const MIN_WEIGHT = 1e-6;
const MAX_WEIGHT = 1e6;

/** Throws `RangeError` if a level cannot change from a weight to another. */
export function requireLevelWeight(present: number, weight: number): void {
  requireWeight(weight);
  if ((present === Infinity) === (weight === Infinity)) return;
  throw new RangeError(`a weight of ${present} cannot become ${weight}`);
}

function requireWeight(weight: number): void {
  if (!(weight > 0)) throw new RangeError(`a weight must be above 0, not ${weight}`);
  if (weight >= MIN_WEIGHT && (weight <= MAX_WEIGHT || weight === Infinity)) return;
  throw new RangeError(`a weight must be ${MIN_WEIGHT} to ${MAX_WEIGHT}, not ${weight}`);
}
