// Bounds the correlated requests in flight of a connection. Ordered requests are bounded otherwise: the server stops
// reading.

import type { WireRequest, Wording } from "../../dialects/dialect.ts";
import type { Denial, RequestPolicy } from "./policy.ts";

const RETRY_MS = 100;

/** The count of correlated requests in flight. */
export interface CorrelatedCount {
  /** The number of requests in flight with a correlation. */
  readonly correlated: number;
}

/** Bounds the correlated requests in flight of one connection. */
export class CorrelatedRequests implements RequestPolicy {
  readonly #most: number;
  readonly #pending: CorrelatedCount;
  readonly #wording: Wording;

  /** Lets `most` be in flight. */
  constructor(most: number, pending: CorrelatedCount, wording: Wording) {
    this.#most = most;
    this.#pending = pending;
    this.#wording = wording;
  }

  admit({ correlation }: WireRequest): Denial | undefined {
    if (correlation === undefined || this.#pending.correlated < this.#most) return undefined;
    const message = this.#wording.tooManyInFlight(this.#most);
    return { code: "quota", message, retry: RETRY_MS, details: { scope: "connection" } };
  }
}
