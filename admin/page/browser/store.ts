// A value that many parts of the page look at.

import { useEffect, useState } from "preact/hooks";

/** A value that tells its watchers when it changes. */
export interface Watched<T> {
  get(): T;
  set(value: T): void;
  /** Calls `watcher` after each change. The function returned ends that. */
  watch(watcher: () => void): () => void;
}

/** Makes a store. */
export function createStore<T>(first: T): Watched<T> {
  let value = first;
  const watchers = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (next === value) return;
      value = next;
      for (const watcher of [...watchers]) watcher();
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
}

/** The value of a store; the component is drawn again when it changes. */
export function useStore<T>(store: Watched<T>): T {
  const [, draw] = useState({});
  useEffect(() => store.watch(() => draw({})), [store]);
  return store.get();
}
