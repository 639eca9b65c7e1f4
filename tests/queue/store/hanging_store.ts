// A store that hangs while the test says so.

import { memoryStore, type Store } from "@lineup/lineup/queue";

/** A store in memory, and the functions that make its commits wait and go on. */
export function hangingStore(): { store: Store; hang: () => void; goOn: () => void } {
  const memory = memoryStore();
  let gate: PromiseWithResolvers<void> | undefined;
  return {
    store: {
      ...memory,
      async commit(changes) {
        await gate?.promise;
        await memory.commit(changes);
      },
    },
    hang() {
      gate ??= Promise.withResolvers();
    },
    goOn() {
      gate?.resolve();
      gate = undefined;
    },
  };
}
