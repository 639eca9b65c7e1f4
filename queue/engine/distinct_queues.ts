import { MAX_TAKE_QUEUES } from "../bounds.ts";
import { badArguments } from "../refusals.ts";
import type { TakeRequest } from "./engine.ts";

/** The request with each of its queues once. Throws `bad-arguments` if they are too many. */
export function withDistinctQueues(request: TakeRequest): TakeRequest {
  const { queues } = request;
  if (queues.length === 1) return request;
  const distinct = new Set(queues);
  if (distinct.size > MAX_TAKE_QUEUES && !request.byRank) {
    throw badArguments(`TAKE names at most ${MAX_TAKE_QUEUES} queues.`);
  }
  return distinct.size === queues.length ? request : { ...request, queues: [...distinct] };
}
