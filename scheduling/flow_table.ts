import type { Flow } from "./flow.ts";
import { sweep } from "./sweep.ts";

/** Puts a flow into the table of its level, which may forget some flows that are idle and owe nothing. */
export function list(flow: Flow): void {
  const level = flow.level;
  sweep(level.flows, level.retain, (flow) => {
    return flow.waiting + flow.running + flow.parked === 0 && !flow.held &&
      flow.tag <= level.virtual;
  });
  flow.listed = true;
  level.flows.set(flow.key, flow);
}

/** The listed flow of the key of a forgotten one: a flow made since, or the forgotten one, listed again. */
export function relist(flow: Flow): Flow {
  const known = flow.level.flows.get(flow.key);
  if (known === undefined) {
    list(flow);
    return flow;
  }
  if (known.index === -1 && known.tag < flow.tag) known.tag = flow.tag;
  return known;
}
