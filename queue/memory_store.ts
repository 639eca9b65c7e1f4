import type { Change, Store, StoredJob } from "./store.ts";

interface Kept {
  readonly job: StoredJob;
  readonly body: Uint8Array;
}

/**
 * A store that forgets everything with the process.
 *
 * @example
 * ```ts
 * import { memoryStore } from "@lineup/lineup/queue";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await memoryStore().lastId(), 0);
 * ```
 */
export function memoryStore(): Store {
  const kept = new Map<number, Kept>();
  let lastId = 0;

  const apply = (change: Change): void => {
    if (change.kind === "done") kept.delete(change.id);
    else if (change.kind === "put") {
      kept.set(change.job.id, { job: change.job, body: change.body });
      lastId = Math.max(lastId, change.job.id);
    } else {
      const there = kept.get(change.id);
      if (there !== undefined) {
        kept.set(change.id, { job: { ...there.job, ...change.progress }, body: there.body });
      }
    }
  };

  return {
    commit(changes: readonly Change[]): Promise<void> {
      changes.forEach(apply);
      return Promise.resolve();
    },
    async *load(): AsyncGenerator<StoredJob, void, void> {
      for (const { job } of kept.values()) yield job;
    },
    lastId: () => Promise.resolve(lastId),
    bodies: (ids) => Promise.resolve(ids.map((id) => kept.get(id)?.body)),
    close: () => Promise.resolve(kept.clear()),
  };
}
