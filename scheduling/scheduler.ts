import type { Clock } from "./clock.ts";
import { SeatDispatcher } from "./seat_dispatcher.ts";
import { FairQueue, requireLevelWeight } from "./fair_queue.ts";
import { stateOf } from "./flow_state.ts";
import { FlowHandles } from "./flow_handles.ts";
import { takeAll } from "./rate_limiter.ts";
import { Refusals } from "./refusals.ts";
import {
  CLASSES,
  type ClassOptions,
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
 * Schedules requests for a bounded number of seats: with weighted classes, fairly between clients, within bounds and
 * deadlines. docs/SCHEDULING.md tells how the parts work together.
 *
 * A request is a {@linkcode Ticket}. Each submitted request ends in exactly one of these ways: `run`, and then `finish`
 * by the caller; `refuse`; or `cancel` by the caller. If nothing waits and a seat is free, `submit` calls `run` at once,
 * without a promise, a timer or an allocation.
 *
 * Callbacks may call the scheduler: work that is done at once calls `finish` inside `run`.
 *
 * @typeParam T the ticket, with the fields that the caller adds
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
  readonly #records: ClassRecords;
  readonly #queue: FairQueue<T>;
  readonly #wheel: TimingWheel<T>;
  readonly #seating: Seating;
  readonly #handles: FlowHandles<T>;
  readonly #refusals: Refusals<T>;
  readonly #admission: AdmissionQueue<T>;
  readonly #dispatcher: SeatDispatcher<T>;
  #draining = false;

  /**
   * Starts without requests.
   *
   * @throws {RangeError} if the weight of a class is not above 0
   */
  constructor(options: SchedulerOptions<T>) {
    const { clock, random, seats = fixedSeats(1), classes = CLASSES } = options;
    const limits = { ...LIMITS, ...options.limits };
    this.#clock = clock;
    this.#limits = limits;
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
    this.#dispatcher = new SeatDispatcher(parts, this.#admission);
  }

  /**
   * Opens a flow for a connection's requests of one class. Keep the handle as long as the connection lives.
   *
   * @param name the class
   * @param key the owner of the share: an identity, else an address prefix; never the connection, or many connections
   * would have many shares
   * @throws {RangeError} if there is no such class
   */
  openFlow(name: string, key: string, options: FlowOptions = {}): FlowHandle {
    return this.#handles.open(name, key, options);
  }

  /**
   * Takes a request. Calls `run` at once if it can, and `refuse` at once if it must; otherwise the request waits.
   *
   * @param ticket `new` or `done`
   * @param now the time, if the caller has read the clock
   */
  submit(ticket: T, now: number = this.#clock.now()): void {
    this.#dispatcher.now = now;
    let handle = ticket.lane;
    if (handle.demoted !== null && !stateOf(handle.flow).takeControl(now, this.#limits)) {
      handle = ticket.lane = handle.demoted;
    }
    ticket.since = now;
    ticket.waited = 0;
    ticket.cost = ticket.command.at(now);
    if (this.#draining) return this.#refusals.refuse(ticket, "draining", now);
    if (now >= ticket.deadline) return this.#refusals.refuse(ticket, "expired", now);
    if (now + ticket.unread >= ticket.deadline) return this.#refusals.refuse(ticket, "busy", now);
    const meter = handle.meters.length > 0 ? takeAll(handle.meters, now) : undefined;
    if (meter !== undefined) return this.#refusals.refuseByQuota(ticket, meter, now);
    const { control } = this.#records.of(handle);
    if (this.#dispatcher.mayStartNow(ticket, control)) this.#dispatcher.startAtOnce(ticket);
    else {
      if (handle.flow.held && handle.flow.waiting >= this.#limits.flow) {
        this.#dispatcher.reconsider(handle.flow);
      }
      if (this.#admission.enter(ticket, now) && this.#seating.has(false)) this.#dispatcher.pump();
    }
  }

  /**
   * Gives the seat of a request back and starts the next one.
   *
   * @param ticket running, parked or resuming
   * @param now the time, if the caller has read the clock
   * @throws {Error} if the ticket has not started, or is done
   */
  finish(ticket: T, now: number = this.#clock.now()): void {
    this.#dispatcher.finish(ticket, now);
  }

  /**
   * Gives the seat of a running request to others while it waits for an event.
   *
   * @returns false if too many requests are parked, in all or of its flow; it then keeps its seat and should be answered
   */
  park(ticket: T, now: number = this.#clock.now()): boolean {
    return this.#dispatcher.park(ticket, now);
  }

  /**
   * Has a parked request wait for a seat, before the later requests of its connection. `resume` is called once it has
   * one. The scheduler does not shed it, as it has started.
   *
   * @returns false if it is not parked
   */
  unpark(ticket: T, now: number = this.#clock.now()): boolean {
    return this.#dispatcher.unpark(ticket, now);
  }

  /**
   * Removes a waiting request; no callback follows.
   *
   * @returns false if it has started, or is done. Stop a started one by your own means, then call `finish`
   */
  cancel(ticket: T): boolean {
    if (ticket.phase !== "waiting") return false;
    this.#admission.leave(ticket);
    this.#records.of(ticket.lane).cancelled++;
    return true;
  }

  /** Refuses all waiting and all later requests as `draining`. Started requests go on. */
  drain(): void {
    this.#draining = true;
    for (const ticket of [...this.#queue]) {
      if (ticket.phase === "waiting") this.#admission.drop(ticket, "draining", this.#clock.now());
    }
  }

  /**
   * Changes bounds, and the weights, targets and patience of the classes. Requests that wait already keep the time after
   * which they are refused. `slice` and `control` stay as they are.
   *
   * @param changes the bounds that change, and all classes in their order, if one changes
   * @throws {RangeError} if a class is missing or new, or a weight cannot be; nothing has changed then
   */
  reconfigure(changes: Pick<SchedulerOptions<T>, "limits" | "classes">): void {
    const { limits, classes } = changes;
    const { all } = this.#records;
    const names = (of: readonly Readonly<ClassOptions>[]): string =>
      of.map(({ name }) => name).join(", ");
    const known = names(all.map(({ options }) => options));
    if (classes !== undefined && names(classes) !== known) {
      throw new RangeError(`the classes stay ${known}`);
    }
    classes?.forEach(({ weight }, rank) => requireLevelWeight(all[rank].options.weight, weight));
    classes?.forEach((each, rank) => {
      Object.assign(all[rank].options, each);
      this.#queue.weighLevel(rank, each.weight);
    });
    const { slice, control } = this.#limits;
    Object.assign(this.#limits, limits, { slice, control });
  }

  /** Drains, and stops the timer until a started request needs it. */
  close(): void {
    this.drain();
    this.#wheel.stop();
  }

  /**
   * The present figures.
   *
   * @param heaviest how many of the largest flows to list (default 5)
   */
  statistics(heaviest: number = 5): SchedulerStatistics {
    return report(this.#queue, this.#records, this.#seating, heaviest);
  }

  /** Whether nothing waits and the scheduler would start a request at once. */
  get idle(): boolean {
    return this.#dispatcher.mayStart(false);
  }

  /**
   * Whether the caller may do a request of hardly any cost at once, without a ticket: nothing waits, and a seat is free.
   * The request counts as started, and no flow is charged. If the answer is false, submit a ticket.
   *
   * @param handle the flow of the request
   * @param now the time, if the caller has read the clock
   */
  instant(handle: FlowHandle, now: number = this.#clock.now()): boolean {
    if (!this.#dispatcher.mayStart(false)) return false;
    if (this.#draining || handle.meters.length > 0) return false;
    const record = this.#records.of(handle);
    record.started++;
    record.waits.record(0, now);
    return true;
  }
}
