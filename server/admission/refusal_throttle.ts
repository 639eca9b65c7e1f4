// A client that is refused is read less often, so that refusing takes little time from serving. A client that still
// goes on asking is paused for the time that it was told to stay away, and in the end disconnected.

import type { ConnectionBounds } from "./connection_bounds.ts";
import type { Timed } from "../../scheduling/timing_wheel.ts";
import type { RequestOutcome, RequestPolicy } from "./policy.ts";
import type { RefusalBudget, RefusedClient, Resting } from "./refusal_budget.ts";

// The number of refusals for which one served request makes up.
const REFUSALS_PER_SERVED = 16;

/** Decides when one connection is read again after refusals: it rests (a little) or is paused (for its `retry`). */
export class RefusalThrottle implements RequestPolicy, Resting {
  tick = 0;
  earlier: Timed | null = null;
  later: Timed | null = null;
  restLength = 0;
  restSince = 0;
  resumeWhenIdle = false;
  readonly #budget: RefusalBudget;
  readonly #bounds: ConnectionBounds;
  readonly #connection: ThrottledConnection;
  #client: RefusedClient | undefined = undefined;
  /** Whether a request was refused during the rest: then another rest follows. */
  #restsAgain = false;
  /** The time of the last refusal. The requests of one read are refused at the same time, and cause one rest. */
  #refusedAt = -1;
  #score = 0;
  #pauses = 0;
  #isPause = false;
  #resume: (() => void) | undefined = undefined;

  constructor(budget: RefusalBudget, bounds: ConnectionBounds, connection: ThrottledConnection) {
    this.#budget = budget;
    this.#bounds = bounds;
    this.#connection = connection;
  }

  /** Whether the connection must not be read now. */
  get resting(): boolean {
    return this.tick !== 0;
  }

  /** Whether it is paused: bytes that were read already must wait too. */
  get paused(): boolean {
    return this.#isPause;
  }

  /** Whether its client takes much of the time for refusing. */
  get costly(): boolean {
    return this.#budget.isCostly(this.#client, this.#name);
  }

  /** Whether refusals may wait for the end of the rest. */
  get holdsBackRefusals(): boolean {
    return this.resting && !this.#isPause;
  }

  /** Whether there were too many pauses in a row. */
  get exhausted(): boolean {
    return this.#pauses > this.#bounds.pauses;
  }

  onOutcome(outcome: RequestOutcome, retry: number): void {
    if (outcome === "started") this.#served();
    else this.#refused(retry, outcome === "overloaded");
  }

  #served(): void {
    this.#pauses = 0;
    this.#score = Math.max(0, this.#score - REFUSALS_PER_SERVED);
  }

  #refused(retry: number, resumeWhenIdle: boolean): void {
    const now = this.#connection.present;
    this.resumeWhenIdle = resumeWhenIdle;
    const client = this.#client ??= this.#budget.join(this.#name());
    this.#budget.charge(client, now);
    this.#score++;
    if (this.#isPause) return;
    if (this.#score >= this.#bounds.refusals) {
      this.#score = 0;
      this.#pauses++;
      this.#isPause = true;
      this.#budget.pause(this, retry);
    } else if (this.resting) this.#restsAgain = true;
    else if (now !== this.#refusedAt) this.#budget.rest(this, client);
    this.#refusedAt = now;
  }

  /** Resolves when the rest ends; at once where there is none, or the connection is gone. */
  rested(): Promise<void> {
    if (!this.resting) return Promise.resolve();
    return new Promise((resolve) => this.#resume = resolve);
  }

  endRest(): void {
    this.#budget.rested(this);
    this.#isPause = false;
    // The answers leave before bytes that were read meanwhile are taken.
    this.#connection.flush();
    if (this.#restsAgain) this.#budget.rest(this, this.#client!);
    this.#restsAgain = false;
    this.#resume?.();
    this.#resume = undefined;
  }

  /** The connection is gone. */
  cancel(): void {
    if (this.#client !== undefined) this.#budget.leave(this, this.#name(), this.#client);
    this.#resume?.();
  }

  readonly #name = (): string => this.#connection.clientKey;
}

/** The connection of a throttle. */
export interface ThrottledConnection {
  /** The time, the same for all requests of one read. */
  readonly present: number;
  /** The client to which it belongs, see `clientOf`. */
  readonly clientKey: string;
  /** Writes the answers that wait. */
  flush(): void;
}
