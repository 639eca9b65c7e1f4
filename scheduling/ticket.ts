import type { CostEstimate } from "./cost_estimate.ts";
import { Entry, type Flow, Lane } from "./flow.ts";
import type { Meter } from "./rate_limiter.ts";
import type { Timed } from "./timing_wheel.ts";

/**
 * Where a ticket is on its way: `new`, then `waiting` for a seat, `running` on one, perhaps `parked`
 * (running without a seat, waiting for an event) and `resuming` (waiting for a seat again), then `done`.
 */
export type Phase = "new" | "waiting" | "running" | "parked" | "resuming" | "done";

/**
 * Why a ticket was refused: `busy`, its turn would not have come in time; `quota`, its client asks too
 * often; `expired`, its deadline passed before it ran; `draining`, the scheduler takes no more.
 */
export type RefusalReason = "busy" | "quota" | "expired" | "draining";

/**
 * Where the requests of one class line up that come from one connection. Made by
 * {@linkcode Scheduler.openFlow}; a connection keeps it, so that a request needs no look-up.
 */
export class FlowHandle extends Lane {
  /** Use {@linkcode Scheduler.openFlow}. */
  constructor(
    flow: Flow,
    hand: readonly Flow[] | null,
    /** The rates that its requests count towards. */
    readonly meters: readonly Meter[],
    /** Where control work goes that comes too fast; null for other work. */
    readonly demoted: FlowHandle | null,
  ) {
    super(flow, hand);
  }
}

/**
 * One request on its way through a {@linkcode Scheduler}: the node of every list it is in, so that
 * the scheduler allocates nothing for it. Extend it with what the request is. One that is `done` may
 * be submitted again; set its lane then, which is another where it was control work that came too fast.
 */
export class Ticket extends Entry implements Timed {
  /** The timing wheel's own. */
  tick: number = 0;
  /** The timing wheel's own. */
  earlier: Timed | null = null;
  /** The timing wheel's own. */
  later: Timed | null = null;
  /** Where it is on its way; set by the scheduler. */
  phase: Phase = "new";
  /** When its phase began, in milliseconds; set by the scheduler. */
  since: number = 0;
  /** How long it has waited for seats, in milliseconds; set by the scheduler when it gets one. */
  waited: number = 0;
  /**
   * How long it waited before it was read, as far as is known, in milliseconds: it waits that much less in line, and is
   * refused as `busy` where its deadline is over if that counts.
   */
  unread: number = 0;
  /**
   * Whether it waits for the event loop only: a seat was free when it came, and nothing waited. Set by the scheduler,
   * which does not shed it: the event loop is late then, not the queue long.
   */
  isNext: boolean = false;
  /** Its connection and class. */
  declare lane: FlowHandle;

  /** Not submitted yet. */
  constructor(
    line: FlowHandle,
    /** What is known of the cost of its command. */
    public command: CostEstimate,
    /** The memory it holds while it waits, in bytes. */
    bytes: number = 0,
    /** The time after which its answer is worth nothing, in milliseconds of the clock. */
    public deadline: number = Infinity,
  ) {
    super(line, 0, bytes);
  }

  /** Whether it will do much when it goes on, as a stream does that has room for output again. */
  get streams(): boolean {
    return false;
  }
}
