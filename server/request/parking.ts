// A request that waits without holding a seat: for an event, for its turn to be answered, or for its client to read.

import type { Refusal } from "../../protocol/errors.ts";
import type { Ticket } from "../../scheduling/ticket.ts";

/** Gives seats: the part of a `Scheduler` that requests call. */
export interface SeatGiver {
  submit(ticket: Ticket, now?: number): void;
  finish(ticket: Ticket, now?: number): void;
  cancel(ticket: Ticket): boolean;
  park(ticket: Ticket, now?: number): boolean;
  unpark(ticket: Ticket, now?: number): boolean;
}

/** A request that may be parked. */
export interface ParkableTicket extends Ticket {
  /** Whether nobody waits for it any more. */
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

  /** What a promise becomes, for a request that has given its seat back; then it takes a seat again. `stop` rejects it. */
  async wait<T>(promise: PromiseLike<T>): Promise<T> {
    try {
      // Without an AbortSignal, which takes a KiB: many thousands may be parked.
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

  /** It has a seat again, or needs none any more. */
  resume(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  /** The request is ended from outside. */
  stop(reason: Refusal): void {
    this.#reject?.(reason);
    this.resume();
  }
}
