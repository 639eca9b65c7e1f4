import { Heap, ownPlaces } from "./heap.ts";
import type { Job } from "./job.ts";
import type { JobTable } from "./job_table.ts";
import type { RateState } from "./rate_state.ts";
import { WaitList } from "./wait_list.ts";
import { BYTES, type Memory, textBytes } from "../memory.ts";
import { Order } from "./order.ts";
import { Rates } from "./rates.ts";
import { JobIdIndex } from "./job_id_index.ts";
import { SortedNames } from "./sorted_names.ts";
import type { State } from "../store/store.ts";
import { hasMoreReady, KeyState } from "./key_state.ts";

/** How many jobs there are in each state. */
export type Counts = Record<State, number>;

/** No jobs. */
export function noJobs(): Counts {
  return { delayed: 0, ready: 0, taken: 0, dead: 0, done: 0 };
}

/** One queue: there while it holds a job, has limits, or somebody waits for a job of it. */
export class Queue {
  readonly name: string;
  readonly counts: Counts = noJobs();
  /** The ready jobs. */
  readonly order: Order;
  /** The requests that wait for one. */
  readonly line: WaitList;
  /** Its jobs by number. */
  readonly roll = new JobIdIndex();
  readonly rates = new Rates();
  /** Its keys, those with most ready jobs first. */
  readonly keys = new Heap<KeyState>(hasMoreReady, ownPlaces);
  limits: RateState | undefined = undefined;
  readonly #memory: Memory;
  readonly #tenants = new Map<string, KeyState>();
  /** The keys that have limits. */
  #limited: SortedNames | undefined = undefined;
  /** The numbers of the jobs that have names of their own. */
  #unique: Map<string, number> | undefined = undefined;

  constructor(name: string, table: JobTable) {
    this.name = name;
    this.#memory = table.memory;
    this.order = new Order(table);
    this.line = new WaitList(this);
  }

  /** How many jobs are not finished. */
  get unfinished(): number {
    return this.counts.delayed + this.counts.ready + this.counts.taken;
  }

  /** Whether there is nothing about it to be known. */
  get empty(): boolean {
    return this.keys.size === 0 && this.line.size === 0 && this.limits === undefined;
  }

  /** The job whose turn it is; `undefined` where none may be taken now. */
  get next(): Job | undefined {
    if (this.limits !== undefined && this.limits.block(this.counts.taken)) return undefined;
    return this.order.next;
  }

  /** Its share beside the other queues of a TAKE. */
  get weight(): number {
    return this.limits?.rules.weight || 1;
  }

  /** The jobs of a key, where there are any or limits. */
  find(key: string): KeyState | undefined {
    return this.#tenants.get(key);
  }

  /** The limits of its keys, by name. */
  *keyLimits(): Generator<RateState, void, void> {
    for (const key of this.#limited ?? []) {
      const limits = this.find(key)?.limits;
      if (limits !== undefined) yield limits;
    }
  }

  /** A key has limits, and `had` some before or not; or it has others, or none any more. */
  limit(tenant: KeyState, had: boolean): void {
    const has = tenant.limits !== undefined;
    if (has && !had) (this.#limited ??= new SortedNames()).add(tenant.key);
    if (had && !has) this.#limited!.delete(tenant.key);
    this.review(tenant);
    this.order.review(tenant);
    this.forget(tenant);
  }

  /** The jobs of a key. */
  tenant(key: string): KeyState {
    let tenant = this.#tenants.get(key);
    if (tenant === undefined) {
      tenant = new KeyState(this, key);
      this.#tenants.set(key, tenant);
      this.keys.add(tenant);
      this.#memory.kept += BYTES.key + textBytes(key);
    }
    return tenant;
  }

  /** A key may have neither jobs nor limits now. */
  forget(tenant: KeyState): void {
    if (tenant.size > 0 || tenant.limits !== undefined) return;
    this.#tenants.delete(tenant.key);
    this.keys.remove(tenant);
    this.#memory.kept -= BYTES.key + textBytes(tenant.key);
  }

  /** The number of the job of a name. */
  named(unique: string): number | undefined {
    return this.#unique?.get(unique);
  }

  /** A job takes its name. */
  claim(unique: string, id: number): void {
    (this.#unique ??= new Map()).set(unique, id);
  }

  /** A job gives its name back. */
  releaseName(unique: string): void {
    this.#unique!.delete(unique);
    if (this.#unique!.size === 0) this.#unique = undefined;
  }

  /** A key may have become free to go on, or the reverse. */
  review(tenant: KeyState): void {
    const blocked = tenant.limits !== undefined && tenant.limits.block(tenant.taken);
    if (blocked === tenant.blocked) return;
    tenant.blocked = blocked;
    this.order.review(tenant);
  }
}
