import type { FairQueue } from "./fair_queue.ts";
import { stateOf } from "./flow_state.ts";
import { pushout } from "./pushout.ts";
import type { Refusals } from "./refusals.ts";
import type { Seating } from "./seating.ts";
import type { SchedulingLimits } from "./scheduler_options.ts";
import type { SchedulerParts } from "./scheduler_parts.ts";
import type { ClassRecords } from "./statistics.ts";
import type { RefusalReason, Ticket } from "./ticket.ts";
import type { TimingWheel } from "./timing_wheel.ts";

/** The requests that wait for their first seat, within bounds. It refuses a request whose wait is or would be too long. */
export class AdmissionQueue<T extends Ticket> {
  readonly #queue: FairQueue<T>;
  readonly #wheel: TimingWheel<T>;
  readonly #limits: SchedulingLimits;
  readonly #records: ClassRecords;
  readonly #seating: Seating;
  readonly #refusals: Refusals<T>;

  constructor(
    { queue, wheel, limits, records, seating }: SchedulerParts<T>,
    refusals: Refusals<T>,
  ) {
    this.#queue = queue;
    this.#wheel = wheel;
    this.#limits = limits;
    this.#records = records;
    this.#seating = seating;
    this.#refusals = refusals;
  }

  /** Adds a request, and refuses others if the queue is full. Returns whether the request waits. */
  enter(ticket: T, now: number): boolean {
    ticket.isNext = this.#queue.size === 0 && this.#seating.has(false);
    if (isLate(ticket, now)) return this.#refuse(ticket, "expired", now);
    const patience = this.#patience(ticket, now) - ticket.unread;
    if (this.#forecast(ticket, now) > patience) return this.#refuse(ticket, "busy", now);
    ticket.phase = "waiting";
    this.#queue.push(ticket);
    while (isWaiting(ticket)) {
      const victim = pushout(this.#queue, ticket, this.#limits);
      if (victim === undefined) break;
      this.drop(victim, "busy", now);
    }
    // The refusal of another request may have let its client send one that pushed this one out.
    if (!isWaiting(ticket)) return false;
    this.#wheel.set(ticket, Math.min(now + patience, ticket.deadline - needs(ticket)));
    return true;
  }

  /** The longest wait of a request from now on. */
  #patience(ticket: T, now: number): number {
    const { patience } = this.#records.of(ticket.lane).options;
    return Math.min(patience, this.#limits.patience * (ticket.deadline - now));
  }

  #refuse(ticket: T, reason: RefusalReason, now: number): false {
    this.#refusals.refuse(ticket, reason, now);
    return false;
  }

  /** A lower bound of its wait: the other flows of its class take turns with its flow. */
  #forecast({ lane: { flow } }: T, now: number): number {
    const { level, waiting, weight } = flow;
    const ahead = Math.min(waiting / weight * level.ready.size, level.waiting);
    return this.#seating.forecast(ahead, now);
  }

  /** Removes a request. */
  leave(ticket: T): void {
    this.#queue.remove(ticket);
    this.#wheel.clear(ticket);
    ticket.phase = "done";
  }

  /** Removes a request and refuses it. */
  drop(ticket: T, reason: RefusalReason, now: number): void {
    this.leave(ticket);
    this.#refusals.refuse(ticket, reason, now);
  }

  /** Ends the wait of a request whose time limit has come, because of its deadline or of its longest wait. */
  expire(ticket: T, now: number): void {
    if (isLate(ticket, now)) this.drop(ticket, "expired", now);
    else if (!ticket.isNext || !this.#seating.has(false)) this.drop(ticket, "busy", now);
    else this.#wheel.set(ticket, now + this.#patience(ticket, now));
  }

  /** Refuses the request that has its turn if it is late or its flow is overloaded. Returns whether it did. */
  shed(ticket: T, now: number): boolean {
    if (isLate(ticket, now)) this.drop(ticket, "expired", now);
    else if (!ticket.isNext && this.#isOverloaded(ticket, now)) this.drop(ticket, "busy", now);
    else return false;
    return true;
  }

  #isOverloaded(ticket: T, now: number): boolean {
    const { target } = this.#records.of(ticket.lane).options;
    const wait = now - ticket.since;
    const flow = ticket.lane.flow;
    if (wait <= target && flow.state === undefined) return false;
    return stateOf(flow).isOverloaded(target, wait, now);
  }
}

/** Whether the deadline of a waiting request would pass before it has run. */
function isLate(ticket: Ticket, now: number): boolean {
  return now + needs(ticket) > ticket.deadline;
}

/**
 * The time before its deadline that a request needs to run, in milliseconds. Its cost is a guess from other requests of
 * its command. So it counts as at most half of the request's time (but at least as a millisecond of it), and as 0 if a
 * seat is free.
 */
function needs({ cost, since, deadline, isNext }: Ticket): number {
  if (isNext) return 0;
  return Math.min(cost, Math.max(1, (deadline - since) / 2));
}

function isWaiting(ticket: Ticket): boolean {
  return ticket.phase === "waiting";
}
