// The requests of a connection that are not answered yet: the tagged ones by their tags, the others in their order.

import type { Request } from "../request/request.ts";
import { InOrder } from "./in_order.ts";

/** What is in flight on one connection. */
export class InFlight {
  readonly #tagged = new Map<string, Request>();
  readonly #untagged: InOrder;
  /** Bytes that these requests hold. */
  bytes = 0;

  /** While answers of more than `most` bytes wait for the one before them, no more untagged requests begin. */
  constructor(most: number, now: () => number) {
    this.#untagged = new InOrder(most, now);
  }

  /** How many there are. */
  get size(): number {
    return this.untagged + this.tagged;
  }

  /** How many of them have a tag. */
  get tagged(): number {
    return this.#tagged.size;
  }

  /** How many have none. */
  get untagged(): number {
    return this.#untagged.size;
  }

  /** Bytes held for them, and for answers that wait for their turn. */
  get held(): number {
    return this.bytes + this.#untagged.held;
  }

  /** The untagged request whose turn it is to be answered. */
  get first(): Request | undefined {
    return this.#untagged.first;
  }

  /** The request with this tag. */
  find(tag: string): Request | undefined {
    return this.#tagged.get(tag);
  }

  /** A request came. */
  add(call: Request): void {
    this.bytes += call.bytes;
    if (call.tag !== undefined) this.#tagged.set(call.tag, call);
    else this.#untagged.push(call);
  }

  /** The arguments of a request are checked: it may line up. */
  checked(call: Request, now: number): void {
    if (call.tag === undefined) this.#untagged.advance();
    else call.enqueue(now);
  }

  /** A request has a seat. */
  started(call: Request): void {
    if (call.tag === undefined) this.#untagged.started(call);
  }

  /** A request has its final line. */
  answered(call: Request): void {
    this.bytes -= call.bytes;
    if (call.tag !== undefined) this.#tagged.delete(call.tag);
    else this.#untagged.answered(call);
  }

  /** No further request lines up. */
  stop(): void {
    this.#untagged.stop();
  }

  /** All of them; they may be answered meanwhile. */
  *[Symbol.iterator](): Generator<Request> {
    yield* this.#untagged;
    yield* [...this.#tagged.values()];
  }
}
