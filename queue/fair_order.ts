import { FairQueue } from "../scheduling/fair_queue.ts";
import { Flow } from "../scheduling/flow.ts";
import { Entry, Lane } from "../scheduling/lane.ts";
import { Backlog } from "./backlog.ts";
import { Heap, type Placed } from "./heap.ts";
import { type Job, wasReadyBefore } from "./job.ts";
import type { Tenant } from "./tenant.ts";

/** The shares of the priorities 0 to 9: each has twice that of the next. */
const SHARES = Array.from({ length: 10 }, (_, priority) => 2 ** (9 - priority));

/** What taking a job costs its key. */
const COST = 1;

/** The ready jobs of one key in one priority: they wait for their turns together, as one entry. */
export class Row extends Entry implements Placed {
  place = -1;

  constructor(lane: Lane, readonly jobs: Backlog<Job>) {
    super(lane, COST);
  }
}

/** Ready jobs of several priorities and keys. Time: O(log jobs) of the key and O(log keys). */
export class FairOrder {
  /** How many there are. */
  size = 0;
  readonly #turns = new FairQueue<Row>(SHARES);
  readonly #byAge = new Heap<Row>((a, b) => wasReadyBefore(a.jobs.first!, b.jobs.first!));

  /** Begins with the jobs, at least one, of one key in one priority. */
  constructor(alike: Backlog<Job>) {
    // Who starts at 0 is served at once; a priority shall first wait as long as one job of it is worth, or the first of
    // the lowest would go before the second of the highest.
    for (const level of this.#turns.levels) this.#turns.charge(new Flow(level, "", 1), COST);
    this.#enter(this.#row(alike.first!, alike));
    this.size = alike.size;
  }

  /** Since when the one that has been ready for longest is so. */
  get oldest(): number {
    return this.#byAge.first!.jobs.first!.ready;
  }

  /** The job whose turn it is; `undefined` where no key may have one. */
  get next(): Job | undefined {
    return this.#turns.next()?.jobs.first;
  }

  /** A job takes its place in its key. */
  push(job: Job): void {
    const row = this.#row(job);
    row.jobs.add(job);
    this.size++;
    if (!row.waits) this.#enter(row);
    else if (row.jobs.first === job) this.#byAge.update(row);
  }

  /** The `next` leaves, and its key is charged for it. */
  take(): Job {
    const row = this.#turns.pop()!;
    const job = row.jobs.first!;
    row.jobs.remove(job);
    this.size--;
    if (row.jobs.size === 0) this.#leave(row, job);
    else {
      this.#turns.push(row);
      this.#byAge.update(row);
    }
    return job;
  }

  /** A job leaves, and nobody is charged. */
  remove(job: Job): void {
    const row = this.#row(job);
    const wasFirst = row.jobs.first === job;
    row.jobs.remove(job);
    this.size--;
    if (row.jobs.size === 0) {
      this.#turns.remove(row);
      this.#leave(row, job);
    } else if (wasFirst) this.#byAge.update(row);
  }

  /** The key of a job that was taken gets back what it was charged. */
  refund(job: Job): void {
    this.#turns.settle(this.#row(job), 0);
  }

  /** What a key may or its share has changed. */
  review({ rows, blocked, weight }: Tenant): void {
    for (const { lane: { flow } } of rows) {
      if (blocked !== flow.held) {
        if (blocked) this.#turns.hold(flow);
        else this.#turns.release(flow);
      }
      if (weight !== flow.weight) this.#turns.weigh(flow, weight);
    }
  }

  /** A row of which something is ready; its place by age is that of its first job. */
  #enter(row: Row): void {
    const { tenant } = row.jobs.first!;
    this.#turns.push(row);
    this.#byAge.add(row);
    tenant.rows.push(row);
    if (tenant.blocked) this.#turns.hold(row.lane.flow);
  }

  /** Nothing is ready of a row any more. */
  #leave(row: Row, { tenant }: Job): void {
    this.#byAge.remove(row);
    tenant.rows.splice(tenant.rows.indexOf(row), 1);
    // Or the queue would not forget it.
    if (row.lane.flow.held) this.#turns.release(row.lane.flow);
  }

  // The fair queue keeps it with the flow, and forgets both when they have been idle.
  #row({ kind: { priority, tenant } }: Job, jobs?: Backlog<Job>): Row {
    const flow = this.#turns.flow(priority, tenant.key, tenant.weight);
    return (flow.state ??= new Row(new Lane(flow), jobs ?? new Backlog(wasReadyBefore))) as Row;
  }
}
