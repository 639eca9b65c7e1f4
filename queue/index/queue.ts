// A queue, its keys, and the options that jobs of a key share. They refer to each other, so they live in one file.

import { BYTES, type Memory, textBytes } from "../memory.ts";
import { type KeyChoice, Patterns } from "../patterns.ts";
import type { JobOptions, JobState } from "../store/job_fields.ts";
import { haveSameOptions, optionsOf } from "../store/job_values.ts";
import { EventRates } from "./event_rates.ts";
import { Heap, ownPlaces, type Placed } from "./heap.ts";
import { JobIdIndex } from "./job_id_index.ts";
import { Order } from "./order.ts";
import type { RateState, RateStateView } from "./rate_state.ts";
import type { SetAside } from "./set_aside.ts";
import type { OrderedKey, OrderedOptions, OrderedRow, SlotTable } from "./slots.ts";
import { SortedNames } from "./sorted_names.ts";

/** How many jobs there are in each state. */
export type Counts = Record<JobState, number>;

/** A queue as every module sees it that may not change it. */
export interface QueueView extends
  Readonly<
    Pick<
      Queue,
      | "name"
      | "consumers"
      | "unfinished"
      | "next"
      | "nextOf"
      | "firstOf"
      | "oldestOf"
      | "weight"
      | "named"
      | "urgent"
      | "paused"
    >
  > {
  readonly counts: Readonly<Counts>;
  readonly order: Readonly<Pick<Order, "size" | "oldest" | "next" | "first">>;
  readonly ids: Readonly<Pick<JobIdIndex, "size" | "page">>;
  readonly rates: Pick<EventRates, "perSecond">;
  readonly keys: { readonly size: number; top(count: number): readonly KeyView[] };
  readonly limits: RateStateView | undefined;
  find(key: string): KeyView | undefined;
  some(keys: KeyChoice): Iterable<KeyView>;
  all(): Iterable<KeyView>;
  keyLimits(): Iterable<RateStateView>;
}

/** A key of a queue as every module sees it that may not change it. */
export interface KeyView extends
  Readonly<
    Pick<
      KeyState,
      "key" | JobState | "unfinished" | "size" | "weight" | "urgent" | "takes" | "paused"
    >
  > {
  readonly aside: Readonly<Pick<SetAside, "delayed" | "dead">> | undefined;
  readonly queue: QueueView;
  readonly limits: RateStateView | undefined;
}

/** No jobs. */
export function noJobs(): Counts {
  return { delayed: 0, ready: 0, taken: 0, dead: 0, done: 0 };
}

/** One queue. It exists while it has a job, a limit or a consumer that waits. */
export class Queue {
  readonly name: string;
  readonly counts: Counts = noJobs();
  /** The ready jobs. */
  readonly order: Order;
  /** The ids of its jobs. */
  readonly ids = new JobIdIndex();
  readonly rates = new EventRates();
  /** Its keys, the one with most ready jobs first. */
  readonly keys = new Heap<KeyState>(hasMoreReady, ownPlaces);
  limits: RateState | undefined = undefined;
  /** Whether it gives out no job for some time. */
  paused = false;
  /** How many ready jobs are urgent. */
  urgent = 0;
  /** How many consumers wait for a job of it. */
  consumers = 0;
  readonly #memory: Memory;
  readonly #keys = new Map<string, KeyState>();
  /** The names of its keys in order, once a client has asked for some of them by patterns. */
  #sorted: SortedNames | undefined = undefined;
  /** The keys with limits, by name. */
  #limited: SortedNames | undefined = undefined;
  /** The ids of the jobs with an own name. */
  #named: Map<string, number> | undefined = undefined;

  /** Starts without jobs. */
  constructor(name: string, table: SlotTable) {
    this.name = name;
    this.#memory = table.memory;
    this.order = new Order(table);
  }

  /** How many jobs are not finished. */
  get unfinished(): number {
    return this.counts.delayed + this.counts.ready + this.counts.taken;
  }

  /** Whether there is no reason to keep it. */
  get isEmpty(): boolean {
    return this.keys.size === 0 && this.consumers === 0 && this.limits === undefined &&
      !this.paused;
  }

  /** The slot of the job that is next; `undefined` if none may be taken now. */
  get next(): number | undefined {
    if (this.limits !== undefined && this.limits.blocks(this.counts.taken)) return undefined;
    return this.paused ? undefined : this.order.next;
  }

  /** The slot of the next job of some keys; `undefined` if none may be taken now. */
  nextOf(keys: KeyChoice | readonly string[]): number | undefined {
    if (this.paused || (this.limits?.blocks(this.counts.taken) ?? false)) return undefined;
    return this.order.nextOf(this.#withReady(this.some(keys)));
  }

  /** Those of these keys that it has. Time: O(log keys) for each pattern, and the keys that begin as it does. */
  *some(keys: KeyChoice | readonly string[]): Generator<KeyState, void, void> {
    for (const name of keys instanceof Patterns ? this.#matching(keys) : keys) {
      const key = this.#keys.get(name);
      if (key !== undefined) yield key;
    }
  }

  *#matching(patterns: Patterns): Generator<string, void, void> {
    if (this.#sorted === undefined) {
      this.#sorted = new SortedNames();
      for (const name of this.#keys.keys()) this.#sorted.add(name);
    }
    yield* patterns.names;
    const seen = new Set(patterns.names);
    for (const beginning of patterns.beginnings) {
      for (const name of this.#sorted.beginningWith(beginning)) {
        if (seen.has(name) || !patterns.has(name)) continue;
        seen.add(name);
        yield name;
      }
    }
  }

  /** The slot of the first ready job of a key, even if it may not be taken now. */
  firstOf(name: string): number | undefined {
    const key = this.find(name);
    return key && this.order.firstOf(key);
  }

  *#withReady(keys: Iterable<KeyState>): Generator<KeyState, void, void> {
    for (const key of keys) if (key.ready > 0) yield key;
  }

  /** When the job of a key that has been ready for longest became so; `undefined` if it has none. */
  oldestOf(name: string): number | undefined {
    const key = this.find(name);
    return key && this.order.oldestOf(key);
  }

  /** Its share beside the other queues of a TAKE. */
  get weight(): number {
    return this.limits?.limits.weight || 1;
  }

  /** All its keys. */
  all(): Iterable<KeyState> {
    return this.#keys.values();
  }

  /** The state of a key, if it has jobs or limits. */
  find(key: string): KeyState | undefined {
    return this.#keys.get(key);
  }

  /** The limits of its keys, by name. */
  *keyLimits(): Generator<RateState, void, void> {
    for (const key of this.#limited ?? []) {
      const limits = this.find(key)?.limits;
      if (limits !== undefined) yield limits;
    }
  }

  /** The limits of a key have changed; `hadLimits` says whether it had some before. */
  updateLimits(key: KeyState, hadLimits: boolean): void {
    const hasLimits = key.limits !== undefined;
    if (hasLimits && !hadLimits) (this.#limited ??= new SortedNames()).add(key.key);
    if (hadLimits && !hasLimits) this.#limited!.delete(key.key);
    this.updateBlocked(key);
    this.order.update(key);
    this.forget(key);
  }

  /** The state of a key, made if there is none. */
  key(name: string): KeyState {
    let key = this.#keys.get(name);
    if (key === undefined) {
      key = new KeyState(this, name);
      this.#keys.set(name, key);
      this.keys.add(key);
      this.#sorted?.add(name);
      this.#memory.kept += BYTES.key + textBytes(name);
    }
    return key;
  }

  /** Forgets a key if it has neither jobs nor limits. */
  forget(key: KeyState): void {
    if (key.size > 0 || key.limits !== undefined || key.paused) return;
    this.#keys.delete(key.key);
    this.#sorted?.delete(key.key);
    this.keys.remove(key);
    this.#memory.kept -= BYTES.key + textBytes(key.key);
  }

  /** The id of the job with this name. */
  named(name: string): number | undefined {
    return this.#named?.get(name);
  }

  /** A job takes its name. */
  claimName(name: string, id: number): void {
    (this.#named ??= new Map()).set(name, id);
  }

  /** A job gives its name back. */
  releaseName(name: string): void {
    this.#named!.delete(name);
    if (this.#named!.size === 0) this.#named = undefined;
  }

  /** The limits of a key may block it now, or no longer. */
  updateBlocked(key: KeyState): void {
    const blocked = key.paused || (key.limits !== undefined && key.limits.blocks(key.taken));
    if (blocked === key.blocked) return;
    key.blocked = blocked;
    this.order.update(key);
  }
}

/** How many options of its latest jobs a key remembers. */
const REMEMBERED = 4;

/** The jobs of one key in one queue; jobs without a key have the key "". It exists while it has a job or a limit. */
export class KeyState implements OrderedKey, Placed {
  place = -1;
  /** How many jobs it has in each state. */
  delayed = 0;
  ready = 0;
  taken = 0;
  dead = 0;
  done = 0;
  limits: RateState | undefined = undefined;
  /** How many of its jobs were taken since it exists. */
  takes = 0;
  /** Whether its limits, or a pause, allow none of its jobs to be taken now. */
  blocked = false;
  /** Whether it gives out no job for some time. */
  paused = false;
  /** Where its ready jobs wait, by priority, once the queue has several keys or priorities. */
  rows: readonly OrderedRow[] = [];
  /** How many ready jobs are urgent. */
  urgent = 0;
  /** Its delayed and dead jobs, once it has had some. */
  aside: SetAside | undefined = undefined;
  /** The options of its latest jobs, the latest first. */
  #options: readonly SharedOptions[] = [];

  constructor(readonly queue: Queue, readonly key: string) {}

  /** How many jobs are not finished. */
  get unfinished(): number {
    return this.delayed + this.ready + this.taken;
  }

  /** How many jobs there are in all states. */
  get size(): number {
    return this.unfinished + this.dead + this.done;
  }

  /** Its share beside the other keys. */
  get weight(): number {
    return this.limits?.limits.weight || 1;
  }

  /** Adds to the count of a state. */
  count(state: JobState, change: number): void {
    this[state] += change;
  }

  /** The options of a job: those of other jobs if they are the same. */
  share(options: JobOptions): SharedOptions {
    for (const shared of this.#options) if (haveSameOptions(shared.values, options)) return shared;
    const shared = new SharedOptions(this, options);
    this.#options = [shared, ...this.#options.slice(0, REMEMBERED - 1)];
    return shared;
  }
}

/** The order of the keys of a queue. */
function hasMoreReady(a: KeyState, b: KeyState): boolean {
  return a.ready > b.ready || (a.ready === b.ready && a.taken > b.taken);
}

/** The options of a job, for all its attempts. Jobs of a key with the same options share them. */
export class SharedOptions implements OrderedOptions {
  readonly key: KeyState;
  /** The options as they are stored. */
  readonly values: JobOptions;
  /** How many jobs use them, and their number while one does. */
  jobs = 0;
  number = -1;

  /** Copies the options of a job, which has more than these. */
  constructor(key: KeyState, options: JobOptions) {
    this.key = key;
    this.values = optionsOf(options);
  }

  get priority(): number {
    return this.values.priority;
  }
}
