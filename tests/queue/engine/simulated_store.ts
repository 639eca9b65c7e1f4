import {
  type Change,
  memoryStore,
  type Moment,
  type Store,
  type StoredJob,
  StoreFull,
} from "@lineup/lineup/queue";
import type { Clock } from "../../../scheduling/clock.ts";
import type { VirtualClock } from "../../../testing/virtual_clock.ts";

type Random = () => number;

/** A clock that stops with its process. Its timers sometimes ring late, as in a busy process. */
export class ProcessClock implements Clock {
  running = true;
  constructor(readonly clock: VirtualClock, readonly random: Random) {}

  now(): number {
    return this.clock.now();
  }

  after(delay: number, action: () => void): () => void {
    const late = this.random() < 0.1 ? this.random() * 20 : 0;
    return this.clock.after(delay + late, () => this.running && action());
  }
}

/** A disk that outlives the processes that write to it. Its commits may fail. */
export class SimulatedDisk {
  readonly #kept = memoryStore();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The jobs on it. */
  async jobs(): Promise<Map<number, StoredJob>> {
    return new Map((await Array.fromAsync(this.#kept.load())).map((job) => [job.id, job]));
  }

  /**
   * The store of one process. It ends with the process of the clock: a commit under way is then stored as a whole or
   * not at all, and no caller learns which. A commit may fail and be stored nevertheless.
   */
  store(clock: ProcessClock): Store {
    const kept = this.#kept;
    const random = this.#random;
    // Commits end in the order of the calls, for any times.
    let last: Promise<unknown> = Promise.resolve();
    const later = (): Promise<void> | undefined =>
      random() < 0.7 ? undefined : new Promise((resolve) => {
        clock.after(Math.floor(random() * 5), resolve);
      });
    const commit = async (
      before: Promise<unknown>,
      changes: readonly Change[],
      moment: Moment | undefined,
    ): Promise<void> => {
      await before;
      await later();
      // A dead process does nothing, and gets no answer.
      if (!clock.running) return new Promise(() => {});
      const chance = random();
      if (chance < 0.005) throw new Error("input/output error");
      if (chance > 0.97 && changes.some(({ kind }) => kind === "put")) {
        throw new StoreFull("disk full");
      }
      await kept.commit(changes, moment);
      if (chance < 0.01) throw new Error("input/output error");
      await later();
    };
    return {
      ...kept,
      commit(changes, moment) {
        const done = commit(last, changes, moment);
        last = done.catch(() => {});
        return done;
      },
      async bodies(ids) {
        await last;
        return await kept.bodies(ids);
      },
      close: () => Promise.resolve(),
    };
  }
}
