// What an identity may do with which queues and keys.

import { Refusal } from "../protocol/errors.ts";
import { type KeyChoice, Patterns } from "./patterns.ts";

/** A right to some queues: to put jobs, to take and finish them, to look, to limit and remove. */
export type Right = "put" | "take" | "see" | "manage";

/** The role of those who may see the figures of the whole server. */
const OPERATOR = "operator";

/** An identity, as far as the queue needs it. The `Identity` of a server is one. */
export interface QueueIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  readonly grants: Readonly<Record<string, readonly string[] | undefined>>;
}

/** The rights of one identity. */
export class Rights {
  /** The keys to which all rights are limited; `undefined` for all keys. */
  readonly keys: KeyChoice | undefined;
  /** Whether it may see the figures of the whole server. */
  readonly isOperator: boolean;
  readonly #name: string;
  readonly #queues: Readonly<Record<Right, Patterns>>;
  readonly #keys: Patterns | undefined;

  constructor({ name, roles, grants }: QueueIdentity) {
    this.#name = name;
    this.isOperator = roles.includes(OPERATOR);
    const queuesOf = (right: Right): Patterns => new Patterns(grants[right] ?? []);
    this.#queues = {
      put: queuesOf("put"),
      take: queuesOf("take"),
      see: queuesOf("see"),
      manage: queuesOf("manage"),
    };
    const { keys } = grants;
    this.#keys = keys === undefined || keys.includes("*") ? undefined : new Patterns(keys);
    this.keys = this.#keys?.listed ?? this.#keys;
  }

  /** Whether it has a right to the jobs of a queue, those of one key if there is one. */
  has(right: Right, queue: string, key?: string): boolean {
    if (!this.#queues[right].has(queue)) return false;
    return this.#keys === undefined || key === undefined || this.#keys.has(key);
  }

  /** Whether it has a right to the jobs of any queue. */
  hasSome(right: Right): boolean {
    return this.#queues[right].texts.length > 0 && this.#keys?.texts.length !== 0;
  }

  /** As `has`, for the jobs of all keys of the queue. */
  hasWhole(right: Right, queue: string): boolean {
    return this.#keys === undefined && this.has(right, queue);
  }

  /** Throws `forbidden` without a right to the jobs of a queue, or of one of its keys. */
  need(right: Right, queue: string, key?: string): void {
    if (this.has(right, queue, key)) return;
    if (!this.#queues[right].has(queue)) {
      throw this.#forbidden(`may not ${right} ${queue}: ${textOf(right, this.#queues[right])}`);
    }
    const what = key === "" ? "jobs without key=" : `the key ${key}`;
    throw this.#forbidden(`may not ${right} ${what}: ${textOf("keys", this.#keys!)}`);
  }

  /** Throws `forbidden` without a right to a queue as a whole. */
  needWhole(right: Right, queue: string): void {
    this.need(right, queue);
    if (this.#keys === undefined) return;
    const keys = textOf("keys", this.#keys);
    throw this.#forbidden(`may not ${right} all of ${queue}: ${keys}; name a key`);
  }

  /** Throws `forbidden` without a right to limit and pause. Who is limited to keys has none: limits are set for it. */
  needLimits(queue: string, key?: string): void {
    this.need("manage", queue, key);
    if (this.#keys === undefined) return;
    throw this.#forbidden(`may not limit or pause ${queue}: ${textOf("keys", this.#keys)}`);
  }

  /** Throws `forbidden` without the role for what concerns the whole server. */
  needOperator(): void {
    if (!this.isOperator) throw this.#forbidden(`needs the role ${OPERATOR} for this`);
  }

  /** Something has a name already, and it is not for this identity to see or replace it. */
  taken(what: string): Refusal {
    return this.#forbidden(`cannot have ${what}: it is in use`);
  }

  #forbidden(what: string): Refusal {
    return new Refusal("forbidden", `${this.#name} ${what}.`);
  }
}

function textOf(list: string, { texts }: Patterns): string {
  return texts.length === 0 ? `it has no ${list}` : `its ${list} is ${texts.join(" ")}`;
}
