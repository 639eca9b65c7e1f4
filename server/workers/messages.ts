// The messages between a server and the processes of its workers.

import { type Executed, Refusal } from "../../protocol/errors.ts";
import type { Identity } from "../identity/identity.ts";
import type { Values } from "../../protocol/shape.ts";

/** A request for the handler of a worker. */
export interface Task {
  readonly verb: string;
  /** Its arguments. */
  readonly values: Values;
  /** Whether the handler yields items. */
  readonly streams: boolean;
  readonly client: number;
  readonly peer: string;
  readonly agent: string | undefined;
  readonly identity: Identity | undefined;
  /** The end of its time; `undefined` where it has no limit. */
  readonly deadline: number | undefined;
  readonly trace: string | undefined;
  /** The state of its connection and what middleware added to its context, by name; `undefined` where there is none. */
  readonly more: MoreContext | undefined;
}

/** Members of a context: those that can be cloned, and for the others the reason why not. */
export interface MoreContext {
  readonly cloned: Readonly<Record<string, unknown>>;
  readonly left: Readonly<Record<string, string>>;
}

/** To a worker. */
export type ToWorker =
  | { readonly kind: "task" } & Task
  | { readonly kind: "abort"; readonly reason: PlainRefusal; readonly closed: boolean }
  /** The last item was passed on: the next may come. */
  | { readonly kind: "more" };

/** From a worker. */
export type FromWorker =
  | { readonly kind: "ready"; readonly verbs: readonly string[] }
  | { readonly kind: "item"; readonly values: Values }
  | { readonly kind: "reply"; readonly values: Values | undefined }
  | { readonly kind: "refusal"; readonly refusal: PlainRefusal }
  /** The module could not be loaded, or a handler failed. */
  | { readonly kind: "failure"; readonly error: unknown }
  /** A handler logs; the details can all be cloned. */
  | {
    readonly kind: "log";
    readonly verb: string;
    readonly client: string;
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
  }
  /** An error was not caught: the worker ends. */
  | { readonly kind: "uncaught"; readonly error: unknown };

/** A message whose `values` may have a body, which is sent behind the rest as it is. */
export type Message = { readonly values?: Values; readonly [field: string]: unknown };

/** A `Refusal` as data: a structured clone of an error loses its fields. */
export interface PlainRefusal {
  readonly code: string;
  readonly message: string;
  readonly retry?: number;
  readonly executed?: Executed;
  readonly details: Readonly<Record<string, string>>;
}

export function toPlain({ code, message, retry, executed, details }: Refusal): PlainRefusal {
  return { code, message, retry, executed, details };
}

export function toRefusal({ code, message, ...options }: PlainRefusal): Refusal {
  return new Refusal(code, message, options);
}
