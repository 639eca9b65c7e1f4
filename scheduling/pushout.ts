import type { FairQueue } from "./fair_queue.ts";
import type { Flow } from "./flow.ts";
import type { SchedulingLimits } from "./scheduler_options.ts";
import type { Ticket } from "./ticket.ts";

/**
 * Who has to go when a newcomer has lined up; undefined while all is within bounds.
 *
 * A flow that is full pays itself. A queue that is full takes from the flow that holds the most of it,
 * the newest request, whose connection has the most others before it: so a newcomer is refused for
 * its own flow's doing only.
 */
export function pushout<T extends Ticket>(
  queue: FairQueue<T>,
  newcomer: T,
  limits: SchedulingLimits,
): T | undefined {
  const own = newcomer.lane.flow;
  if (newcomer.bytes > limits.bytes) return newcomer;
  if (own.waiting > limits.flow) return newest<T>(own) ?? newcomer;
  if (queue.size <= limits.waiting && queue.bytes <= limits.bytes) return undefined;
  return newest<T>(queue.largest!) ?? newcomer;
}

/**
 * The last of the longest lane, and of equal ones of that which came last, unless it has started
 * before. Takes a step for each lane.
 */
function newest<T extends Ticket>(flow: Flow): T | undefined {
  const last = flow.turn!.prev;
  let longest = last;
  for (let lane = last.prev; lane !== last; lane = lane.prev) {
    if (lane.waiting > longest.waiting) longest = lane;
  }
  const ticket = longest.head!.prev as T;
  return ticket.phase === "waiting" ? ticket : undefined;
}
