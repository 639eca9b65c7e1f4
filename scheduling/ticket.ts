import type { CostEstimate } from "./cost_estimate.ts";
import { Entry, type Flow, Lane } from "./flow.ts";
import type { Meter } from "./rate_limiter.ts";
import type { Timed } from "./timing_wheel.ts";

/**
 * The phase of a ticket: `new`, then `waiting` for a seat, `running` with one, perhaps `parked` (waiting for an event,
 * without a seat) and `resuming` (waiting for a seat again), then `done`.
 */
export type Phase = "new" | "waiting" | "running" | "parked" | "resuming" | "done";

/**
 * Why a ticket was refused: `busy`, its turn would not come in time; `quota`, its client asks too often; `expired`, its
 * deadline passed before it ran; `draining`, the scheduler takes no more requests.
 */
export type RefusalReason = "busy" | "quota" | "expired" | "draining";

/**
 * A connection's lane for its requests of one class. Made by {@linkcode Scheduler.openFlow}. A connection keeps it, so
 * its requests need no look-up.
 */
export class FlowHandle extends Lane {
  /** Use {@linkcode Scheduler.openFlow}. */
  constructor(
    flow: Flow,
    hand: readonly Flow[] | null,
    /** The rates for which its requests count. */
    readonly meters: readonly Meter[],
    /** The handle for control work that comes too fast; null for other work. */
    readonly demoted: FlowHandle | null,
  ) {
    super(flow, hand);
  }
}

/**
 * One request on its way through a {@linkcode Scheduler}. It is the node of every list that holds it, so the scheduler
 * allocates nothing for it. Extend it with the fields of your request. You may submit a `done` ticket again; set its lane
 * first, as the scheduler changes the lane of control work that comes too fast.
 */
export class Ticket extends Entry implements Timed {
  /** For the timing wheel. */
  tick: number = 0;
  /** For the timing wheel. */
  earlier: Timed | null = null;
  /** For the timing wheel. */
  later: Timed | null = null;
  /** Its phase; set by the scheduler. */
  phase: Phase = "new";
  /** When its phase began, in milliseconds; set by the scheduler. */
  since: number = 0;
  /** How long it has waited for seats, in milliseconds; set by the scheduler when the ticket gets one. */
  waited: number = 0;
  /**
   * How long it waited before the server read it, as far as known, in milliseconds. Its longest wait is shorter by that
   * time; if its deadline is over by that time, it is refused as `busy`.
   */
  unread: number = 0;
  /**
   * Whether it waits only for the event loop: when it came, a seat was free and nothing waited. Set by the scheduler, which
   * does not shed such a ticket: the event loop is late, but the queue is not long.
   */
  isNext: boolean = false;
  /** Its handle: the connection and class. */
  declare lane: FlowHandle;

  /** Makes a ticket to submit. */
  constructor(
    handle: FlowHandle,
    /** The expected cost of its command. */
    public command: CostEstimate,
    /** The memory it holds while it waits, in bytes. */
    bytes: number = 0,
    /** The time after which its answer is worthless, in milliseconds of the clock. */
    public deadline: number = Infinity,
  ) {
    super(handle, 0, bytes);
  }

  /** Whether it does much work when it resumes, like a stream that has room for output again. */
  get streams(): boolean {
    return false;
  }
}
