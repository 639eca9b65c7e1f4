// What a server and its workers say to each other.

import { type Executed, Refusal } from "../protocol/errors.ts";
import type { Values } from "../protocol/message.ts";
import type { LogEntry } from "./log.ts";

/** What a worker's handler is told of its request. */
export interface Task {
  readonly verb: string;
  readonly args: Values;
  /** Whether the handler yields items. */
  readonly streams: boolean;
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
  | { readonly kind: "abort"; readonly reason: PlainRefusal; readonly closed: boolean }
  /** The last item was passed on: the next may come. */
  | { readonly kind: "more" };

/** From a worker. */
export type FromWorker =
  | { readonly kind: "ready"; readonly verbs: readonly string[] }
  | { readonly kind: "item"; readonly item: Values }
  | { readonly kind: "reply"; readonly reply: Values | undefined }
  | { readonly kind: "refusal"; readonly refusal: PlainRefusal }
  /** The module could not be loaded, or a handler failed. */
  | { readonly kind: "failure"; readonly error: unknown }
  | { readonly kind: "log"; readonly entry: LogEntry }
  /** The worker has ended itself. */
  | { readonly kind: "ended" };

/** A `Refusal` as data: a structured clone of an error loses its fields. */
export interface PlainRefusal {
  readonly code: string;
  readonly message: string;
  readonly retry: number | undefined;
  readonly executed: Executed | undefined;
  readonly details: Readonly<Record<string, string>>;
}

export function toPlain({ code, message, retry, executed, details }: Refusal): PlainRefusal {
  return { code, message, retry, executed, details };
}

export function toRefusal({ code, message, ...options }: PlainRefusal): Refusal {
  return new Refusal(code, message, options);
}
