// Queues as rows of a table: for `lineup queues` and `lineup top`.

import { age, digits, whole } from "../figures.ts";

/** The answer of QUEUES about one queue, with details. Durations are in ms, rates a second. */
export interface QueueState {
  readonly queue: string;
  readonly ready: number;
  readonly oldest?: number;
  readonly delayed: number;
  readonly taken: number;
  readonly dead: number;
  readonly done?: number;
  readonly takers: number;
  readonly puts?: number;
  readonly takes?: number;
  readonly dones?: number;
  readonly fails?: number;
  readonly paused?: boolean;
  readonly running?: number;
  readonly rate?: number;
  readonly weight?: number;
  readonly depth?: number;
}

/** Columns by their heads. All but the first and the last hold numbers. */
type QueueColumns = Readonly<Record<string, (state: QueueState) => string>>;

const columns: QueueColumns = {
  "queue": ({ queue }) => queue,
  "ready": ({ ready }) => whole(ready),
  "oldest": ({ oldest }) => oldest === undefined ? "-" : age(oldest),
  "delayed": ({ delayed }) => whole(delayed),
  "taken": ({ taken }) => whole(taken),
  "dead": ({ dead }) => whole(dead),
  "done": ({ done = 0 }) => whole(done),
  "takers": ({ takers }) => whole(takers),
  "puts/s": ({ puts = 0 }) => digits(puts),
  "takes/s": ({ takes = 0 }) => digits(takes),
  "dones/s": ({ dones = 0 }) => digits(dones),
  "fails/s": ({ fails = 0 }) => digits(fails),
  "limits": limitsOf,
};
/** Those that a terminal of 80 columns has no room for. */
const WIDE = ["done", "takes/s"];

/** A table of queues. */
export interface DrawnQueues {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The table of queues; a narrow one has fewer columns. */
export function queueTable(queues: readonly QueueState[], isNarrow: boolean): DrawnQueues {
  const head = Object.keys(columns).filter((name) => !isNarrow || !WIDE.includes(name));
  return { head, rows: queues.map((each) => head.map((name) => columns[name](each))) };
}

function limitsOf({ paused, running, rate, weight, depth }: QueueState): string {
  return [
    paused && "paused",
    running && `running ${whole(running)}`,
    rate && `rate ${rate}/s`,
    weight && `weight ${weight}`,
    depth && `depth ${whole(depth)}`,
  ].filter(Boolean).join(", ");
}

/** The orders of queues. */
export const ORDERS = [
  "name",
  "urgency",
  "ready",
  "oldest",
  "delayed",
  "taken",
  "dead",
  "done",
  "takers",
  "puts",
  "takes",
  "dones",
  "fails",
] as const;

/** An order of queues: by name; by urgency, which is by the oldest job and then by takes; or the highest number first. */
export type QueueOrder = typeof ORDERS[number];

/** Compares two queues by an order. Those that are equal stay by name. */
export function inOrder(order: QueueOrder): (a: QueueState, b: QueueState) => number {
  const byName = (a: QueueState, b: QueueState): number => a.queue < b.queue ? -1 : 1;
  if (order === "name") return byName;
  const fields = order === "urgency" ? ["oldest", "takes"] as const : [order];
  return (a, b) => {
    for (const field of fields) {
      // A queue whose oldest job is ready since now is before one that has none.
      const difference = (b[field] ?? -1) - (a[field] ?? -1);
      if (difference !== 0) return difference;
    }
    return byName(a, b);
  };
}
