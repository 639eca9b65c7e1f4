import { FairQueue } from "../../scheduling/fair_queue.ts";
import { Entry, Flow, Lane } from "../../scheduling/flow.ts";
import { BYTES } from "../memory.ts";
import { Backlog } from "./backlog.ts";
import { Heap, ownPlaces, type Placed } from "./heap.ts";
import type { OrderedKey, OrderedOptions, OrderedRow, SlotTable } from "./slots.ts";

/** The shares of the priorities 0 to 9: each has twice that of the next. */
const SHARES = Array.from({ length: 10 }, (_, priority) => 2 ** (9 - priority));

/** A priority remembers at least so many keys without ready jobs: to make one anew costs little. */
const RETAINED = 64;

/** The cost of a job, charged to its key. */
const COST = 1;

/** The ready jobs of one key in one priority: they wait for their turns together, as one entry. */
class Row extends Entry implements OrderedRow, Placed {
  place = -1;
  /** When its first job became ready. */
  since = 0;

  constructor(lane: Lane, readonly jobs: Backlog) {
    super(lane, COST);
  }

  get priority(): number {
    return this.lane.flow.level.rank;
  }
}

/** Whether the fair queue would serve a row before another. */
function startsBefore({ lane: { flow: a } }: Row, { lane: { flow: b } }: Row): boolean {
  if (a.level !== b.level) return a.level.tag < b.level.tag;
  return a.tag + a.error < b.tag + b.error;
}

/** Ready jobs of several priorities and keys, by slot. Time: O(log jobs) of the key and O(log keys). */
export class FairOrder {
  /** How many jobs it has. */
  size = 0;
  readonly #turns = new FairQueue<Row>(SHARES, { retain: RETAINED });
  readonly #byAge = new Heap<Row>((a, b) => a.since < b.since, ownPlaces);
  readonly #table: SlotTable;
  /** The bytes that are counted for it. */
  #bytes = 0;

  /** Starts with a backlog of one key and priority that is not empty. */
  constructor(table: SlotTable, backlog: Backlog) {
    this.#table = table;
    // Each priority waits first for as long as one job of it is worth. Else the first job of the lowest priority would go
    // before the second of the highest.
    for (const level of this.#turns.levels) this.#turns.charge(new Flow(level, "", 1), COST);
    const options = table.optionsOf(backlog.first!);
    this.#enter(this.#rowOf(options, backlog), options.key);
    this.size = backlog.size;
  }

  /** When the job that has been ready for longest became so. */
  get oldest(): number {
    return this.#byAge.first!.since;
  }

  /** The slot of the job that is next; `undefined` if no key may have one taken. */
  get next(): number | undefined {
    return this.#turns.next()?.jobs.first;
  }

  /** The slot of a job that is next, or would be if its key were not blocked. */
  get first(): number {
    return this.next ?? this.#byAge.first!.jobs.first!;
  }

  /** The slot of the next job of these keys; `undefined` if none of them may have one taken. */
  nextOf(keys: Iterable<OrderedKey>): number | undefined {
    let best: Row | undefined;
    for (const { blocked, rows } of keys) {
      if (blocked) continue;
      for (const row of rows as readonly Row[]) {
        if (best === undefined || startsBefore(row, best)) best = row;
      }
    }
    return best?.jobs.first;
  }

  /** The slot of the first ready job of a key, in its highest priority. */
  firstOf({ rows }: OrderedKey): number | undefined {
    let best: Row | undefined;
    for (const row of rows as readonly Row[]) {
      if (best === undefined || row.priority < best.priority) best = row;
    }
    return best?.jobs.first;
  }

  /** When the job of a key that has been ready for longest became so; `undefined` if it has none. */
  oldestOf({ rows }: OrderedKey): number | undefined {
    const times = (rows as readonly Row[]).map(({ since }) => since);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** A job takes its place in its key. */
  push(slot: number): void {
    const options = this.#table.optionsOf(slot);
    const row = this.#rowOf(options);
    row.jobs.add(slot);
    this.size++;
    if (!row.waits) this.#enter(row, options.key);
    else if (row.jobs.first === slot) this.#updateAge(row);
  }

  /** Removes the next job, and charges its key for it. */
  take(): void {
    const row = this.#turns.pop()!;
    const slot = row.jobs.first!;
    row.jobs.remove(slot);
    this.size--;
    if (row.jobs.size === 0) this.#leave(row, this.#table.optionsOf(slot).key);
    else {
      this.#turns.push(row);
      this.#updateAge(row);
    }
  }

  /** Removes a job, and charges no key. */
  remove(slot: number): void {
    const options = this.#table.optionsOf(slot);
    const row = this.#rowOf(options);
    const wasFirst = row.jobs.first === slot;
    row.jobs.remove(slot);
    this.size--;
    if (row.jobs.size === 0) {
      this.#turns.remove(row);
      this.#leave(row, options.key);
    } else if (wasFirst) this.#updateAge(row);
  }

  /** Removes a job that need not be the next one, and charges its key for it. */
  takeOutOfTurn(slot: number): void {
    if (this.next === slot) return this.take();
    this.remove(slot);
    // Its key pays later, and no time passes: the keys that are behind it must not wait until the others have come as far.
    this.#turns.settle(this.#rowOf(this.#table.optionsOf(slot)), 2 * COST);
  }

  /** Takes back what the key of a job was charged for it. */
  refund(slot: number): void {
    this.#turns.settle(this.#rowOf(this.#table.optionsOf(slot)), 0);
  }

  /** A key is blocked, or no longer, or has another weight. */
  update({ rows, blocked, weight }: OrderedKey): void {
    for (const { lane: { flow } } of rows as readonly Row[]) {
      if (blocked !== flow.held) {
        if (blocked) this.#turns.hold(flow);
        else this.#turns.release(flow);
      }
      if (weight !== flow.weight) this.#turns.weigh(flow, weight);
    }
  }

  /** Nothing uses it any longer. */
  discard(): void {
    this.#count(0);
  }

  /** A row has another first job. */
  #updateAge(row: Row): void {
    row.since = this.#table.readyAtOf(row.jobs.first!);
    this.#byAge.update(row);
  }

  /** A row has its first ready job. */
  #enter(row: Row, key: OrderedKey): void {
    this.#turns.push(row);
    row.since = this.#table.readyAtOf(row.jobs.first!);
    this.#byAge.add(row);
    key.rows = [...key.rows, row];
    if (key.blocked) this.#turns.hold(row.lane.flow);
  }

  /** A row has no ready job any more. */
  #leave(row: Row, key: OrderedKey): void {
    this.#byAge.remove(row);
    key.rows = key.rows.filter((other) => other !== row);
    // The fair queue forgets no flow that is held.
    if (row.lane.flow.held) this.#turns.release(row.lane.flow);
  }

  // The fair queue keeps the row as the state of its flow, and forgets both when they have been idle.
  #rowOf({ priority, key }: OrderedOptions, jobs?: Backlog): Row {
    for (const row of key.rows) if (row.priority === priority) return row as Row;
    const flow = this.#turns.flow(priority, key.key, key.weight);
    if (flow.state === undefined) {
      flow.state = new Row(new Lane(flow), jobs ?? new Backlog(this.#table));
      this.#count(BYTES.turns + BYTES.row * this.#turns.flows);
    }
    return flow.state as Row;
  }

  #count(bytes: number): void {
    this.#table.memory.kept += bytes - this.#bytes;
    this.#bytes = bytes;
  }
}
