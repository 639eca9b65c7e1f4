import { stateOf } from "./flow_state.ts";
import type { Meter } from "./rate_limiter.ts";
import type { SchedulerOptions } from "./scheduler_options.ts";
import type { ClassRecords } from "./statistics.ts";
import type { RefusalReason, Ticket } from "./ticket.ts";

/** Refuses requests that do not wait: counts them, and tells their clients when to come back. */
export class Refusals<T extends Ticket> {
  readonly #options: SchedulerOptions<T>;
  readonly #records: ClassRecords;

  constructor(options: SchedulerOptions<T>, records: ClassRecords) {
    this.#options = options;
    this.#records = records;
  }

  refuse(ticket: T, reason: RefusalReason, now: number): void {
    ticket.phase = "done";
    this.#records.of(ticket.lane).refused[reason]++;
    const { random } = this.#options;
    const retry = reason === "expired" ? 0 : stateOf(ticket.lane.flow).retry(now, random);
    this.#options.refuse(ticket, reason, retry);
  }

  /** Refuses a request whose rate is used up. */
  refuseByQuota(ticket: T, meter: Meter, now: number): void {
    ticket.phase = "done";
    this.#records.of(ticket.lane).refused.quota++;
    // Never shorter than the wait: a client that comes sooner would be refused again.
    const wait = meter.limiter.wait(meter, now);
    const retry = Math.ceil(wait * (1 + 0.2 * this.#options.random()));
    this.#options.refuse(ticket, "quota", retry, meter.limiter.scope);
  }
}
