// The uncorrelated requests of a connection. They start, and are answered, in the order in which they came.

/** A request in this order, and the node of its list. */
export interface OrderedRequest {
  /** For the list: the request behind this one. */
  after: this | undefined;
  /** Whether its last response is made, or no longer needed. */
  readonly answered: boolean;
  /** Whether its arguments are checked, so that it may be scheduled. */
  readonly ready: boolean;
  /** Bytes of responses that wait for its turn. */
  readonly heldBytes: number;
  /** Schedules it. */
  enqueue(now: number): void;
  /** Writes the responses that waited: it is the request's turn. */
  release(): void;
}

/** Uncorrelated requests, from their arrival to their answer. */
export class ResponseOrder<T extends OrderedRequest> {
  /** Requests that are not answered yet. */
  size = 0;
  /** Bytes of responses that wait for an earlier one. */
  held = 0;
  readonly #mostHeld: number;
  readonly #serial: boolean;
  readonly #now: () => number;
  /** The request that is answered next. */
  #first: T | undefined = undefined;
  #last: T | undefined = undefined;
  /**
   * The request that is scheduled next, once `#scheduled` has a seat; where serial, once that is answered. One at a time:
   * a higher class would overtake.
   */
  #next: T | undefined = undefined;
  #scheduled: T | undefined = undefined;
  #advancing = false;
  #stopped = false;

  /**
   * While responses of more than `mostHeld` bytes wait for an earlier one, no further request is scheduled. Where
   * `serial`, a request is scheduled once the one before it is answered.
   */
  constructor(mostHeld: number, serial: boolean, now: () => number) {
    this.#mostHeld = mostHeld;
    this.#serial = serial;
    this.#now = now;
  }

  /** The request whose turn it is to be answered. */
  get first(): T | undefined {
    return this.#first;
  }

  /** Whether the responses that wait for an earlier one are too many. */
  get crowded(): boolean {
    return this.held > this.#mostHeld;
  }

  /** A request came. */
  push(request: T): void {
    this.size++;
    if (this.#last === undefined) this.#first = request;
    else this.#last.after = request;
    this.#last = request;
    this.#next ??= request;
  }

  /** A request has a seat: the next one may be scheduled. */
  started(request: T): void {
    if (this.#serial || this.#scheduled !== request) return;
    this.#scheduled = undefined;
    this.advance();
  }

  /** Schedules the next requests that are ready. */
  advance(): void {
    if (this.#advancing || this.#stopped) return;
    this.#advancing = true;
    for (let next; (next = this.#next) !== undefined && this.#scheduled === undefined;) {
      if (!next.answered) {
        if (!next.ready || this.crowded) break;
        this.#scheduled = next;
      }
      this.#next = next.after;
      if (!next.answered) next.enqueue(this.#now());
    }
    this.#advancing = false;
  }

  /** Schedules no further request, and lets no further answer out that has waited for its turn. */
  stop(): void {
    this.#stopped = true;
  }

  /** A request is answered: the answers behind it that are whole go out with it. */
  answered(request: T): void {
    this.size--;
    this.held += request.heldBytes;
    while (this.#first?.answered) {
      this.#first = this.#first.after;
      if (this.#first?.answered) this.held -= this.#first.heldBytes;
      if (!this.#stopped) this.#first?.release();
    }
    if (this.#first === undefined) this.#last = undefined;
    if (this.#scheduled === request) this.#scheduled = undefined;
    if (this.#next !== undefined) this.advance();
  }

  /** The unanswered requests, in order. They may be answered during the iteration. */
  *[Symbol.iterator](): Generator<T> {
    let next: T | undefined;
    for (let request = this.#first; request !== undefined; request = next) {
      next = request.after;
      yield request;
    }
  }
}
