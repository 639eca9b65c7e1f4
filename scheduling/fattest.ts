import type { Flow } from "./flow.ts";

/** As many as a 32-bit mask can name; sizes from 2^31 share the last. */
const BUCKETS = 32;

/**
 * Flows by how much of the queue they hold, so that the fattest is found without a search: lists of
 * flows of about one size, the logarithm of the size being the number of the list, and a mask of the
 * lists that are not empty.
 */
export class Fattest {
  #heads: (Flow | null)[] = new Array(BUCKETS).fill(null);
  #mask = 0;

  /** A flow at most half as small as the fattest; undefined where nothing waits. Time: O(1). */
  get first(): Flow | undefined {
    return this.#mask === 0 ? undefined : this.#heads[31 - Math.clz32(this.#mask)]!;
  }

  /** Puts a flow in the list of its present size, 0 for none. Time: O(1). */
  place(flow: Flow, size: number): void {
    const bucket = size <= 0 ? -1 : size >= 2 ** 31 ? 31 : 31 - Math.clz32(size | 1);
    if (bucket === flow.bucket) return;
    if (flow.bucket !== -1) this.#unlink(flow);
    flow.bucket = bucket;
    if (bucket !== -1) this.#link(flow);
  }

  /** The fattest flows, about in order. Time: O(count). */
  list(count: number): Flow[] {
    const flows: Flow[] = [];
    for (let bucket = BUCKETS - 1; bucket >= 0 && flows.length < count; bucket--) {
      const head = this.#heads[bucket];
      for (let flow = head; flow !== null && flows.length < count;) {
        flows.push(flow);
        flow = flow.thinner === head ? null : flow.thinner;
      }
    }
    return flows;
  }

  #link(flow: Flow): void {
    const head = this.#heads[flow.bucket];
    if (head === null) {
      this.#heads[flow.bucket] = flow;
      this.#mask |= 1 << flow.bucket;
      return;
    }
    flow.thinner = head;
    flow.fatter = head.fatter;
    head.fatter.thinner = flow;
    head.fatter = flow;
  }

  #unlink(flow: Flow): void {
    const next = flow.thinner;
    if (next === flow) {
      this.#heads[flow.bucket] = null;
      this.#mask &= ~(1 << flow.bucket);
      return;
    }
    if (this.#heads[flow.bucket] === flow) this.#heads[flow.bucket] = next;
    flow.fatter.thinner = next;
    next.fatter = flow.fatter;
    flow.thinner = flow;
    flow.fatter = flow;
  }
}
