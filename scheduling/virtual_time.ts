import type { Flow, Level } from "./flow.ts";
import { relist } from "./flow_table.ts";

/**
 * The two clocks of hierarchical start-time fair queuing: the virtual time among levels, kept here, and
 * among the flows of each level, kept with the level. An entry starts at the tag of its flow; virtual
 * time is the tag of what was served last; tags grow by cost over weight.
 */
export class VirtualTime {
  #now = 0;
  /** The largest tag given to a level. */
  #peak = 0;
  #readyLevels = 0;

  /** A flow has something to be served: it joins in at the present, or where it was if that is later. */
  activate(flow: Flow): void {
    const level = flow.level;
    catchUp(flow, level);
    if (level.ready.size === 0) {
      this.#catchUp(level);
      this.#readyLevels++;
    }
    level.ready.add(flow);
  }

  /** A flow has nothing to be served any more. */
  deactivate(flow: Flow): void {
    const level = flow.level;
    level.ready.remove(flow);
    correct(flow, level);
    if (level.ready.size === 0) this.#readyLevels--;
  }

  /** An entry of a flow that is ready is served: time moves to its start, its flow and level to its end. */
  charge(flow: Flow, cost: number): void {
    const level = flow.level;
    if (level.tag > this.#now) this.#now = level.tag;
    level.tag += cost / level.weight;
    if (level.tag > this.#peak) this.#peak = level.tag;
    level.virtual = flow.tag;
    flow.tag += cost / flow.weight;
    correct(flow, level);
  }

  /** As `charge`, for what did not wait. */
  chargeAtOnce(flow: Flow, cost: number): void {
    catchUp(flow, flow.level);
    this.#catchUp(flow.level);
    this.charge(flow, cost);
  }

  /** Corrects what was charged for an entry by `error`, from the next time that its flow is served. */
  settle(flow: Flow, error: number): void {
    const level = flow.level;
    level.tag += error / level.weight;
    if (level.ready.size > 0) this.#catchUp(level);
    if (level.tag > this.#peak) this.#peak = level.tag;
    flow.error += error / flow.weight;
    if (flow.index === -1) {
      correct(flow, level);
      // Or a new flow of its key would be free of its debt.
      if (flow.tag > level.virtual && !flow.listed) relist(flow);
    }
    // A busy period is over: the present moves to where nobody owes anything.
    if (level.ready.size === 0) level.virtual = level.peak;
    if (this.#readyLevels === 0) this.#now = this.#peak;
  }

  /** Changes the weight of a flow, also of what it owes. */
  weigh(flow: Flow, weight: number): void {
    const level = flow.level;
    const owed = flow.tag - level.virtual;
    if (owed > 0) flow.tag = level.virtual + owed * (flow.weight / weight);
    flow.error *= flow.weight / weight;
    flow.weight = weight;
    if (flow.index !== -1) level.ready.update(flow);
    if (flow.tag > level.peak) level.peak = flow.tag;
  }

  #catchUp(level: Level): void {
    if (level.tag < this.#now) level.tag = this.#now;
  }
}

/** Who comes too late for what was served in the meantime gets no credit for it. */
function catchUp(flow: Flow, level: Level): void {
  if (flow.tag < level.virtual) flow.tag = level.virtual;
}

/** Errors of a flow that waits are corrected when it is served, so that its place need not change. */
function correct(flow: Flow, level: Level): void {
  flow.tag += flow.error;
  flow.error = 0;
  catchUp(flow, level);
  if (flow.tag > level.peak) level.peak = flow.tag;
}
