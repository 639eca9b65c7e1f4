import type { Flow } from "./flow.ts";

const EMPTY = new Float64Array(0);

/**
 * Flows by tag, the least first, and of equal tags the one that came first: without that, flows that
 * come and go could pass one that waits for ever. Each flow knows its place, so any can be removed.
 *
 * A 4-ary heap with its keys in flat arrays: half the levels of a binary one, each in one cache line.
 */
export class TagHeap {
  /** The number of flows. */
  size: number = 0;
  #flows: Flow[] = [];
  // Most heaps of a work queue with ten priorities stay empty.
  #tags: Float64Array = EMPTY;
  #orders: Float64Array = EMPTY;
  #order = 0;

  /** The flow that is next; undefined where there is none. */
  get first(): Flow | undefined {
    return this.size > 0 ? this.#flows[0] : undefined;
  }

  /** Adds a flow by its tag. Time: O(log size). */
  add(flow: Flow): void {
    const at = this.size++;
    if (at === this.#tags.length) {
      this.#tags = grown(this.#tags);
      this.#orders = grown(this.#orders);
    }
    this.#rise(at, flow, flow.tag, this.#order++);
  }

  /** Takes a flow out. Time: O(log size). */
  remove(flow: Flow): void {
    const at = flow.index;
    const end = --this.size;
    const last = this.#flows[end];
    this.#flows.length = end;
    flow.index = -1;
    if (at !== end) this.#settle(at, last, this.#tags[end], this.#orders[end]);
  }

  /** Puts a flow where its tag, which has changed, belongs, behind those of equal tag. Time: O(log size). */
  update(flow: Flow): void {
    this.#settle(flow.index, flow, flow.tag, this.#order++);
  }

  #settle(at: number, flow: Flow, tag: number, order: number): void {
    const parent = (at - 1) >> 2;
    if (at > 0 && this.#isBefore(tag, order, parent)) this.#rise(at, flow, tag, order);
    else this.#sink(at, flow, tag, order);
  }

  #rise(at: number, flow: Flow, tag: number, order: number): void {
    while (at > 0) {
      const parent = (at - 1) >> 2;
      if (!this.#isBefore(tag, order, parent)) break;
      this.#put(at, this.#flows[parent], this.#tags[parent], this.#orders[parent]);
      at = parent;
    }
    this.#put(at, flow, tag, order);
  }

  #sink(at: number, flow: Flow, tag: number, order: number): void {
    const tags = this.#tags;
    const orders = this.#orders;
    const size = this.size;
    for (let child = 4 * at + 1; child < size; child = 4 * at + 1) {
      let least = child;
      const end = Math.min(child + 4, size);
      for (let i = child + 1; i < end; i++) {
        if (tags[i] < tags[least] || (tags[i] === tags[least] && orders[i] < orders[least])) {
          least = i;
        }
      }
      if (this.#isBefore(tag, order, least)) break;
      this.#put(at, this.#flows[least], tags[least], orders[least]);
      at = least;
    }
    this.#put(at, flow, tag, order);
  }

  #isBefore(tag: number, order: number, at: number): boolean {
    return tag < this.#tags[at] || (tag === this.#tags[at] && order < this.#orders[at]);
  }

  #put(at: number, flow: Flow, tag: number, order: number): void {
    this.#flows[at] = flow;
    this.#tags[at] = tag;
    this.#orders[at] = order;
    flow.index = at;
  }
}

function grown(array: Float64Array): Float64Array {
  const larger = new Float64Array(Math.max(4, 2 * array.length));
  larger.set(array);
  return larger;
}
