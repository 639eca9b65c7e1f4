// The two kinds of rings in a fair queue: the entries of a lane, and the lanes of a flow. A ring is a doubly linked list
// whose ends meet, so its owner keeps one pointer, and every operation takes O(1) and allocates nothing.

import type { Entry, Lane } from "./flow.ts";

/** Puts an entry at the end of its lane. Returns whether the lane was empty. */
export function appendEntry(entry: Entry): boolean {
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
export function unlinkEntry(entry: Entry): boolean {
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

/** Gives a lane the last turn in its flow. */
export function linkLane(lane: Lane): void {
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

/** Takes an empty lane out of the ring of its flow. */
export function unlinkLane(lane: Lane): void {
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
