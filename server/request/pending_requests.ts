// The requests of a connection that are not answered yet: correlated ones by their correlation, the others in order.

import { type OrderedRequest, ResponseOrder } from "./response_order.ts";

/** A request in flight. */
export interface RequestInFlight extends OrderedRequest {
  /** See `Correlated`; `undefined` where it is answered in order. */
  readonly correlation: string | undefined;
  /** Bytes that it holds. */
  readonly bytes: number;
}

/** The requests of one connection that are in flight. */
export class PendingRequests<T extends RequestInFlight> {
  /** Bytes that these requests hold. */
  bytes = 0;
  readonly #correlated = new Map<string, T>();
  readonly #ordered: ResponseOrder<T>;

  /**
   * While responses of more than `mostHeld` bytes wait for an earlier one, no further ordered request is scheduled. Where
   * `serial`, an ordered request is scheduled once the one before it is answered.
   */
  constructor(mostHeld: number, serial: boolean, now: () => number) {
    this.#ordered = new ResponseOrder(mostHeld, serial, now);
  }

  /** The number of requests. */
  get size(): number {
    return this.ordered + this.correlated;
  }

  /** The number of requests with a correlation. */
  get correlated(): number {
    return this.#correlated.size;
  }

  /** The number of ordered requests. */
  get ordered(): number {
    return this.#ordered.size;
  }

  /** Bytes held for them, and for responses that wait for their turn. */
  get held(): number {
    return this.bytes + this.#ordered.held;
  }

  /** The ordered request whose turn it is to be answered. */
  get first(): T | undefined {
    return this.#ordered.first;
  }

  /** Whether too many bytes of answers wait for an earlier one. */
  get crowded(): boolean {
    return this.#ordered.crowded;
  }

  /** The request with this correlation. */
  find(correlation: string): T | undefined {
    return this.#correlated.get(correlation);
  }

  /** A request came. */
  add(request: T): void {
    this.bytes += request.bytes;
    if (request.correlation !== undefined) this.#correlated.set(request.correlation, request);
    else this.#ordered.push(request);
  }

  /** The arguments of a request are checked: it may be scheduled. */
  checked(request: T, now: number): void {
    if (request.correlation === undefined) this.#ordered.advance();
    else request.enqueue(now);
  }

  /** A request has a seat. */
  started(request: T): void {
    if (request.correlation === undefined) this.#ordered.started(request);
  }

  /** A request is answered. */
  answered(request: T): void {
    this.bytes -= request.bytes;
    if (request.correlation !== undefined) this.#correlated.delete(request.correlation);
    else this.#ordered.answered(request);
  }

  /** Schedules no further ordered request, and lets no further answer out that has waited for its turn. */
  stop(): void {
    this.#ordered.stop();
  }

  /** All of them; they may be answered meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    yield* this.#ordered;
    yield* [...this.#correlated.values()];
  }
}
