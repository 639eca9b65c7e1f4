import type { Due } from "../index/deadlines.ts";
import { SortedNames } from "../index/sorted_names.ts";
import { BYTES, type Memory, textBytes } from "../memory.ts";
import type { StoredSchedule } from "../store/store.ts";

/** A schedule in memory. It waits for its time, or for its body to be read. */
export class ScheduleEntry implements Due {
  place = -1;
  due: number;
  /** Whether its next time may be another because the time of day was set. */
  mustReview = false;

  /** `body` is there until it is stored. */
  constructor(public schedule: StoredSchedule, public body: Uint8Array | undefined) {
    this.due = schedule.paused ? Infinity : schedule.next;
  }

  /** Its next job is put at another time. */
  moveTo(next: number): void {
    this.schedule = { ...this.schedule, next };
    this.due = next;
  }
}

/** All schedules, by name. */
export class ScheduleTable {
  readonly #entries = new Map<string, ScheduleEntry>();
  readonly #names = new SortedNames();
  readonly #memory: Memory;

  /** Starts empty. */
  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** How many there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** The schedule of a name. */
  get(name: string): ScheduleEntry | undefined {
    return this.#entries.get(name);
  }

  /** Whether an entry was neither replaced nor removed. */
  has(entry: ScheduleEntry): boolean {
    return this.#entries.get(entry.schedule.name) === entry;
  }

  /** Adds a schedule whose name is free. */
  add(entry: ScheduleEntry): void {
    const { name } = entry.schedule;
    this.#entries.set(name, entry);
    this.#names.add(name);
    this.#memory.kept += bytesOf(entry.schedule);
  }

  /** Removes a schedule that is there. */
  remove({ schedule }: ScheduleEntry): void {
    this.#entries.delete(schedule.name);
    this.#names.delete(schedule.name);
    this.#memory.kept -= bytesOf(schedule);
  }

  /** All of them, by name; those that come and go meanwhile change no other. */
  *[Symbol.iterator](): Generator<ScheduleEntry, void, void> {
    for (const name of this.#names) {
      const entry = this.#entries.get(name);
      if (entry !== undefined) yield entry;
    }
  }
}

/** The memory of a schedule; its body is in the store. */
function bytesOf({ name, queue, key, cron, zone }: StoredSchedule): number {
  return [name, queue, key, cron, zone].reduce(
    (sum, text) => sum + textBytes(text),
    BYTES.schedule,
  );
}
