// A store in memory with slow commits. It outlives its servers, and a test reads its jobs: they are the truth.

import { type Change, memoryStore, type Store, type StoredJob } from "@lineup/lineup/queue";
import type { VirtualClock } from "../../testing/virtual_clock.ts";

/** Whether a job will not be delivered again. The end of a lease is not stored, so this compares the time. */
export function isOver(
  { state, endsAt, attempt, uncountedAttempts, attempts }: StoredJob,
  now: number,
): boolean {
  if (state === "taken") return endsAt <= now && attempt - uncountedAttempts >= attempts;
  return state === "dead" || state === "done";
}

/** The longest time of a commit in ms. */
export const SLOWEST = 3;

/** A store and its jobs. `onChange` is called with a changed job before and after; `undefined` for no job. */
export function watchedStore(
  clock: VirtualClock,
  below: (limit: number) => number,
  onChange: (id: number, before: StoredJob | undefined, kept: StoredJob | undefined) => void,
): { store: Store; jobs: ReadonlyMap<number, StoredJob> } {
  const memory = memoryStore();
  const jobs = new Map<number, StoredJob>();
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
