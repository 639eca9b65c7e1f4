import type { Lane } from "./lane.ts";
import { TagHeap } from "./tag_heap.ts";

/** What names a flow inside its level; numbers and texts are different keys. */
export type FlowKey = string | number;

/**
 * Who is treated fairly: a client, a tenant. Made by {@linkcode FairQueue.flow}.
 *
 * `tag` is the virtual time at which its next entry starts: where the last one finished, or the
 * present where that is later.
 */
export class Flow {
  /** The queue's own: the start tag of start-time fair queuing. */
  tag: number = 0;
  /** The queue's own: what its entries cost more than they were charged, over its weight. */
  error: number = 0;
  /** The queue's own: the place in the level's heap; -1 where nothing is to be served. */
  index: number = -1;
  /** The queue's own: the ring of lanes in which something waits; its first has the turn. */
  turn: Lane | null = null;
  /** How many wait. */
  waiting: number = 0;
  /** The bytes that wait. */
  bytes: number = 0;
  /** The scheduler's own: how many requests have a seat, ... */
  running: number = 0;
  /** ... and how many are parked. */
  parked: number = 0;
  /** Whether it is passed over, see {@linkcode FairQueue.hold}. */
  held: boolean = false;
  /** Whether the table of its level has it. */
  listed: boolean = false;
  /** The queue's own: whether something lined up in it lately. */
  used: boolean = true;
  /** The queue's own: its list by backlog, -1 for none, and its neighbours there. */
  bucket: number = -1;
  /** The queue's own: see `bucket`. */
  fatter: Flow = this;
  /** The queue's own: see `bucket`. */
  thinner: Flow = this;
  /** What the owner of the queue keeps with the flow. It goes when the flow has been idle. */
  state: unknown = undefined;

  /** Use {@linkcode FairQueue.flow}. */
  constructor(
    /** The level it belongs to. */
    readonly level: Level,
    /** Its name in the level. */
    readonly key: FlowKey,
    /** Its share beside the flows of its level; set by {@linkcode FairQueue.weigh}. */
    public weight: number,
  ) {}
}

/** A priority or class: flows that share what the level gets. Made by {@linkcode FairQueue}. */
export class Level {
  /** The queue's own: the start tag among levels. */
  tag: number = 0;
  /** The queue's own: the virtual time of the flows, the start tag of the last one served. */
  virtual: number = 0;
  /** The queue's own: the largest tag given to a flow. */
  peak: number = 0;
  /** How many wait. */
  waiting: number = 0;
  /** The flows by key, without some of those that are idle. */
  readonly flows: Map<FlowKey, Flow> = new Map();
  /** The flows that can be served, by start tag. */
  readonly ready: TagHeap = new TagHeap();

  /** Use {@linkcode FairQueue}. */
  constructor(
    /** Its place among the levels, from 0. */
    readonly rank: number,
    /** Its share beside the other levels; Infinity goes before all finite ones. */
    readonly weight: number,
    /** As many flows are remembered in any case. */
    readonly roomy: number = 10_240,
  ) {}
}
