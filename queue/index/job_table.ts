import type { Times } from "./deadlines.ts";
import { Job } from "./job.ts";
import { INDEX_BITS, NONE, Page, ROOM } from "./job_page.ts";
import { type SharedOptions, SharedOptionsTable } from "./job_options.ts";
import { Memory } from "../memory.ts";
import { states, type StoredJob } from "../store/store.ts";

/** How many numbers a chunk spans. */
const CHUNK = 128;
const DELAYED = states.indexOf("delayed");

/** The slots of jobs whose numbers follow each other. */
interface Chunk {
  /** `NONE` where there is no job. */
  readonly slots: Int32Array;
  size: number;
}

/**
 * Jobs, each in a slot for as long as it is there: a small number, which another may have later. What orders jobs keeps
 * their slots, and asks here what decides about the order.
 */
export class JobTable implements Times<number> {
  /** How many there are. */
  size = 0;
  /** What all of the queue is counted to. */
  readonly memory: Memory;
  readonly #kinds: SharedOptionsTable;
  readonly #pages: (Page | undefined)[] = [];
  /** Those that have room. */
  readonly #roomy = new Set<Page>();
  // In the order of their numbers: what is added is in the last chunk or behind it. Numbers go up, so a map of small arrays
  // takes a few bytes a job, a map of slots about forty; where but one of many is left its chunk takes 1 KiB.
  readonly #chunks = new Map<number, Chunk>();

  /** None yet. */
  constructor(memory: Memory = new Memory()) {
    this.memory = memory;
    this.#kinds = new SharedOptionsTable(memory);
  }

  /** The job of a number. */
  get(id: number): Job | undefined {
    const slot = this.#chunks.get(Math.floor(id / CHUNK))?.slots[id % CHUNK];
    return slot === undefined || slot === NONE ? undefined : this.at(slot);
  }

  /** The job of a slot. */
  at(slot: number): Job {
    return new Job(this.#page(slot), indexOf(slot));
  }

  /** Adds a job; its number is above all before it. */
  add(stored: StoredJob, kind: SharedOptions): Job {
    const page = this.#roomyPage();
    const at = page.add(stored, kind);
    if (!page.hasRoom) this.#roomy.delete(page);
    this.#number(stored.id, page.first + at);
    this.size++;
    const job = new Job(page, at);
    const { unique, expiresAt, uncountedAttempts, reason } = stored;
    if (unique !== "" || expiresAt > 0 || uncountedAttempts > 0 || reason !== "") {
      Object.assign(job.more(), { unique, expiresAt, uncountedAttempts, reason });
    }
    return job;
  }

  /** Takes one out whose slot nothing keeps. */
  delete({ id, slot }: Job): void {
    this.#unnumber(id);
    this.size--;
    const page = this.#page(slot);
    page.delete(indexOf(slot));
    this.#roomy.add(page);
    // The last one stays: a job that comes and goes shall not make a page each time.
    if (page.size > 0 || this.#roomy.size === 1) return;
    this.#roomy.delete(page);
    this.#pages[slot >> INDEX_BITS] = undefined;
  }

  /** All of them, by number. */
  *[Symbol.iterator](): Generator<Job, void, void> {
    for (const { slots } of this.#chunks.values()) {
      for (const slot of slots) if (slot !== NONE) yield this.at(slot);
    }
  }

  /** The order of the jobs of a key; no two have the same place. */
  readonly wasReadyBefore = (a: number, b: number): boolean => {
    const aReady = this.readyOf(a);
    const bReady = this.readyOf(b);
    return aReady < bReady || (aReady === bReady && this.#idOf(a) < this.#idOf(b));
  };

  kindOf(slot: number): SharedOptions {
    return this.#page(slot).kindOf(indexOf(slot));
  }

  readyOf(slot: number): number {
    return this.#page(slot).readyAt[indexOf(slot)];
  }

  /** When its delay or lease is over, or its result forgotten. */
  dueOf(slot: number): number {
    const page = this.#page(slot);
    const at = indexOf(slot);
    return page.state[at] === DELAYED ? page.readyAt[at] : page.endsAt[at];
  }

  placeOf(slot: number): number {
    return this.#page(slot).place[indexOf(slot)];
  }

  setPlace(slot: number, place: number): void {
    this.#page(slot).place[indexOf(slot)] = place;
  }

  /** The slot before one in its list; `NONE` where it is the first. */
  before(slot: number): number {
    return this.#page(slot).before[indexOf(slot)];
  }

  /** The slot behind one in its list; `NONE` where it is the last. */
  behind(slot: number): number {
    return this.#page(slot).behind[indexOf(slot)];
  }

  /** One slot follows another in a list, where both are some. */
  join(before: number, behind: number): void {
    if (before !== NONE) this.#page(before).behind[indexOf(before)] = behind;
    if (behind !== NONE) this.#page(behind).before[indexOf(behind)] = before;
  }

  #idOf(slot: number): number {
    return this.#page(slot).id[indexOf(slot)];
  }

  #page(slot: number): Page {
    return this.#pages[slot >> INDEX_BITS]!;
  }

  #roomyPage(): Page {
    for (const page of this.#roomy) return page;
    let number = this.#pages.indexOf(undefined);
    if (number === -1) number = this.#pages.length;
    const page = new Page(number << INDEX_BITS, this.#kinds);
    this.#pages[number] = page;
    this.#roomy.add(page);
    return page;
  }

  #number(id: number, slot: number): void {
    const at = Math.floor(id / CHUNK);
    let chunk = this.#chunks.get(at);
    if (chunk === undefined) {
      chunk = { slots: new Int32Array(CHUNK).fill(NONE), size: 0 };
      this.#chunks.set(at, chunk);
    }
    chunk.slots[id % CHUNK] = slot;
    chunk.size++;
  }

  #unnumber(id: number): void {
    const at = Math.floor(id / CHUNK);
    const chunk = this.#chunks.get(at)!;
    chunk.slots[id % CHUNK] = NONE;
    if (--chunk.size === 0) this.#chunks.delete(at);
  }
}

/** The index of a slot in its page. */
function indexOf(slot: number): number {
  return slot & (ROOM - 1);
}
