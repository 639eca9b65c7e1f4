import { FairQueue } from "../../scheduling/fair_queue.ts";
import { Entry, Flow, Lane } from "../../scheduling/flow.ts";
import { Backlog } from "./backlog.ts";
import { Heap, ownPlaces, type Placed } from "./heap.ts";
import type { Job } from "./job.ts";
import type { JobTable } from "./job_table.ts";
import type { SharedOptions } from "./job_options.ts";
import { BYTES } from "../memory.ts";
import type { KeyState } from "./key_state.ts";

/** The shares of the priorities 0 to 9: each has twice that of the next. */
const SHARES = Array.from({ length: 10 }, (_, priority) => 2 ** (9 - priority));

/** How many keys of a priority are remembered that have nothing ready, at least: to find one anew costs little. */
const RETAINED = 64;

/** What taking a job costs its key. */
const COST = 1;

/** The ready jobs of one key in one priority: they wait for their turns together, as one entry. */
export class Row extends Entry implements Placed {
  place = -1;
  /** Since when its first job is ready. */
  since = 0;

  constructor(lane: Lane, readonly jobs: Backlog) {
    super(lane, COST);
  }
}

/** Ready jobs of several priorities and keys. Time: O(log jobs) of the key and O(log keys). */
export class FairOrder {
  /** How many there are. */
  size = 0;
  readonly #turns = new FairQueue<Row>(SHARES, { retain: RETAINED });
  readonly #byAge = new Heap<Row>((a, b) => a.since < b.since, ownPlaces);
  readonly #table: JobTable;
  /** The bytes that are counted for it. */
  #bytes = 0;

  /** Begins with the jobs, at least one, of one key in one priority. */
  constructor(table: JobTable, alike: Backlog) {
    this.#table = table;
    // Who starts at 0 is served at once; a priority shall first wait as long as one job of it is worth, or the first of
    // the lowest would go before the second of the highest.
    for (const level of this.#turns.levels) this.#turns.charge(new Flow(level, "", 1), COST);
    const kind = table.kindOf(alike.first!);
    this.#enter(this.#row(kind, alike), kind);
    this.size = alike.size;
  }

  /** Since when the one that has been ready for longest is so. */
  get oldest(): number {
    return this.#byAge.first!.since;
  }

  /** The job whose turn it is; `undefined` where no key may have one. */
  get next(): Job | undefined {
    const row = this.#turns.next();
    return row === undefined ? undefined : this.#table.at(row.jobs.first!);
  }

  /** A job takes its place in its key. */
  push(job: Job): void {
    const { kind, slot } = job;
    const row = this.#row(kind);
    row.jobs.add(slot);
    this.size++;
    if (!row.waits) this.#enter(row, kind);
    else if (row.jobs.first === slot) this.#age(row);
  }

  /** The `next` leaves, and its key is charged for it. */
  take(): Job {
    const row = this.#turns.pop()!;
    const first = row.jobs.first!;
    const job = this.#table.at(first);
    row.jobs.remove(first);
    this.size--;
    if (row.jobs.size === 0) this.#leave(row, job.kind);
    else {
      this.#turns.push(row);
      this.#age(row);
    }
    return job;
  }

  /** A job leaves, and nobody is charged. */
  remove(job: Job): void {
    const { kind, slot } = job;
    const row = this.#row(kind);
    const wasFirst = row.jobs.first === slot;
    row.jobs.remove(slot);
    this.size--;
    if (row.jobs.size === 0) {
      this.#turns.remove(row);
      this.#leave(row, kind);
    } else if (wasFirst) this.#age(row);
  }

  /** The key of a job that was taken gets back what it was charged. */
  refund(job: Job): void {
    this.#turns.settle(this.#row(job.kind), 0);
  }

  /** What a key may or its share has changed. */
  review({ rows, blocked, weight }: KeyState): void {
    for (const { lane: { flow } } of rows) {
      if (blocked !== flow.held) {
        if (blocked) this.#turns.hold(flow);
        else this.#turns.release(flow);
      }
      if (weight !== flow.weight) this.#turns.weigh(flow, weight);
    }
  }

  /** A row has another first job. */
  #age(row: Row): void {
    row.since = this.#table.readyOf(row.jobs.first!);
    this.#byAge.update(row);
  }

  /** A row of which something is ready. */
  #enter(row: Row, { tenant }: SharedOptions): void {
    this.#turns.push(row);
    row.since = this.#table.readyOf(row.jobs.first!);
    this.#byAge.add(row);
    tenant.rows = [...tenant.rows, row];
    if (tenant.blocked) this.#turns.hold(row.lane.flow);
  }

  /** Nothing is ready of a row any more. */
  #leave(row: Row, { tenant }: SharedOptions): void {
    this.#byAge.remove(row);
    tenant.rows = tenant.rows.filter((other) => other !== row);
    // Or the queue would not forget it.
    if (row.lane.flow.held) this.#turns.release(row.lane.flow);
  }

  // The fair queue keeps it with the flow, and forgets both when they have been idle.
  #row({ priority, tenant }: SharedOptions, jobs?: Backlog): Row {
    for (const row of tenant.rows) if (row.lane.flow.level.rank === priority) return row;
    const flow = this.#turns.flow(priority, tenant.key, tenant.weight);
    if (flow.state === undefined) {
      flow.state = new Row(new Lane(flow), jobs ?? new Backlog(this.#table));
      this.#count(BYTES.turns + BYTES.row * this.#turns.flows);
    }
    return flow.state as Row;
  }

  /** It is used no longer. */
  forget(): void {
    this.#count(0);
  }

  #count(bytes: number): void {
    this.#table.memory.kept += bytes - this.#bytes;
    this.#bytes = bytes;
  }
}
