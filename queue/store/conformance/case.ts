import type { StoredJob } from "../job_fields.ts";
import type { Store } from "../store.ts";

/** A store that can be closed and opened again. */
export interface StoreOpener {
  /** Opens the store of this test, or opens it again; the first time it is empty. */
  open(): Promise<Store>;
  /** Whether what was committed is there again after `close`. */
  readonly lasts: boolean;
  /** Whether the store has `moment`. Default true. */
  readonly hasMoment?: boolean;
}

/** One thing that every store does. */
export interface StoreCase {
  /** The steps of the test. */
  readonly name: string;
  /** Rejects where the store does not. */
  run(store: Store, opener: StoreOpener): Promise<void>;
}

/** All jobs of a store. */
export function all(store: Store): Promise<StoredJob[]> {
  return Array.fromAsync(store.load());
}
