import type { FairQueue } from "./fair_queue.ts";
import type { ClassOptions, FlowOptions, SchedulingLimits } from "./scheduler_options.ts";
import { dealHand, drawHashKey, type HashKey } from "./shuffle_shard.ts";
import { FlowHandle, type Ticket } from "./ticket.ts";

/** Opens flow handles of a queue. Guests share flows if there are too many of them. */
export class FlowHandles<T extends Ticket> {
  #queue: FairQueue<T>;
  #classes: readonly Readonly<ClassOptions>[];
  #limits: SchedulingLimits;
  #key: HashKey;

  constructor(
    queue: FairQueue<T>,
    classes: readonly Readonly<ClassOptions>[],
    limits: SchedulingLimits,
    random: () => number,
  ) {
    this.#queue = queue;
    this.#classes = classes;
    this.#limits = limits;
    this.#key = drawHashKey(random);
  }

  /** See {@linkcode Scheduler.openFlow}. */
  open(name: string, key: string, options: FlowOptions): FlowHandle {
    const rank = this.#classes.findIndex((options) => options.name === name);
    if (rank === -1) throw new RangeError(`there is no class ${name}`);
    const next = rank === 0 ? this.#classes[1]?.name : undefined;
    const demoted = next === undefined ? null : this.open(next, key, options);
    // No rate for control work: a client that asks too often must still be able to end its connection in order.
    const meters = demoted === null ? options.meters ?? [] : [];
    const hand = options.guest ? this.#hand(rank, key) : null;
    const flow = hand === null ? this.#queue.flow(rank, key, options.weight) : hand[0];
    return new FlowHandle(flow, hand, meters, demoted);
  }

  #hand(rank: number, key: string) {
    const { flows } = this.#queue.levels[rank];
    if (flows.size < this.#limits.guests || flows.has(key)) return null;
    return dealHand(key, this.#key).map((card) => this.#queue.flow(rank, card));
  }
}
