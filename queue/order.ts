// In which order the ready jobs of a queue are taken. A fair order between keys replaces this one.

import { Heap } from "./heap.ts";
import type { Job } from "./job.ts";

/** The ready jobs of one queue. */
export interface Order {
  /** How many there are. */
  readonly size: number;
  /** Since when the one that has been ready for longest is so; `undefined` where there is none. */
  readonly oldest: number | undefined;
  /** A job is ready: it lines up by its `ready` time, so one that is given back gets its old place. */
  push(job: Job): void;
  /** Takes out the job whose turn it is. */
  pop(): Job | undefined;
  /** Takes out a job. */
  remove(job: Job): void;
}

/** The lowest priority first, and within it who has been ready for longest: O(log n). */
export function firstInFirstOut(): Order {
  const levels: (Heap<Job> | undefined)[] = [];
  let size = 0;

  const remove = (job: Job): void => {
    levels[job.priority]!.remove(job);
    size--;
  };

  return {
    get size(): number {
      return size;
    },
    get oldest(): number | undefined {
      let oldest: number | undefined;
      for (const level of levels) {
        const first = level?.first;
        if (first !== undefined) oldest = Math.min(oldest ?? Infinity, first.ready);
      }
      return oldest;
    },
    push(job: Job): void {
      (levels[job.priority] ??= new Heap(wasReadyBefore)).add(job);
      size++;
    },
    pop(): Job | undefined {
      for (const level of levels) {
        const first = level?.first;
        if (first === undefined) continue;
        remove(first);
        return first;
      }
    },
    remove,
  };
}

function wasReadyBefore(a: Job, b: Job): boolean {
  return a.ready < b.ready || (a.ready === b.ready && a.id < b.id);
}
