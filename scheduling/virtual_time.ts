import type { Flow, Level } from "./flow.ts";
import { relist } from "./flow_table.ts";

/**
 * The clocks of hierarchical start-time fair queuing: the virtual time among levels, kept here, and the virtual time
 * among the flows of each level, kept with the level. An entry starts at the tag of its flow. Virtual time is the tag of
 * the flow that was served last. A tag grows by cost over weight.
 */
export class VirtualTime {
  #now = 0;
  /** The largest tag of a level. */
  #peak = 0;
  #readyLevels = 0;

  /** Takes part with a flow that has entries to serve: from the present on, or from its tag if that is later. */
  activate(flow: Flow): void {
    const level = flow.level;
    catchUp(flow, level);
    if (level.ready.size === 0) {
      this.#catchUp(level);
      this.#readyLevels++;
    }
    level.ready.add(flow);
  }

  /** Leaves out a flow that has no more entries to serve. */
  deactivate(flow: Flow): void {
    const level = flow.level;
    level.ready.remove(flow);
    correct(flow, level);
    if (level.ready.size === 0) this.#readyLevels--;
  }

  /** Serves an entry of an active flow: time moves to its start, the tags of its flow and level to its end. */
  charge(flow: Flow, cost: number): void {
    const level = flow.level;
    if (level.tag > this.#now) this.#now = level.tag;
    level.tag += cost / level.weight;
    if (level.tag > this.#peak) this.#peak = level.tag;
    level.virtual = flow.tag;
    flow.tag += cost / flow.weight;
    correct(flow, level);
  }

  /** Like `charge`, for work that did not wait. */
  chargeAtOnce(flow: Flow, cost: number): void {
    catchUp(flow, flow.level);
    this.#catchUp(flow.level);
    this.charge(flow, cost);
  }

  /** Corrects the charge for an entry by `error`, from the next time that its flow is served. */
  settle(flow: Flow, error: number): void {
    const level = flow.level;
    level.tag += error / level.weight;
    if (level.ready.size > 0) this.#catchUp(level);
    if (level.tag > this.#peak) this.#peak = level.tag;
    flow.error += error / flow.weight;
    if (flow.index === -1) {
      correct(flow, level);
      // Otherwise a new flow of its key would be free of its debt.
      if (flow.tag > level.virtual && !flow.listed) relist(flow);
    }
    // The busy period is over: the present moves to the time at which no flow owes anything.
    if (level.ready.size === 0) level.virtual = level.peak;
    if (this.#readyLevels === 0) this.#now = this.#peak;
  }

  /** Changes the weight of a flow, and scales its debt with it. */
  weigh(flow: Flow, weight: number): void {
    const level = flow.level;
    const owed = flow.tag - level.virtual;
    if (owed > 0) flow.tag = level.virtual + owed * (flow.weight / weight);
    flow.error *= flow.weight / weight;
    flow.weight = weight;
    if (flow.index !== -1) level.ready.update(flow);
    if (flow.tag > level.peak) level.peak = flow.tag;
  }

  /** Changes the weight of a level, and scales its debt with it. */
  weighLevel(level: Level, weight: number): void {
    const owed = level.tag - this.#now;
    if (owed > 0) level.tag = this.#now + owed * (level.weight / weight);
    level.weight = weight;
    if (level.tag > this.#peak) this.#peak = level.tag;
  }

  #catchUp(level: Level): void {
    if (level.tag < this.#now) level.tag = this.#now;
  }
}

/** A flow gets no credit for the time in which it was idle. */
function catchUp(flow: Flow, level: Level): void {
  if (flow.tag < level.virtual) flow.tag = level.virtual;
}

/** A waiting flow takes its corrections when it is served, so its place need not change before. */
function correct(flow: Flow, level: Level): void {
  flow.tag += flow.error;
  flow.error = 0;
  catchUp(flow, level);
  if (flow.tag > level.peak) level.peak = flow.tag;
}
