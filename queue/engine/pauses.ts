// Queues and keys that give out no job for some time. A pause is not stored; that of PAUSE, which has no end, is a limit.

import { Deadlines, type Due, ownTimes } from "../index/deadlines.ts";
import type { LimitedJobs } from "../index/jobs.ts";
import type { Yield } from "../index/job_slice.ts";
import type { QueueView } from "../index/queue.ts";
import { BYTES, type Memory } from "../memory.ts";
import type { QueueClock } from "./queue_clock.ts";
import type { JobScope } from "./ranked_engine.ts";

/** The parts that pauses work with. */
interface PauseParts {
  readonly jobs: LimitedJobs;
  readonly clock: QueueClock;
  readonly memory: Memory;
  readonly yield: Yield;
  /** Gets queues whose jobs are no longer held back. */
  readonly onFree: (queues: Iterable<QueueView>) => void;
}

/** The pause of a queue, or of one of its keys. */
class TimedPause implements Due {
  place = -1;

  constructor(readonly scope: JobScope, readonly due: number) {}
}

/** All pauses. */
export class Pauses {
  readonly #parts: PauseParts;
  readonly #all = new Map<string, TimedPause>();
  readonly #ends: Deadlines<TimedPause>;

  /** Starts without any. */
  constructor(parts: PauseParts) {
    this.#parts = parts;
    this.#ends = new Deadlines<TimedPause>(
      parts.clock,
      ownTimes,
      parts.yield,
      (pauses) => this.#end([...pauses]),
    );
  }

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  /** Pauses for so many ms from now on. */
  begin(scope: JobScope, ms: number): void {
    const { clock, memory } = this.#parts;
    const name = nameOf(scope);
    const before = this.#all.get(name);
    if (before === undefined) {
      memory.kept += BYTES.limits;
      this.#set(scope, true);
    } else this.#ends.remove(before);
    const pause = new TimedPause(scope, clock.now() + ms);
    this.#all.set(name, pause);
    this.#ends.add(pause);
  }

  /** Ends a pause, if there is one. */
  end(scope: JobScope): void {
    const pause = this.#all.get(nameOf(scope));
    if (pause === undefined) return;
    this.#ends.remove(pause);
    this.#end([pause]);
  }

  /** Stops: no pause ends any more. */
  stop(): void {
    this.#ends.stop();
  }

  #end(pauses: readonly TimedPause[]): void {
    const queues = new Set<QueueView>();
    for (const { scope } of pauses) {
      this.#all.delete(nameOf(scope));
      this.#parts.memory.kept -= BYTES.limits;
      queues.add(this.#set(scope, false));
    }
    this.#parts.onFree(queues);
  }

  #set({ queue: name, key: keyName }: JobScope, paused: boolean): QueueView {
    const { jobs } = this.#parts;
    const queue = jobs.queue(name);
    if (keyName === undefined) queue.paused = paused;
    else {
      const key = queue.key(keyName);
      key.paused = paused;
      queue.updateBlocked(key);
      queue.forget(key);
    }
    jobs.forget(queue);
    return queue;
  }
}

function nameOf({ queue, key }: JobScope): string {
  return JSON.stringify([queue, key]);
}
