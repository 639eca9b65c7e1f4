import type { Clock } from "./clock.ts";
import { LEAST_COST } from "./cost_estimate.ts";
import type { FairQueue } from "./fair_queue.ts";
import type { Flow } from "./flow.ts";
import { relist } from "./flow_table.ts";
import type { Lane } from "./flow.ts";
import type { SchedulerOptions, SchedulingLimits } from "./scheduler_options.ts";
import type { SchedulerParts } from "./scheduler_parts.ts";
import type { Seating } from "./seating.ts";
import { TimeSlice } from "./time_slice.ts";
import type { ClassRecords } from "./statistics.ts";
import type { Ticket } from "./ticket.ts";
import type { TimingWheel } from "./timing_wheel.ts";
import type { AdmissionQueue } from "./admission_queue.ts";

/** Of this many requests that go on after `run`, one is timed for its work before. */
const STRIDE = 8;
/** How many requests resume in one slice. A request goes on only after `resume` has returned, so nobody measures its work. */
const RESUMES_A_SLICE = 8;
/** How many streams resume in one slice: to make 64 KiB of lines takes half a millisecond to one. */
const STREAMS_A_SLICE = 1;

/**
 * A flow that holds its share gets seats again once it holds fewer, by this fraction of all seats: to pass it over for
 * each seat would cost time.
 */
const HYSTERESIS = 32;

/** Gives seats to the requests that are next, and takes the seats of done and parked requests back. */
export class SeatDispatcher<T extends Ticket> {
  /** The time at which the clock was last read. */
  now = 0;
  readonly #options: SchedulerOptions<T>;
  readonly #clock: Clock;
  readonly #limits: SchedulingLimits;
  readonly #records: ClassRecords;
  readonly #queue: FairQueue<T>;
  readonly #wheel: TimingWheel<T>;
  readonly #seating: Seating;
  readonly #admission: AdmissionQueue<T>;
  readonly #slice: TimeSlice;
  #parked = 0;
  /** The flows that are passed over because they hold their share of the seats. */
  readonly #passedOver = new Set<Flow>();
  #untimed = 0;
  /** When the last stride ended. */
  #strideEnded = 0;
  #pumping = false;
  /** The request of the present call of `run` or `resume`. */
  #starting: T | undefined = undefined;

  constructor(parts: SchedulerParts<T>, admission: AdmissionQueue<T>) {
    const { options, limits } = parts;
    this.#options = options;
    this.#clock = options.clock;
    this.#limits = limits;
    this.#records = parts.records;
    this.#queue = parts.queue;
    this.#wheel = parts.wheel;
    this.#seating = parts.seating;
    this.#admission = admission;
    const length = options.yield === undefined ? Infinity : limits.slice;
    this.#slice = new TimeSlice(length, (go) => options.yield!(go), () => {
      this.now = this.#clock.now();
      this.pump();
    });
    this.now = this.#clock.now();
  }

  /** Whether a request that comes now need not wait. */
  mayStart(control: boolean): boolean {
    if (control) return this.#queue.levels[0].waiting === 0 && this.#seating.has(true);
    return this.#queue.size === 0 && !this.#slice.over && this.#seating.has(false);
  }

  /** Whether a request need not wait. */
  mayStartNow({ lane }: T, control: boolean): boolean {
    return this.mayStart(control) && (control || !this.#hasItsShare(lane));
  }

  /** Starts a request that need not wait. */
  startAtOnce(ticket: T): void {
    this.#queue.charge(ticket.lane.flow, ticket.cost);
    this.#start(ticket);
  }

  /** See {@linkcode Scheduler.finish}. */
  finish(ticket: T, now: number): void {
    this.now = now;
    if (ticket.phase === "running") this.#leaveSeat(ticket, now);
    else this.#leaveParking(ticket);
    this.#wheel.clear(ticket);
    ticket.phase = "done";
    if (this.#queue.size > 0) this.pump();
    else if (!this.#pumping) this.#options.idle?.();
  }

  /** See {@linkcode Scheduler.park}. */
  park(ticket: T, now: number): boolean {
    if (ticket.phase !== "running") throw new Error(`cannot park what is ${ticket.phase}`);
    const flow = holderOf(ticket.lane);
    const free = this.#limits.parked - this.#parked;
    if (free <= 0 || flow.parked >= this.#limits.share * free) return false;
    this.now = now;
    // Before the seat is left: the queue may forget a flow that holds nothing.
    flow.parked++;
    this.#leaveSeat(ticket, now);
    ticket.phase = "parked";
    this.#parked++;
    this.#records.of(ticket.lane).parked++;
    if (this.#queue.size > 0) this.pump();
    return true;
  }

  /** See {@linkcode Scheduler.unpark}. */
  unpark(ticket: T, now: number): boolean {
    if (ticket.phase !== "parked") return false;
    this.now = now;
    this.#leaveParking(ticket);
    ticket.phase = "resuming";
    ticket.since = now;
    ticket.cost = ticket.command.at(now);
    if (this.mayStartNow(ticket, this.#records.of(ticket.lane).control)) {
      this.startAtOnce(ticket);
    } else {
      this.#queue.unshift(ticket);
      this.pump();
    }
    return true;
  }

  /** Gives a flow that is passed over its turn, if it holds no more than its share. */
  reconsider(flow: Flow): void {
    if (!this.#passedOver.delete(flow)) return;
    this.#queue.release(flow);
    this.pump();
  }

  /** Starts the next requests while seats are free. A call from a callback returns at once: the outer call goes on. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.#slice.over) {
        // If only reserved seats are free, only control work is next.
        const ranks = this.#seating.has(false) ? undefined : this.#seating.has(true) ? 1 : 0;
        const ticket = this.#queue.next(ranks);
        if (ticket === undefined) break;
        if (!this.#records.of(ticket.lane).control && this.#hasItsShare(ticket.lane)) {
          this.#queue.hold(ticket.lane.flow);
          this.#passedOver.add(ticket.lane.flow);
          continue;
        }
        if (ticket.phase === "waiting") {
          const began = this.now;
          if (this.#admission.shed(ticket, began)) {
            this.now = this.#clock.now();
            this.#slice.spend(this.now - began);
            continue;
          }
          this.#wheel.clear(ticket);
        }
        this.#queue.take(ticket);
        this.#start(ticket);
      }
    } finally {
      this.#pumping = false;
    }
    if (this.mayStart(false)) this.#options.idle?.();
  }

  /** Calls `run` or `resume` for a request that does not wait, or no longer. */
  #start(ticket: T): void {
    const began = this.now;
    const record = this.#records.of(ticket.lane);
    const resumes = ticket.phase === "resuming";
    ticket.waited += began - ticket.since;
    ticket.since = began;
    ticket.phase = "running";
    this.#seating.take(record.control);
    record.running++;
    countSeat(ticket.lane);
    const outer = this.#starting;
    this.#starting = ticket;
    try {
      if (resumes) {
        this.#slice.share(1 / (ticket.streams ? STREAMS_A_SLICE : RESUMES_A_SLICE));
        this.#options.resume?.(ticket);
      } else {
        record.started++;
        record.waits.record(ticket.waited, began);
        this.#options.run(ticket);
      }
    } catch (error) {
      if (hasStarted(ticket)) this.finish(ticket, this.#clock.now());
      throw error;
    } finally {
      this.#starting = outer;
    }
    // A request that is done at once needs no time limit, and `finish` has read the clock.
    if (hasStarted(ticket)) {
      if (ticket.tick === 0) this.#wheel.set(ticket, ticket.deadline);
      // To read the clock costs as much as all else here, so one request is timed for its whole stride.
      if (++this.#untimed < STRIDE) return;
      this.#untimed = 0;
      this.now = this.#clock.now();
      // `began` may be the time when its connection was read, before many others ran. So the stride counts at most the
      // time since the last one.
      const took = Math.min(STRIDE * (this.now - began), this.now - this.#strideEnded);
      this.#strideEnded = this.now;
      this.#seating.occupied(took / STRIDE, this.now);
      this.#slice.spend(took);
    } else {
      this.#slice.spend(this.now - began);
    }
  }

  #leaveSeat(ticket: T, now: number): void {
    const took = Math.max(LEAST_COST, now - ticket.since);
    ticket.command.learn(took, now);
    this.#queue.settle(ticket, took);
    const record = this.#records.of(ticket.lane);
    this.#seating.leave(record.control, took, now, ticket === this.#starting);
    record.running--;
    holderOf(ticket.lane).running--;
    if (this.#passedOver.size > 0) this.#releasePassedOver(ticket.lane);
  }

  /** Whether a flow holds so many seats that the free ones are for others. */
  #hasItsShare(lane: Lane): boolean {
    return holderOf(lane).running >= this.#limits.share * this.#seating.free;
  }

  /**
   * A request of this lane gave its seat back: its flow may have its turn again, and so may the flow that was passed over
   * first. The pump passes them over again if they still hold their share. Each flow that is passed over holds a seat, or
   * shares its flow with one that does, so each comes up again before all seats are free.
   */
  #releasePassedOver(lane: Lane): void {
    const { flow } = lane;
    const { running } = holderOf(lane);
    const fewer = Math.min(running, Math.floor(this.#seating.limit / HYSTERESIS));
    if (
      this.#passedOver.has(flow) && running + fewer <= this.#limits.share * this.#seating.free
    ) {
      this.#passedOver.delete(flow);
      this.#queue.release(flow);
    }
    if (this.#passedOver.size === 0) return;
    const [first] = this.#passedOver;
    if (first === flow) return;
    this.#passedOver.delete(first);
    this.#queue.release(first);
  }

  #leaveParking(ticket: T): void {
    if (ticket.phase === "resuming") {
      this.#queue.remove(ticket);
      return;
    }
    if (ticket.phase !== "parked") throw new Error(`cannot finish what is ${ticket.phase}`);
    this.#parked--;
    holderOf(ticket.lane).parked--;
    this.#records.of(ticket.lane).parked--;
  }
}

/** The flow that counts the seats and parking places of a lane: the same one as long as the lane holds any. */
function holderOf({ flow, hand }: Lane): Flow {
  return hand === null ? flow : hand[0];
}

/** Counts a seat of a lane. A flow with seats must be listed: otherwise its key could get a second flow and share. */
function countSeat(lane: Lane): void {
  if (lane.hand === null && !lane.flow.listed) lane.flow = relist(lane.flow);
  holderOf(lane).running++;
}

/** Whether a request has a seat, or had one and is parked or resuming. */
function hasStarted(ticket: Ticket): boolean {
  return ticket.phase !== "done" && ticket.phase !== "waiting";
}
