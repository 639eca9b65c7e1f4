// Hierarchical start-time fair queuing in its plainest form: arrays that are searched from end to end. Tests compare
// FairQueue with it.

/** A flow of the reference. */
export interface ReferenceFlow {
  readonly level: ReferenceLevel;
  weight: number;
  tag: number;
  /** A correction that waits until the flow is served. */
  error: number;
  held: boolean;
  /** The lanes with waiting entries, in the order of their turns. Each entry is its cost. */
  lanes: ReferenceLane[];
  /** Of flows with equal tags, the one with the least number goes first. */
  order: number;
  isReady: boolean;
}

/** A lane of the reference. */
export interface ReferenceLane {
  readonly flow: ReferenceFlow;
  readonly entries: ReferenceEntry[];
}

/** An entry of the reference. */
export interface ReferenceEntry {
  readonly id: number;
  readonly lane: ReferenceLane;
  readonly cost: number;
}

/** A level of the reference. */
export interface ReferenceLevel {
  weight: number;
  tag: number;
  /** The start of the entry that was served last. */
  virtual: number;
  flows: ReferenceFlow[];
}

/** The reference. */
export class ReferenceQueue {
  readonly levels: ReferenceLevel[];
  #now = 0;
  /** The greatest tags that flows of a level, and that levels, have had. */
  readonly #peaks = new Map<ReferenceLevel, number>();
  #peak = 0;
  #orders = 0;

  constructor(weights: readonly number[]) {
    this.levels = weights.map((weight) => ({ weight, tag: 0, virtual: 0, flows: [] }));
  }

  flow(rank: number): ReferenceFlow {
    const level = this.levels[rank];
    const rest = { tag: 0, error: 0, held: false, lanes: [], order: 0, isReady: false };
    const flow: ReferenceFlow = { level, weight: 1, ...rest };
    level.flows.push(flow);
    return flow;
  }

  push(entry: ReferenceEntry, isFirst: boolean): void {
    const { lane } = entry;
    if (lane.entries.length === 0) lane.flow.lanes.push(lane);
    if (isFirst) lane.entries.unshift(entry);
    else lane.entries.push(entry);
    this.#change(lane.flow);
  }

  /** The entries that may go next: those whose level and flow have no later tag than `slack` after the least. */
  next(slack: number): ReferenceEntry[] {
    const levels = this.levels.filter((level) => this.#ready(level).length > 0);
    const leastLevel = Math.min(...levels.map(({ tag }) => tag));
    return levels.filter(({ tag }) => tag <= leastLevel + slack).flatMap((level) => {
      const flows = this.#ready(level);
      const least = Math.min(...flows.map(({ tag }) => tag));
      return flows.filter(({ tag }) => tag <= least + slack)
        .sort((a, b) => a.order - b.order)
        .map(({ lanes }) => lanes[0].entries[0]);
    });
  }

  take(entry: ReferenceEntry): void {
    const { flow } = entry.lane;
    this.#serve(flow, entry.cost);
    const lane = flow.lanes.shift()!;
    lane.entries.shift();
    if (lane.entries.length > 0) flow.lanes.push(lane);
    flow.order = ++this.#orders;
    this.#change(flow);
  }

  remove(entry: ReferenceEntry): void {
    const { lane } = entry;
    lane.entries.splice(lane.entries.indexOf(entry), 1);
    if (lane.entries.length === 0) lane.flow.lanes.splice(lane.flow.lanes.indexOf(lane), 1);
    this.#change(lane.flow);
  }

  hold(flow: ReferenceFlow, held: boolean): void {
    flow.held = held;
    this.#change(flow);
  }

  /** Work that did not wait. */
  charge(flow: ReferenceFlow, cost: number): void {
    flow.tag = Math.max(flow.tag, flow.level.virtual);
    flow.level.tag = Math.max(flow.level.tag, this.#now);
    this.#serve(flow, cost);
  }

  settle(flow: ReferenceFlow, error: number): void {
    const { level } = flow;
    level.tag += error / level.weight;
    if (this.#ready(level).length > 0) level.tag = Math.max(level.tag, this.#now);
    flow.error += error / flow.weight;
    if (!flow.isReady) this.#correct(flow);
    this.#note(flow);
    // What waits no longer owes nothing.
    if (this.#ready(level).length === 0) level.virtual = this.#peaks.get(level) ?? 0;
    if (this.levels.every((each) => this.#ready(each).length === 0)) this.#now = this.#peak;
  }

  weigh(flow: ReferenceFlow, weight: number): void {
    const { level } = flow;
    const owed = Math.max(0, flow.tag - level.virtual);
    if (owed > 0) flow.tag = level.virtual + owed * (flow.weight / weight);
    flow.error *= flow.weight / weight;
    flow.weight = weight;
    if (flow.isReady) flow.order = ++this.#orders;
    this.#note(flow);
  }

  weighLevel(level: ReferenceLevel, weight: number): void {
    const owed = Math.max(0, level.tag - this.#now);
    if (owed > 0) level.tag = this.#now + owed * (level.weight / weight);
    level.weight = weight;
    this.#peak = Math.max(this.#peak, level.tag);
  }

  #ready(level: ReferenceLevel): ReferenceFlow[] {
    return level.flows.filter(({ isReady }) => isReady);
  }

  #serve(flow: ReferenceFlow, cost: number): void {
    const { level } = flow;
    this.#now = Math.max(this.#now, level.tag);
    level.tag += cost / level.weight;
    level.virtual = flow.tag;
    flow.tag += cost / flow.weight;
    this.#correct(flow);
    this.#note(flow);
  }

  /** No correction gives credit for the past. */
  #correct(flow: ReferenceFlow): void {
    flow.tag = Math.max(flow.tag + flow.error, flow.level.virtual);
    flow.error = 0;
  }

  #note(flow: ReferenceFlow): void {
    const { level } = flow;
    this.#peaks.set(level, Math.max(this.#peaks.get(level) ?? 0, flow.tag));
    this.#peak = Math.max(this.#peak, level.tag);
  }

  /** A flow begins to take part, or no longer does. */
  #change(flow: ReferenceFlow): void {
    const isReady = flow.lanes.length > 0 && !flow.held;
    if (isReady === flow.isReady) return;
    const { level } = flow;
    if (isReady) {
      flow.tag = Math.max(flow.tag, level.virtual);
      if (this.#ready(level).length === 0) level.tag = Math.max(level.tag, this.#now);
      flow.order = ++this.#orders;
    } else {
      this.#correct(flow);
      this.#note(flow);
    }
    flow.isReady = isReady;
  }
}
