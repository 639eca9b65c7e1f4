import type { Correlated, Failure, RequestTimes } from "../../dialects/dialect.ts";
import type { RequestInFlight } from "./pending_requests.ts";
import type { HeldResponses } from "./held_responses.ts";
import type { Answerable, Responder } from "./responder.ts";

/** Input that is answered with a failure without becoming a request: it only waits for its turn to be answered. */
export class Rejection implements RequestInFlight, Answerable {
  after: this | undefined = undefined;
  held: HeldResponses | undefined = undefined;
  answered = false;
  readonly ready = true;
  readonly isParked = false;
  readonly streams = false;
  readonly bytes = 0;
  readonly wire: Correlated;
  readonly #responder: Responder;

  constructor(wire: Correlated, responder: Responder) {
    this.wire = wire;
    this.#responder = responder;
  }

  get correlation(): string | undefined {
    return this.wire.correlation;
  }

  get heldBytes(): number {
    return this.held?.size ?? 0;
  }

  /** Writes its only response. */
  answer(failure: Failure, times?: RequestTimes): void {
    this.#responder.failure(this, failure, times);
    this.answered = true;
  }

  release(): void {
    this.#responder.release(this);
  }

  // A rejection is answered as soon as it is made: no scheduler gets it, and nothing can end it.
  enqueue(): void {}
  abort(_code: string, _message: string): void {}
  drop(): void {}
}
