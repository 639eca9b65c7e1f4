import type { Clock } from "./clock.ts";
import { Dispatcher } from "./dispatcher.ts";
import { FairQueue } from "./fair_queue.ts";
import { stateOf } from "./flow_state.ts";
import { VirtualSchedule } from "./gcra.ts";
import { FlowHandles } from "./flow_handles.ts";
import { takeAll } from "./rate_limiter.ts";
import { Refusals } from "./refusals.ts";
import {
  CLASSES,
  type FlowOptions,
  LIMITS,
  type SchedulerOptions,
  type SchedulingLimits,
} from "./scheduler_options.ts";
import { Seating } from "./seating.ts";
import { fixedSeats } from "./seats.ts";
import { ClassRecords, report, type SchedulerStatistics } from "./statistics.ts";
import type { FlowHandle, Ticket } from "./ticket.ts";
import { TimingWheel } from "./timing_wheel.ts";
import { AdmissionQueue } from "./admission_queue.ts";

/**
 * Lines requests up for a bounded number of seats: weighted classes, fair between clients, within
 * bounds and deadlines. docs/SCHEDULING.md tells how the parts play together.
 *
 * A request is a {@linkcode Ticket}. Each one that is submitted gets exactly one of these ends: `run`,
 * and then the caller's `finish`; `refuse`; or the caller's `cancel`. Where nothing waits and a seat
 * is free, `submit` calls `run` at once, without a promise, a timer or an allocation.
 *
 * Callbacks may call back: `finish` inside `run` is the usual case for work that is done at once.
 *
 * @typeParam T the ticket, with what the caller adds to it
 *
 * @example
 * ```ts
 * import { type Clock, CostEstimate, Scheduler, Ticket } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * const clock: Clock = { now: () => performance.now(), after: () => () => {} };
 * const running: Ticket[] = [];
 * const scheduler = new Scheduler<Ticket>({
 *   clock,
 *   random: Math.random,
 *   run: (ticket) => running.push(ticket),
 *   refuse: () => {},
 * });
 * const add = new CostEstimate();
 * const handle = scheduler.openFlow("interactive", "identity:acme");
 * scheduler.submit(new Ticket(handle, add));
 * scheduler.submit(new Ticket(handle, add)); // waits: there is one seat
 * assertEquals(running.length, 1);
 * scheduler.finish(running[0]);
 * assertEquals(running.length, 2);
 * scheduler.finish(running[1]);
 * ```
 */
export class Scheduler<T extends Ticket = Ticket> {
  readonly #clock: Clock;
  readonly #limits: SchedulingLimits;
  readonly #controlRate: VirtualSchedule;
  readonly #records: ClassRecords;
  readonly #queue: FairQueue<T>;
  readonly #wheel: TimingWheel<T>;
  readonly #seating: Seating;
  readonly #handles: FlowHandles<T>;
  readonly #refusals: Refusals<T>;
  readonly #admission: AdmissionQueue<T>;
  readonly #dispatcher: Dispatcher<T>;
  #draining = false;

  /**
   * Starts with nothing to do.
   *
   * @throws {RangeError} where a class has a weight that is not above 0
   */
  constructor(options: SchedulerOptions<T>) {
    const { clock, random, seats = fixedSeats(1), classes = CLASSES } = options;
    const limits = { ...LIMITS, ...options.limits };
    this.#clock = clock;
    this.#limits = limits;
    this.#controlRate = new VirtualSchedule(limits.controlRate, limits.controlBurst);
    this.#records = new ClassRecords(classes);
    this.#queue = new FairQueue(classes.map(({ weight }) => weight), {
      leastBytes: limits.bytes / limits.waiting,
    });
    this.#wheel = new TimingWheel(clock, (ticket, now) => {
      if (ticket.phase === "waiting") this.#admission.expire(ticket, now);
      else options.overdue?.(ticket);
    });
    this.#seating = new Seating(seats, limits.control);
    this.#handles = new FlowHandles(this.#queue, classes, limits, random);
    this.#refusals = new Refusals(options, this.#records);
    const parts = {
      options,
      limits,
      records: this.#records,
      queue: this.#queue,
      wheel: this.#wheel,
      seating: this.#seating,
    };
    this.#admission = new AdmissionQueue(parts, this.#refusals);
    this.#dispatcher = new Dispatcher(parts, this.#admission);
  }

  /**
   * Where a connection lines up its requests of one class; keep it as long as the connection lives.
   *
   * @param name the class
   * @param key whose share it uses: an identity, else an address prefix, never the connection, or
   * many connections would have many shares
   * @throws {RangeError} where there is no such class
   */
  openFlow(name: string, key: string, options: FlowOptions = {}): FlowHandle {
    return this.#handles.open(name, key, options);
  }

  /**
   * Lines a request up: calls `run` at once where it can, `refuse` at once where it must.
   *
   * @param ticket `new` or `done`
   * @param now the time, where the caller has read the clock
   */
  submit(ticket: T, now: number = this.#clock.now()): void {
    this.#dispatcher.now = now;
    let line = ticket.lane;
    if (line.demoted !== null && !stateOf(line.flow).takeControl(now, this.#controlRate)) {
      line = ticket.lane = line.demoted;
    }
    ticket.since = now;
    ticket.waited = 0;
    ticket.cost = ticket.command.at(now);
    if (this.#draining) return this.#refusals.refuse(ticket, "draining", now);
    if (now >= ticket.deadline) return this.#refusals.refuse(ticket, "expired", now);
    if (now + ticket.unread >= ticket.deadline) return this.#refusals.refuse(ticket, "busy", now);
    const meter = line.meters.length > 0 ? takeAll(line.meters, now) : undefined;
    if (meter !== undefined) return this.#refusals.refuseByQuota(ticket, meter, now);
    const { control } = this.#records.of(line);
    if (this.#dispatcher.mayStartNow(ticket, control)) this.#dispatcher.startAtOnce(ticket);
    else {
      if (line.flow.held && line.flow.waiting >= this.#limits.flow) {
        this.#dispatcher.reconsider(line.flow);
      }
      if (this.#admission.enter(ticket, now) && this.#seating.has(false)) this.#dispatcher.pump();
    }
  }

  /**
   * Gives the seat of a request back and starts who is next.
   *
   * @param ticket running, parked or resuming
   * @param now the time, where the caller has read the clock
   * @throws {Error} where the ticket has not started or is done
   */
  finish(ticket: T, now: number = this.#clock.now()): void {
    this.#dispatcher.finish(ticket, now);
  }

  /**
   * Gives the seat of a running request to others while it waits for an event.
   *
   * @returns false where too many are parked, of its flow or in all: it keeps its seat, and had better be answered
   */
  park(ticket: T, now: number = this.#clock.now()): boolean {
    return this.#dispatcher.park(ticket, now);
  }

  /**
   * Lines a parked request up for a seat, before what its connection sent after it; `resume` is called
   * once it has one. It is not shed: it has started.
   *
   * @returns false where it is not parked (any more)
   */
  unpark(ticket: T, now: number = this.#clock.now()): boolean {
    return this.#dispatcher.unpark(ticket, now);
  }

  /**
   * Takes out a request that waits; no callback follows.
   *
   * @returns false where it has started (or is done): stop it by your own means and `finish` it
   */
  cancel(ticket: T): boolean {
    if (ticket.phase !== "waiting") return false;
    this.#admission.leave(ticket);
    this.#records.of(ticket.lane).cancelled++;
    return true;
  }

  /** Refuses what waits, and from now on what comes, as `draining`. What has started goes on. */
  drain(): void {
    this.#draining = true;
    for (const ticket of [...this.#queue]) {
      if (ticket.phase === "waiting") this.#admission.drop(ticket, "draining", this.#clock.now());
    }
  }

  /** Stops the timer, for good only where nothing is submitted any more. */
  close(): void {
    this.drain();
    this.#wheel.stop();
  }

  /**
   * How it goes.
   *
   * @param heaviest how many of the flows that hold most to list (default 5)
   */
  statistics(heaviest: number = 5): SchedulerStatistics {
    return report(this.#queue, this.#records, this.#seating, heaviest);
  }

  /** Whether nothing waits, and what comes now would be started at once. */
  get idle(): boolean {
    return this.#dispatcher.mayStart(false);
  }

  /**
   * Whether something that takes next to no time may be done at once, without a ticket: nothing waits,
   * and a seat is free. It is counted as started, and charged to nobody; where the answer is false,
   * submit a ticket for it.
   *
   * @param line where it would line up
   * @param now the time, where the caller has read the clock
   */
  instant(line: FlowHandle, now: number = this.#clock.now()): boolean {
    if (!this.#dispatcher.mayStart(false)) return false;
    if (this.#draining || line.meters.length > 0) return false;
    const record = this.#records.of(line);
    record.started++;
    record.waits.record(0, now);
    return true;
  }
}
