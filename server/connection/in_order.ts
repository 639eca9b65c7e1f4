// The untagged requests of a connection: they start in the order in which they came, and are answered in it.

import type { Request } from "../request/request.ts";

/** A queue of untagged requests, from their arrival to their answer. */
export class InOrder {
  /** Requests that are not answered yet. */
  size = 0;
  /** Bytes of answers that wait for the one before them. */
  held = 0;
  readonly #most: number;
  readonly #now: () => number;
  /** Answered next. */
  #first: Request | undefined = undefined;
  #last: Request | undefined = undefined;
  /** Lines up next, once `#lining` has a seat: one at a time, or those of a higher class would overtake. */
  #nextUp: Request | undefined = undefined;
  #lining: Request | undefined = undefined;
  #advancing = false;
  #stopped = false;

  /** While answers of more than `most` bytes wait for the one before them, no more requests begin. */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  /** The request whose turn it is to be answered. */
  get first(): Request | undefined {
    return this.#first;
  }

  /** A request came. */
  push(call: Request): void {
    this.size++;
    if (this.#last === undefined) this.#first = call;
    else this.#last.after = call;
    this.#last = call;
    this.#nextUp ??= call;
  }

  /** A request has a seat: the next one may line up. */
  started(call: Request): void {
    if (this.#lining !== call) return;
    this.#lining = undefined;
    this.advance();
  }

  /** Lets who is next line up, if that one is ready. */
  advance(): void {
    if (this.#advancing || this.#stopped) return;
    this.#advancing = true;
    for (let call; (call = this.#nextUp) !== undefined && this.#lining === undefined;) {
      if (!call.answered) {
        if (!call.ready || this.held > this.#most) break;
        this.#lining = call;
      }
      this.#nextUp = call.after;
      if (!call.answered) call.enqueue(this.#now());
    }
    this.#advancing = false;
  }

  /** No further request lines up. */
  stop(): void {
    this.#stopped = true;
  }

  /** A request has its final line: those behind it that have theirs already go out with it. */
  answered(call: Request): void {
    this.size--;
    this.held += call.heldBytes;
    while (this.#first?.answered) {
      this.#first = this.#first.after;
      if (this.#first?.answered) this.held -= this.#first.heldBytes;
      this.#first?.release();
    }
    if (this.#first === undefined) this.#last = undefined;
    if (this.#lining === call) this.#lining = undefined;
    if (this.#nextUp !== undefined) this.advance();
  }

  /** Those that are not answered, in order; they may be answered meanwhile. */
  *[Symbol.iterator](): Generator<Request> {
    let next: Request | undefined;
    for (let call = this.#first; call !== undefined; call = next) {
      next = call.after;
      yield call;
    }
  }
}
