import type { Clock } from "./clock.ts";
import { LEAST_COST } from "./cost_estimate.ts";
import { FairQueue } from "./fair_queue.ts";
import { stateOf } from "./flow_state.ts";
import { Lines } from "./lines.ts";
import { pushout } from "./pushout.ts";
import { type Meter, takeAll } from "./rate_limiter.ts";
import {
  CLASSES,
  LIMITS,
  type Limits,
  type LineOptions,
  type SchedulerOptions,
} from "./scheduler_options.ts";
import { Seating } from "./seating.ts";
import { fixedSeats } from "./seats.ts";
import { Slice } from "./slice.ts";
import { ClassRecord, report, type SchedulerStatistics } from "./statistics.ts";
import type { Line, Refusal, Ticket } from "./ticket.ts";
import { TimingWheel } from "./timing_wheel.ts";

/** Of so many requests that go on after `run`, one is timed for what it did before. */
const STRIDE = 8;

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
 * const line = scheduler.line("interactive", "identity:acme");
 * scheduler.submit(new Ticket(line, add));
 * scheduler.submit(new Ticket(line, add)); // waits: there is one seat
 * assertEquals(running.length, 1);
 * scheduler.finish(running[0]);
 * assertEquals(running.length, 2);
 * scheduler.finish(running[1]);
 * ```
 */
export class Scheduler<T extends Ticket = Ticket> {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #hooks: SchedulerOptions<T>;
  readonly #limits: Limits;
  readonly #classes: readonly ClassRecord[];
  readonly #queue: FairQueue<T>;
  readonly #lines: Lines<T>;
  readonly #seating: Seating;
  readonly #wheel: TimingWheel<T>;
  readonly #slice: Slice;
  #now: number;
  #parked = 0;
  #untimed = 0;
  #pumping = false;
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
    this.#random = random;
    this.#hooks = options;
    this.#limits = limits;
    this.#classes = classes.map((options) => new ClassRecord(options));
    this.#queue = new FairQueue(classes.map(({ weight }) => weight), {
      leastBytes: limits.bytes / limits.waiting,
    });
    this.#lines = new Lines(this.#queue, classes, limits, random);
    this.#seating = new Seating(seats, limits.control);
    this.#wheel = new TimingWheel(clock, (ticket, now) => this.#expire(ticket, now));
    const length = options.yield === undefined ? Infinity : limits.slice;
    this.#slice = new Slice(length, (go) => options.yield!(go), () => {
      this.#now = clock.now();
      this.#pump();
    });
    this.#now = clock.now();
  }

  /**
   * Where a connection lines up its requests of one class; keep it as long as the connection lives.
   *
   * @param name the class
   * @param key whose share it uses: an identity, else an address prefix, never the connection, or
   * many connections would have many shares
   * @throws {RangeError} where there is no such class
   */
  line(name: string, key: string, options: LineOptions = {}): Line {
    return this.#lines.open(name, key, options);
  }

  /**
   * Lines a request up: calls `run` at once where it can, `refuse` at once where it must.
   *
   * @param ticket `new` or `done`
   * @param now the time, where the caller has read the clock
   */
  submit(ticket: T, now: number = this.#clock.now()): void {
    this.#now = now;
    let line = ticket.lane;
    if (line.demoted !== null && !stateOf(line.flow).takeControl(now, this.#limits)) {
      line = ticket.lane = line.demoted;
    }
    ticket.since = now;
    ticket.waited = 0;
    ticket.cost = ticket.command.value;
    if (this.#draining) return this.#refuse(ticket, "draining", now);
    if (now + ticket.cost > ticket.deadline) return this.#refuse(ticket, "expired", now);
    const meter = line.meters.length > 0 ? takeAll(line.meters, now) : undefined;
    if (meter !== undefined) return this.#refuseByQuota(ticket, meter, now);
    if (this.#mayStart(line.flow.level.rank)) {
      this.#queue.charge(line.flow, ticket.cost);
      this.#start(ticket);
    } else {
      this.#enqueue(ticket, now);
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
    this.#now = now;
    if (ticket.phase === "running") this.#leaveSeat(ticket, now);
    else this.#leaveParking(ticket);
    this.#wheel.clear(ticket);
    ticket.phase = "done";
    if (this.#queue.size > 0) this.#pump();
  }

  /**
   * Gives the seat of a running request to others while it waits for an event.
   *
   * @returns false where too many are parked: it keeps its seat, and had better be answered
   */
  park(ticket: T, now: number = this.#clock.now()): boolean {
    if (ticket.phase !== "running") throw new Error(`cannot park what is ${ticket.phase}`);
    if (this.#parked >= this.#limits.parked) return false;
    this.#now = now;
    this.#leaveSeat(ticket, now);
    ticket.phase = "parked";
    this.#parked++;
    this.#recordOf(ticket).parked++;
    if (this.#queue.size > 0) this.#pump();
    return true;
  }

  /**
   * Lines a parked request up for a seat, before what its connection sent after it; `resume` is called
   * once it has one. It is not shed: it has started.
   *
   * @returns false where it is not parked (any more)
   */
  unpark(ticket: T, now: number = this.#clock.now()): boolean {
    if (ticket.phase !== "parked") return false;
    this.#now = now;
    this.#leaveParking(ticket);
    ticket.phase = "resuming";
    ticket.since = now;
    ticket.cost = ticket.command.value;
    const flow = ticket.lane.flow;
    if (this.#mayStart(flow.level.rank)) {
      this.#queue.charge(flow, ticket.cost);
      this.#start(ticket);
    } else {
      this.#queue.unshift(ticket);
      this.#pump();
    }
    return true;
  }

  /**
   * Takes out a request that waits; no callback follows.
   *
   * @returns false where it has started (or is done): stop it by your own means and `finish` it
   */
  cancel(ticket: T): boolean {
    if (ticket.phase !== "waiting") return false;
    this.#takeOut(ticket);
    this.#recordOf(ticket).cancelled++;
    return true;
  }

  /** Refuses what waits, and from now on what comes, as `draining`. What has started goes on. */
  drain(): void {
    this.#draining = true;
    for (const ticket of [...this.#queue]) {
      if (ticket.phase === "waiting") this.#drop(ticket, "draining", this.#clock.now());
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
    return report(this.#queue, this.#classes, this.#seating, heaviest);
  }

  /**
   * Whether something that takes next to no time may be done at once, without a ticket: nothing waits,
   * and a seat is free. It is counted as started, and charged to nobody; where the answer is false,
   * submit a ticket for it.
   *
   * @param line where it would line up
   * @param now the time, where the caller has read the clock
   */
  instant(line: Line, now: number = this.#clock.now()): boolean {
    if (this.#queue.size > 0 || this.#slice.over || !this.#seating.has(false)) return false;
    if (this.#draining || line.meters.length > 0) return false;
    const record = this.#classes[line.flow.level.rank];
    record.started++;
    record.waits.record(0, now);
    return true;
  }

  /** Whether what comes now need not wait. */
  #mayStart(rank: number): boolean {
    if (rank === 0) return this.#queue.levels[0].waiting === 0 && this.#seating.has(true);
    return this.#queue.size === 0 && !this.#slice.over && this.#seating.has(false);
  }

  /** Calls `run` or `resume` for what was taken from the queue, or never was in it. */
  #start(ticket: T): void {
    const began = this.#now;
    const record = this.#recordOf(ticket);
    const resumes = ticket.phase === "resuming";
    ticket.waited += began - ticket.since;
    ticket.since = began;
    ticket.phase = "running";
    this.#seating.take(record === this.#classes[0]);
    record.running++;
    try {
      if (resumes) {
        this.#hooks.resume?.(ticket);
      } else {
        record.started++;
        record.waits.record(ticket.waited, began);
        this.#hooks.run(ticket);
      }
    } catch (error) {
      if (hasStarted(ticket)) this.finish(ticket);
      throw error;
    }
    // Work that is done at once needs no time limit, and `finish` has read the clock.
    if (hasStarted(ticket)) {
      if (ticket.tick === 0) this.#wheel.set(ticket, ticket.deadline);
      // To read the clock costs as much as all else here: one is timed for all of its stride.
      if (++this.#untimed < STRIDE) return;
      this.#untimed = 0;
      this.#now = this.#clock.now();
      this.#slice.spend(STRIDE * (this.#now - began));
    } else {
      this.#slice.spend(this.#now - began);
    }
  }

  /** Starts who is next while there are seats. Callbacks that call back find it at work. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.#slice.over) {
        // Where only reserved seats are free, only control work is next.
        const ranks = this.#seating.has(false) ? undefined : this.#seating.has(true) ? 1 : 0;
        const ticket = this.#queue.next(ranks);
        if (ticket === undefined) break;
        if (ticket.phase === "waiting") {
          if (this.#isShed(ticket)) continue;
          this.#wheel.clear(ticket);
        }
        this.#queue.take(ticket);
        this.#start(ticket);
      }
    } finally {
      this.#pumping = false;
    }
  }

  /** Whether the request whose turn it is was refused instead: its time is over, or its flow's wait long. */
  #isShed(ticket: T): boolean {
    const now = this.#now;
    const late = now + ticket.cost > ticket.deadline;
    if (!late && !this.#isOverloaded(ticket, now)) return false;
    this.#drop(ticket, late ? "expired" : "busy", now);
    this.#now = this.#clock.now();
    this.#slice.spend(this.#now - now);
    return true;
  }

  #isOverloaded(ticket: T, now: number): boolean {
    const { target } = this.#recordOf(ticket).options;
    const wait = now - ticket.since;
    const flow = ticket.lane.flow;
    if (wait <= target && flow.state === undefined) return false;
    return stateOf(flow).isOverloaded(target, wait, now);
  }

  #enqueue(ticket: T, now: number): void {
    ticket.phase = "waiting";
    this.#queue.push(ticket);
    while (hasToWait(ticket)) {
      const victim = pushout(this.#queue, ticket, this.#limits);
      if (victim === undefined) break;
      this.#drop(victim, "busy", now);
    }
    // The one who was refused may have sent something else, and that pushed this one out.
    if (!hasToWait(ticket)) return;
    const patience = Math.min(
      this.#recordOf(ticket).options.patience,
      this.#limits.patience * (ticket.deadline - now),
    );
    this.#wheel.set(ticket, Math.min(now + patience, ticket.deadline - ticket.cost));
    if (this.#seating.has(false)) this.#pump();
  }

  #expire(ticket: T, now: number): void {
    if (ticket.phase !== "waiting") this.#hooks.overdue?.(ticket);
    else this.#drop(ticket, now + ticket.cost > ticket.deadline ? "expired" : "busy", now);
  }

  #drop(ticket: T, reason: Refusal, now: number): void {
    this.#takeOut(ticket);
    this.#refuse(ticket, reason, now);
  }

  #takeOut(ticket: T): void {
    this.#queue.remove(ticket);
    this.#wheel.clear(ticket);
    ticket.phase = "done";
  }

  #refuse(ticket: T, reason: Refusal, now: number): void {
    ticket.phase = "done";
    this.#recordOf(ticket).refused[reason]++;
    const retry = reason === "expired" ? 0 : stateOf(ticket.lane.flow).retry(now, this.#random);
    this.#hooks.refuse(ticket, reason, retry);
  }

  #refuseByQuota(ticket: T, meter: Meter, now: number): void {
    ticket.phase = "done";
    this.#recordOf(ticket).refused.quota++;
    // Longer than the wait only: who comes sooner is refused for certain.
    const retry = Math.ceil(meter.limiter.wait(meter, now) * (1 + 0.2 * this.#random()));
    this.#hooks.refuse(ticket, "quota", retry, meter.limiter.scope);
  }

  #leaveSeat(ticket: T, now: number): void {
    const took = Math.max(LEAST_COST, now - ticket.since);
    ticket.command.learn(took);
    this.#queue.settle(ticket, took);
    const record = this.#recordOf(ticket);
    this.#seating.leave(record === this.#classes[0], took, now);
    record.running--;
  }

  #leaveParking(ticket: T): void {
    if (ticket.phase === "resuming") {
      this.#queue.remove(ticket);
      return;
    }
    if (ticket.phase !== "parked") throw new Error(`cannot finish what is ${ticket.phase}`);
    this.#parked--;
    this.#recordOf(ticket).parked--;
  }

  #recordOf(ticket: T): ClassRecord {
    return this.#classes[ticket.lane.flow.level.rank];
  }
}

/** Whether it has a seat, or had one and is parked or lines up again. */
function hasStarted(ticket: Ticket): boolean {
  return ticket.phase !== "done" && ticket.phase !== "waiting";
}

function hasToWait(ticket: Ticket): boolean {
  return ticket.phase === "waiting";
}
