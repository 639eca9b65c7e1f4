// The messages to and from the thread that writes.

import type { Moment } from "../store.ts";
import type { Batch } from "./batch.ts";
import type { DiskOptions } from "./disk_room.ts";

/** A request to the thread. */
export type StoreRequest =
  | { readonly kind: "open"; readonly path: string; readonly options: DiskOptions }
  | {
    readonly kind: "commit";
    readonly batch: Batch;
    readonly puts: boolean;
    readonly moment: Moment | undefined;
  }
  | { readonly kind: "load"; readonly after: number; readonly limit: number }
  | { readonly kind: "limits" | "schedules" | "lastId" | "moment" | "room" }
  | { readonly kind: "bodies"; readonly ids: readonly number[] }
  | { readonly kind: "scheduleBodies"; readonly names: readonly string[] }
  | { readonly kind: "close" };

/** An answer of the thread; answers come in the order of the requests. */
export type StoreAnswer = { readonly result: unknown } | {
  readonly error: string;
  readonly full: boolean;
};
