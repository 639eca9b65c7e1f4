import { Memory } from "../memory.ts";
import { type JobProgress, states, type StoredJob } from "../store/job_fields.ts";
import type { DueTimes } from "./deadlines.ts";
import { Job } from "./job.ts";
import { INDEX_BITS, JobExtras, type JobHolder, JobPage, ROOM } from "./job_page.ts";
import type { SharedOptions } from "./queue.ts";
import { SharedOptionsTable } from "./shared_options.ts";
import { NONE, type SlotTable } from "./slots.ts";

/** How many jobs a block has room for. */
const BLOCK = 128;
const DELAYED = states.indexOf("delayed");

/** The slots of jobs whose numbers follow each other. */
interface SlotBlock {
  /** `NONE` for an id without a job. */
  readonly slots: Int32Array;
  size: number;
}

/**
 * Jobs by id and by slot. A job has one slot for as long as it exists; later another job may have it. The order of the
 * jobs and the deadlines keep slots, and ask here for the fields that decide.
 */
export class JobTable implements SlotTable, DueTimes<number> {
  /** How many jobs there are. */
  size = 0;
  /** The account of the memory of the queue. */
  readonly memory: Memory;
  /** The numbers of jobs that follow each other differ by this much. */
  readonly #stride: number;
  readonly #shared: SharedOptionsTable;
  readonly #pages: (JobPage | undefined)[] = [];
  /** The pages that have room. */
  readonly #roomy = new Set<JobPage>();
  // In the order of the ids: a new job is in the last block or a new one. Ids go up, so a map of small arrays takes a few
  // bytes a job, and a map of slots about forty. A block with one job left takes 1 KiB.
  readonly #blocks = new Map<number, SlotBlock>();

  /** Starts empty. `stride`: see `JobNumbers`. */
  constructor(memory: Memory = new Memory(), stride: number = 1) {
    this.memory = memory;
    this.#stride = stride;
    this.#shared = new SharedOptionsTable(memory);
  }

  /** The job with an id. */
  get(id: number): Job | undefined {
    const place = Math.floor(id / this.#stride);
    const slot = this.#blocks.get(Math.floor(place / BLOCK))?.slots[place % BLOCK];
    return slot === undefined || slot === NONE ? undefined : this.at(slot);
  }

  /** The job in a slot. */
  at(slot: number): Job {
    return new Job(this.#page(slot), indexOf(slot));
  }

  /** Adds a job; its id must be above all before it. */
  add(stored: StoredJob, options: SharedOptions): Job {
    const page = this.#roomyPage();
    const at = page.add(stored, options);
    if (!page.hasRoom) this.#roomy.delete(page);
    this.#setSlot(stored.id, page.first + at);
    this.size++;
    return new Job(page, at);
  }

  /** A job has come further; `holder` is the connection that has taken it. */
  update({ slot }: Job, progress: JobProgress, holder: JobHolder | undefined): void {
    this.#page(slot).update(indexOf(slot), progress, holder);
  }

  /** The result of a job takes the place of its body. */
  setSize({ slot }: Job, size: number): void {
    this.#page(slot).bytes[indexOf(slot)] = size;
  }

  /** Removes a job whose slot nothing keeps. */
  delete({ id, slot }: Job): void {
    this.#clearSlot(id);
    this.size--;
    const page = this.#page(slot);
    page.delete(indexOf(slot));
    this.#roomy.add(page);
    // Keep the last page: a job that comes and goes must not make a page each time.
    if (page.size > 0 || this.#roomy.size === 1) return;
    this.#roomy.delete(page);
    this.#pages[slot >> INDEX_BITS] = undefined;
  }

  /** All jobs, by id. */
  *[Symbol.iterator](): Generator<Job, void, void> {
    for (const { slots } of this.#blocks.values()) {
      for (const slot of slots) if (slot !== NONE) yield this.at(slot);
    }
  }

  readonly wasReadyBefore = (a: number, b: number): boolean => {
    const aRank = this.#page(a).rank[indexOf(a)];
    const bRank = this.#page(b).rank[indexOf(b)];
    if (aRank !== bRank) return aRank < bRank;
    const aReadyAt = this.readyAtOf(a);
    const bReadyAt = this.readyAtOf(b);
    return aReadyAt < bReadyAt || (aReadyAt === bReadyAt && this.#idOf(a) < this.#idOf(b));
  };

  optionsOf(slot: number): SharedOptions {
    return this.#page(slot).optionsOf(indexOf(slot));
  }

  /** The fields that few jobs have; `undefined` if this one has none. */
  extrasOf(slot: number): JobExtras | undefined {
    return this.#page(slot).extras.get(indexOf(slot));
  }

  /** The fields that few jobs have; made if this one has none. */
  madeExtrasOf(slot: number): JobExtras {
    const { extras, id } = this.#page(slot);
    const at = indexOf(slot);
    let made = extras.get(at);
    if (made === undefined) extras.set(at, made = new JobExtras(id[at]));
    return made;
  }

  isUrgent(slot: number): boolean {
    return this.#page(slot).isUrgent(indexOf(slot));
  }

  readyAtOf(slot: number): number {
    return this.#page(slot).readyAt[indexOf(slot)];
  }

  /** When its delay, lease or the time of its result ends. */
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

  previous(slot: number): number {
    return this.#page(slot).previous[indexOf(slot)];
  }

  next(slot: number): number {
    return this.#page(slot).next[indexOf(slot)];
  }

  link(previous: number, next: number): void {
    if (previous !== NONE) this.#page(previous).next[indexOf(previous)] = next;
    if (next !== NONE) this.#page(next).previous[indexOf(next)] = previous;
  }

  readonly isDueBefore = (a: number, b: number): boolean => {
    const [aDue, bDue] = [this.dueOf(a), this.dueOf(b)];
    return aDue < bDue || (aDue === bDue && this.#idOf(a) < this.#idOf(b));
  };

  setPrevious(slot: number, previous: number): void {
    this.#page(slot).previous[indexOf(slot)] = previous;
  }

  #idOf(slot: number): number {
    return this.#page(slot).id[indexOf(slot)];
  }

  #page(slot: number): JobPage {
    return this.#pages[slot >> INDEX_BITS]!;
  }

  #roomyPage(): JobPage {
    for (const page of this.#roomy) return page;
    let number = this.#pages.indexOf(undefined);
    if (number === -1) number = this.#pages.length;
    const page = new JobPage(number << INDEX_BITS, this.#shared);
    this.#pages[number] = page;
    this.#roomy.add(page);
    return page;
  }

  #setSlot(id: number, slot: number): void {
    const place = Math.floor(id / this.#stride);
    const at = Math.floor(place / BLOCK);
    let block = this.#blocks.get(at);
    if (block === undefined) {
      block = { slots: new Int32Array(BLOCK).fill(NONE), size: 0 };
      this.#blocks.set(at, block);
    }
    block.slots[place % BLOCK] = slot;
    block.size++;
  }

  #clearSlot(id: number): void {
    const place = Math.floor(id / this.#stride);
    const at = Math.floor(place / BLOCK);
    const block = this.#blocks.get(at)!;
    block.slots[place % BLOCK] = NONE;
    if (--block.size === 0) this.#blocks.delete(at);
  }
}

/** The index of a slot in its page. */
function indexOf(slot: number): number {
  return slot & (ROOM - 1);
}
