import { TagHeap } from "./tag_heap.ts";

/** The name of a flow in its level. A number and a text are different keys: guests share the flows with numbers. */
export type FlowKey = string | number;

/**
 * Something that waits in a {@linkcode FairQueue}. It is the node of every list that holds it, so waiting allocates
 * nothing more. Extend it with the work, or keep the work beside it.
 *
 * @example
 * ```ts
 * import { Entry, FairQueue, Lane } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * class Job extends Entry {
 *   constructor(lane: Lane, readonly name: string) {
 *     super(lane);
 *   }
 * }
 * const queue = new FairQueue<Job>([1]);
 * queue.push(new Job(new Lane(queue.flow(0, "acme")), "mail"));
 * assertEquals(queue.pop()?.name, "mail");
 * ```
 */
export class Entry {
  /** For the queue: the next entry of the lane, the entry itself if it is alone, null if it does not wait. */
  next: Entry | null = null;
  /** For the queue: the entry before it in the lane. */
  prev: Entry | null = null;

  /** Makes an entry that does not wait yet. */
  constructor(
    /** Where it waits. Change it only while the entry does not wait. */
    public lane: Lane,
    /** The expected cost of serving it, in any unit, above 0. It stays the same while the entry waits. */
    public cost: number = 1,
    /** The memory it holds, in bytes. It stays the same while the entry waits. */
    public bytes: number = 0,
  ) {}

  /** Whether it waits in a queue. */
  get waits(): boolean {
    return this.next !== null;
  }
}

/**
 * One source of a flow, such as a connection: first in, first out. The lanes of a flow take turns. Drop a lane when you
 * no longer need it: the queue knows only lanes with waiting entries.
 */
export class Lane {
  /** For the queue: the entry that has waited longest. */
  head: Entry | null = null;
  /** How many entries wait. */
  waiting: number = 0;
  /** For the queue: the lane that has its turn after this one. */
  next: Lane = this;
  /** For the queue: the lane that had its turn before this one. */
  prev: Lane = this;

  /** Makes a lane; the queue knows it from the first push on. */
  constructor(
    /** The flow whose share it uses. The queue may replace it by another flow of the same key. */
    public flow: Flow,
    /** The flows from which the lane picks the least busy one each time it was empty; null to keep its flow. */
    readonly hand: readonly Flow[] | null = null,
  ) {}
}

/**
 * A tenant, client or key whose entries share one place in the order. Made by {@linkcode FairQueue.flow}.
 *
 * `tag` is the virtual time at which its next entry starts: the end of the last one, or the present if that is later.
 */
export class Flow {
  /** For the queue: the start tag of start-time fair queuing. */
  tag: number = 0;
  /** For the queue: the cost above the charge that was made, divided by the weight. */
  error: number = 0;
  /** For the queue: the index in the heap of the level; -1 if the queue cannot serve it. */
  index: number = -1;
  /** For the queue: the lanes with waiting entries, as a ring; this one has the turn. */
  turn: Lane | null = null;
  /** How many entries wait. */
  waiting: number = 0;
  /** The bytes that wait. */
  bytes: number = 0;
  /** For the scheduler: how many requests hold a seat. */
  running: number = 0;
  /** For the scheduler: how many requests are parked. */
  parked: number = 0;
  /** Whether the queue passes it over, see {@linkcode FairQueue.hold}. */
  held: boolean = false;
  /** Whether the table of its level holds it. */
  listed: boolean = false;
  /** For the queue: whether an entry came since the last sweep. */
  used: boolean = true;
  /** For the queue: the number of its list of flows of about the same size; -1 for none. */
  bucket: number = -1;
  /** For the queue: its neighbour in that list. */
  larger: Flow = this;
  /** For the queue: its neighbour in that list. */
  smaller: Flow = this;
  /** The state that the owner of the queue keeps with the flow. The queue forgets it with an idle flow. */
  state: unknown = undefined;

  /** Use {@linkcode FairQueue.flow}. */
  constructor(
    /** The level it belongs to. */
    readonly level: Level,
    /** Its name in the level. */
    readonly key: FlowKey,
    /** Its share beside the flows of its level; {@linkcode FairQueue.weigh} changes it. */
    public weight: number,
  ) {}
}

/** A priority or class: its flows divide the share of the level. Made by {@linkcode FairQueue}. */
export class Level {
  /** For the queue: the start tag among levels. */
  tag: number = 0;
  /** For the queue: the virtual time of the flows, which is the start tag of the flow that was served last. */
  virtual: number = 0;
  /** For the queue: the largest tag of a flow. */
  peak: number = 0;
  /** How many entries wait. */
  waiting: number = 0;
  /** The flows by key, without some of the idle ones. */
  readonly flows: Map<FlowKey, Flow> = new Map();
  /** The flows that the queue can serve, by start tag. */
  readonly ready: TagHeap<Flow> = new TagHeap();

  /** Use {@linkcode FairQueue}. */
  constructor(
    /** Its place among the levels, from 0. */
    readonly rank: number,
    /** Its share beside the other levels; Infinity goes before all finite ones. {@linkcode FairQueue.weighLevel} changes it. */
    public weight: number,
    /** The number of flows up to which the level forgets none. */
    readonly retain: number = 10_240,
  ) {}
}
