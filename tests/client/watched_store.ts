// A store that outlives its servers, takes its time, and is looked into: what it has is what is so.

import { type Change, memoryStore, type Store, type StoredJob } from "@lineup/lineup/queue";
import type { VirtualClock } from "../virtual_clock.ts";

/** A job as it is stored. */
export type Kept = StoredJob;

/** Whether nobody will be given a job any more. That a lease is over is stored by nobody. */
export function isOver(
  { state, endsAt, attempt, uncountedAttempts, attempts }: Kept,
  now: number,
): boolean {
  if (state === "taken") return endsAt <= now && attempt - uncountedAttempts >= attempts;
  return state === "dead" || state === "done";
}

/** The longest that a commit takes, in ms. */
export const SLOWEST = 3;

/** A store, and what is in it; `onChange` is told what each job that has changed was, and is; `undefined` for gone. */
export function watchedStore(
  clock: VirtualClock,
  below: (limit: number) => number,
  onChange: (id: number, before: Kept | undefined, kept: Kept | undefined) => void,
): { store: Store; jobs: ReadonlyMap<number, Kept> } {
  const memory = memoryStore();
  const jobs = new Map<number, Kept>();
  const note = (change: Change): void => {
    if (!("id" in change || change.kind === "put")) return;
    const id = change.kind === "put" ? change.job.id : change.id;
    const before = jobs.get(id);
    if (change.kind === "put") jobs.set(id, change.job);
    else if (change.kind === "drop") jobs.delete(id);
    else jobs.set(id, { ...before!, ...change.progress });
    onChange(id, before, jobs.get(id));
  };
  const pause = (): Promise<void> =>
    new Promise((resolve) => clock.after(below(SLOWEST + 1) / 2, resolve));
  return {
    jobs,
    store: {
      ...memory,
      async commit(changes) {
        await pause();
        await memory.commit(changes);
        changes.forEach(note);
        await pause();
      },
      close: () => Promise.resolve(),
    },
  };
}
