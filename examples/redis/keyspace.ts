// The keys with their values and times to live, within a bound of memory.

import { Refusal } from "@lineup/lineup/protocol";
import { type Glob, matchesGlob } from "./glob.ts";
import { List } from "./list.ts";

/** The memory of a key beside its characters and those of its value, roughly. */
const KEY_BYTES = 160;
/** The keys that each write looks at, to find some whose time is over. */
const SWEPT = 2;
/** The keys that a write looks at where memory is full. */
const SWEPT_WHEN_FULL = 256;
/** The work of a part of a scan: steps of matching, and some steps for each key. */
const MOST_WORK = 1 << 18;
const WORK_A_KEY = 16;

/** The value of a key. */
export type Value = string | List;

/** A key with its value. */
export interface Entry {
  readonly key: string;
  value: Value;
  /** The end of its time, in ms since the Unix epoch; `Infinity` for none. */
  expires: number;
  /** Its place in the order of scans. */
  place: number;
}

/** The keys that a part of a scan looks for. */
export interface ScanOptions {
  readonly count: number;
  readonly glob?: Glob;
  readonly patternLength: number;
  readonly type?: string;
}

/** The keys of a server. */
export class Keyspace {
  /** The memory that it takes, roughly. */
  bytes = 0;
  /** The most memory. */
  readonly mostBytes: number;
  /** The number of keys whose time is bounded. */
  expiring = 0;
  /** The number of keys that were dropped because their time was over. */
  expired = 0;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  /** The entries at their places, without a gap. */
  readonly #places: Entry[] = [];
  /** The next place to look for a key whose time is over. */
  #swept = 0;

  constructor(mostBytes: number, now: () => number) {
    this.mostBytes = mostBytes;
    this.#now = now;
  }

  /** The number of keys, those included whose time is over and who were not found yet. */
  get size(): number {
    return this.#places.length;
  }

  /** The entry of a key. */
  find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expires === Infinity || entry.expires > this.#now()) {
      return entry;
    }
    this.#expire(entry);
    return undefined;
  }

  /** The string of a key. Throws a `Refusal` for a list. */
  string(key: string): string | undefined {
    const entry = this.find(key);
    return entry && stringOf(entry);
  }

  /** The list of a key. Throws a `Refusal` for a string. */
  list(key: string): List | undefined {
    const value = this.find(key)?.value;
    if (value === undefined || value instanceof List) return value;
    throw wrongType();
  }

  /** Sets a value and the end of its time. */
  set(key: string, value: Value, expires: number = Infinity): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return this.#add({ key, value, expires, place: this.size });
    this.replace(entry, value);
    this.expireAt(entry, expires);
  }

  /** Replaces the value of an entry. */
  replace(entry: Entry, value: Value): void {
    this.bytes += sizeOf(value) - sizeOf(entry.value);
    entry.value = value;
  }

  /** Sets the end of the time of an entry. */
  expireAt(entry: Entry, expires: number): void {
    this.expiring += Number(expires < Infinity) - Number(entry.expires < Infinity);
    entry.expires = expires;
  }

  /** Removes a key. Returns whether it was there. */
  delete(key: string): boolean {
    const entry = this.find(key);
    if (entry !== undefined) this.#remove(entry);
    return entry !== undefined;
  }

  /** Removes all keys. */
  clear(): void {
    this.#entries.clear();
    this.#places.length = 0;
    this.bytes = this.expiring = this.#swept = 0;
  }

  /** Called before each write that may need memory. Throws a `Refusal` where there is none. */
  reserve(): void {
    this.#sweep(SWEPT);
    if (this.bytes <= this.mostBytes) return;
    this.#sweep(SWEPT_WHEN_FULL);
    if (this.bytes <= this.mostBytes) return;
    const message = "command not allowed when used memory > 'maxmemory'.";
    throw new Refusal("out-of-memory", message);
  }

  /** Changes a list: adds it where it is not there, removes it where it gets empty. */
  change<T>(key: string, change: (list: List) => T): T {
    const list = this.list(key) ?? new List();
    if (list.length === 0) this.set(key, list);
    const before = list.bytes;
    const result = change(list);
    this.bytes += list.bytes - before;
    if (list.length === 0) this.delete(key);
    return result;
  }

  /**
   * A part of a scan, from the last place to the first. `cursor` is the number of places that are left; 0 begins a scan,
   * and ends one. A removed entry leaves its place to the last one. So an entry moves down only, and a scan meets each
   * entry that is there all the time.
   */
  scan(cursor: number, { count, glob, patternLength, type }: ScanOptions): [number, string[]] {
    const keys: string[] = [];
    let left = cursor === 0 ? this.size : Math.min(cursor, this.size);
    let work = 0;
    for (let looked = 0; left > 0 && looked < count && work < MOST_WORK; looked++) {
      const { key } = this.#places[--left];
      work += WORK_A_KEY + key.length * (1 + patternLength);
      if (glob !== undefined && !matchesGlob(glob, key)) continue;
      const entry = this.find(key);
      if (entry !== undefined && (type === undefined || type === typeOf(entry))) keys.push(key);
    }
    return [left, keys];
  }

  #add(entry: Entry): void {
    this.#entries.set(entry.key, entry);
    this.#places.push(entry);
    this.bytes += KEY_BYTES + entry.key.length + sizeOf(entry.value);
    if (entry.expires < Infinity) this.expiring++;
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.key);
    const last = this.#places.pop()!;
    if (last !== entry) {
      this.#places[entry.place] = last;
      last.place = entry.place;
    }
    this.bytes -= KEY_BYTES + entry.key.length + sizeOf(entry.value);
    if (entry.expires < Infinity) this.expiring--;
  }

  #expire(entry: Entry): void {
    this.expired++;
    this.#remove(entry);
  }

  /** Looks at the next `count` entries, and removes those whose time is over. */
  #sweep(count: number): void {
    if (this.expiring === 0) return;
    const now = this.#now();
    for (let looked = 0; looked < count && this.size > 0; looked++) {
      if (this.#swept >= this.size) this.#swept = 0;
      const entry = this.#places[this.#swept];
      if (entry.expires <= now) this.#expire(entry);
      else this.#swept++;
    }
  }
}

/** The string of an entry. Throws a `Refusal` for a list. */
export function stringOf({ value }: Entry): string {
  if (typeof value === "string") return value;
  throw wrongType();
}

/** The type of a value, as TYPE has it. */
export function typeOf({ value }: Entry): "string" | "list" {
  return typeof value === "string" ? "string" : "list";
}

function sizeOf(value: Value): number {
  return typeof value === "string" ? value.length : value.bytes;
}

function wrongType(): Refusal {
  const message = "Operation against a key holding the wrong kind of value";
  return new Refusal("wrong-type", message);
}
