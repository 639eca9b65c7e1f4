import type { Flow } from "./flow.ts";

/**
 * Something that waits: the node of the lists it is in, so that waiting allocates nothing more.
 * Extend it with what is to be done, or put it beside that.
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
  /** The queue's own: the next of its lane, itself where it is alone, null where it does not wait. */
  next: Entry | null = null;
  /** The queue's own: the one before it in its lane. */
  prev: Entry | null = null;

  /** Waits nowhere yet. */
  constructor(
    /** Where it lines up; may be changed while it does not wait. */
    public lane: Lane,
    /** What serving it is expected to cost, in any unit, above 0; unchanged while it waits. */
    public cost: number = 1,
    /** The memory it holds, in bytes; unchanged while it waits. */
    public bytes: number = 0,
  ) {}

  /** Whether it waits in a queue. */
  get waits(): boolean {
    return this.next !== null;
  }
}

/**
 * One source of a flow, such as a connection: first in, first out. The lanes of a flow take turns.
 * A lane needs no closing; the queue knows only those in which something waits.
 */
export class Lane {
  /** The queue's own: who waits longest. */
  head: Entry | null = null;
  /** How many wait. */
  waiting: number = 0;
  /** The queue's own: the lane whose turn comes after this one's. */
  next: Lane = this;
  /** The queue's own: the lane whose turn came before. */
  prev: Lane = this;

  /** Known to the queue from the first push on. */
  constructor(
    /** Whose share it uses. The queue may put another flow of the same key here. */
    public flow: Flow,
    /** Flows among which the lane chooses the least busy one whenever it was empty; or null. */
    readonly hand: readonly Flow[] | null = null,
  ) {}
}

/** Puts an entry at the end of its lane. Returns whether the lane was empty. */
export function append(entry: Entry): boolean {
  const lane = entry.lane;
  const head = lane.head;
  lane.waiting++;
  if (head === null) {
    entry.next = entry;
    entry.prev = entry;
    lane.head = entry;
    return true;
  }
  const tail = head.prev!;
  entry.next = head;
  entry.prev = tail;
  tail.next = entry;
  head.prev = entry;
  return false;
}

/** Takes an entry out of its lane. Returns whether the lane is empty now. */
export function unlink(entry: Entry): boolean {
  const lane = entry.lane;
  const next = entry.next!;
  const prev = entry.prev!;
  lane.waiting--;
  entry.next = null;
  entry.prev = null;
  if (next === entry) {
    lane.head = null;
    return true;
  }
  prev.next = next;
  next.prev = prev;
  if (lane.head === entry) lane.head = next;
  return false;
}

/** A lane in which something waits takes the last turn of its flow. */
export function join(lane: Lane): void {
  const turn = lane.flow.turn;
  if (turn === null) {
    lane.flow.turn = lane;
    return;
  }
  lane.next = turn;
  lane.prev = turn.prev;
  turn.prev.next = lane;
  turn.prev = lane;
}

/** A lane in which nothing waits leaves the turns of its flow. */
export function leave(lane: Lane): void {
  const flow = lane.flow;
  if (lane.next === lane) {
    flow.turn = null;
    return;
  }
  if (flow.turn === lane) flow.turn = lane.next;
  lane.prev.next = lane.next;
  lane.next.prev = lane.prev;
  lane.next = lane;
  lane.prev = lane;
}
