// Waits of a request without a seat: for an event, for its turn to be answered, or for its client to read.

import type { Refusal } from "../../protocol/errors.ts";
import type { Ticket } from "../../scheduling/ticket.ts";

/** The part of a `Scheduler` that gives seats to requests. */
export interface SeatGiver {
  submit(ticket: Ticket, now?: number): void;
  finish(ticket: Ticket, now?: number): void;
  cancel(ticket: Ticket): boolean;
  park(ticket: Ticket, now?: number): boolean;
  unpark(ticket: Ticket, now?: number): boolean;
}

/** A request that may be parked. */
export interface ParkableTicket extends Ticket {
  /** Whether its answer is no longer needed. */
  readonly answered: boolean;
}

/** The waits of one request. */
export class Parking {
  readonly #ticket: ParkableTicket;
  readonly #scheduler: SeatGiver;
  #reject: ((reason: Refusal) => void) | undefined = undefined;
  #resume: (() => void) | undefined = undefined;

  constructor(ticket: ParkableTicket, scheduler: SeatGiver) {
    this.#ticket = ticket;
    this.#scheduler = scheduler;
  }

  /** Waits for a promise without a seat, then takes a seat again and settles as the promise. `stop` rejects it. */
  async wait<T>(promise: PromiseLike<T>): Promise<T> {
    try {
      // No AbortSignal here: each takes a KiB, and many thousands of requests may be parked.
      return await new Promise<T>((resolve, reject) => {
        this.#reject = reject;
        promise.then(resolve, reject);
      });
    } finally {
      this.#reject = undefined;
      await this.takeSeat();
    }
  }

  /** Resolves once it has a seat again; `undefined` where it needs none. */
  takeSeat(): Promise<void> | undefined {
    if (this.#ticket.answered || this.#ticket.phase !== "parked") return undefined;
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.#scheduler.unpark(this.#ticket);
    });
  }

  /** Called when it has a seat again, or needs none any more. */
  resume(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  /** Rejects the waits: the request is ended from outside. */
  stop(reason: Refusal): void {
    this.#reject?.(reason);
    this.resume();
  }
}
