import type { FairQueue } from "./fair_queue.ts";
import type { Flow } from "./flow.ts";
import type { SchedulingLimits } from "./scheduler_options.ts";
import type { Ticket } from "./ticket.ts";

/**
 * The request to refuse after a newcomer was added; undefined if all bounds hold.
 *
 * A full flow gives up a request of its own. A full queue takes one from its largest flow: the newest request of the
 * connection with the most waiting ones. So a newcomer is refused only if its own flow holds too much.
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
 * The last request of the longest lane, or, of equal lanes, of the one that came last; undefined if that request has
 * started before. Time: O(lanes).
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
