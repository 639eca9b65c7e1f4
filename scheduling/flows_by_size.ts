import type { Flow } from "./flow.ts";

/** As many as the bits of a mask; sizes from 2^31 share the last. */
const BUCKETS = 32;

/**
 * Flows by the part of the queue that they hold, to find the largest one without a search. Each list holds flows of
 * about one size: its number is the logarithm of the size. A mask tells which lists are not empty.
 *
 * A flow that grows moves to its list at once. A flow that shrinks moves when it is the first one of its list and somebody
 * asks for the largest. So that takes O(1) on average.
 */
export class FlowsBySize {
  #heads: (Flow | null)[] = new Array(BUCKETS).fill(null);
  #mask = 0;
  #measure: (flow: Flow) => number;

  /** @param measure the size of a flow; 0 only if no entry waits in it */
  constructor(measure: (flow: Flow) => number) {
    this.#measure = measure;
  }

  /** A flow at least half as large as the largest; undefined if no entry waits. */
  get largest(): Flow | undefined {
    while (this.#mask !== 0) {
      const flow = this.#heads[31 - Math.clz32(this.#mask)]!;
      if (this.#isInPlace(flow)) return flow;
    }
    return undefined;
  }

  /** Moves a flow that has grown. Time: O(1). */
  grow(flow: Flow): void {
    const bucket = bucketOf(this.#measure(flow));
    if (bucket > flow.bucket) this.#move(flow, bucket);
  }

  /** Removes a flow in which no entry waits any more. Time: O(1). */
  remove(flow: Flow): void {
    if (flow.bucket !== -1) this.#move(flow, -1);
  }

  /** The largest flows, roughly in order. Time: O(count) on average. */
  largestFlows(count: number): Flow[] {
    const flows: Flow[] = [];
    for (let bucket = BUCKETS - 1; bucket >= 0; bucket--) {
      const last = this.#heads[bucket]?.larger;
      for (let flow = last?.smaller, end = false; flow && !end;) {
        if (flows.length === count) return flows;
        const next: Flow = flow.smaller;
        end = flow === last;
        if (this.#isInPlace(flow)) flows.push(flow);
        flow = next;
      }
    }
    return flows;
  }

  #isInPlace(flow: Flow): boolean {
    const bucket = bucketOf(this.#measure(flow));
    if (bucket === flow.bucket) return true;
    this.#move(flow, bucket);
    return false;
  }

  #move(flow: Flow, bucket: number): void {
    if (flow.bucket !== -1) this.#unlink(flow);
    flow.bucket = bucket;
    if (bucket !== -1) this.#link(flow);
  }

  #link(flow: Flow): void {
    const head = this.#heads[flow.bucket];
    if (head === null) {
      this.#heads[flow.bucket] = flow;
      this.#mask |= 1 << flow.bucket;
      return;
    }
    flow.smaller = head;
    flow.larger = head.larger;
    head.larger.smaller = flow;
    head.larger = flow;
  }

  #unlink(flow: Flow): void {
    const next = flow.smaller;
    if (next === flow) {
      this.#heads[flow.bucket] = null;
      this.#mask &= ~(1 << flow.bucket);
      return;
    }
    if (this.#heads[flow.bucket] === flow) this.#heads[flow.bucket] = next;
    flow.larger.smaller = next;
    next.larger = flow.larger;
    flow.smaller = flow;
    flow.larger = flow;
  }
}

function bucketOf(size: number): number {
  return size >= 2 ** 31 ? 31 : 31 - Math.clz32(size | 1);
}
