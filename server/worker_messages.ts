// What a server and its workers say to each other.

import type { Executed } from "../protocol/errors.ts";
import type { Values } from "../protocol/message.ts";

/** What a worker's handler is told of its request. */
export interface Task {
  readonly verb: string;
  readonly args: Values;
  readonly client: {
    readonly id: number;
    readonly peer: string;
    readonly agent: string | undefined;
  };
  readonly identity: string | undefined;
  readonly deadline: number;
  readonly trace: string | undefined;
}

/** To a worker. */
export type ToWorker =
  | { readonly kind: "load"; readonly module: string }
  | { readonly kind: "task"; readonly task: Task }
  | { readonly kind: "abort"; readonly refusal: PlainRefusal }
  /** The last item was passed on: the next may come. */
  | { readonly kind: "more" };

/** From a worker. */
export type FromWorker =
  | { readonly kind: "ready"; readonly verbs: readonly string[] }
  | { readonly kind: "broken"; readonly error: unknown }
  | { readonly kind: "item"; readonly item: Values }
  | { readonly kind: "reply"; readonly reply: Values | undefined }
  | { readonly kind: "refusal"; readonly refusal: PlainRefusal }
  | { readonly kind: "failure"; readonly error: unknown }
  | { readonly kind: "log"; readonly message: string; readonly details?: Record<string, unknown> };

/** A `Refusal` as data: a structured clone of an error loses its fields. */
export interface PlainRefusal {
  readonly code: string;
  readonly message: string;
  readonly retry: number | undefined;
  readonly executed: Executed | undefined;
  readonly details: Readonly<Record<string, string>>;
}
