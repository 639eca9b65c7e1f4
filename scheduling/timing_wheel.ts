import type { Clock } from "./clock.ts";

/** What a {@linkcode TimingWheel} can hold: the node of its lists. Start with 0, null and null. */
export interface Timed {
  /** The wheel's own: the tick at which it is due, 0 where it is not in a wheel. */
  tick: number;
  /** The wheel's own: the one before it in its slot. */
  earlier: Timed | null;
  /** The wheel's own: the one after it in its slot. */
  later: Timed | null;
}

/** The slot of those that are due; slots of the wheel follow it. */
const DUE = 0;
/** The tick that is never: its slot is `DUE`. */
const NOW = -1;
/** The most ticks to sleep: so soon does a timer end that is left over when all limits are cleared. */
const FAR = 16;

/**
 * Many time limits on one timer: a hashed timing wheel (Varghese and Lauck, SOSP 1987, scheme 6). A
 * limit is a node in the list of its slot, so setting and clearing allocate nothing.
 *
 * Time: O(1) to set and to clear; each limit is looked at once a turn of the wheel (8 s by default).
 *
 * @typeParam T what has a time limit
 *
 * @example
 * ```ts
 * import { type Clock, type Timed, TimingWheel } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * // A clock that is moved by hand, with room for one timer.
 * let time = 0;
 * let timer = () => {};
 * const clock: Clock = { now: () => time, after: (_, action) => (timer = action, () => {}) };
 *
 * const expired: Timed[] = [];
 * const wheel = new TimingWheel<Timed>(clock, (item) => expired.push(item));
 * const item: Timed = { tick: 0, earlier: null, later: null };
 * wheel.set(item, 100);
 * time = 112; // the first tick after 100 ms
 * timer();
 * assertEquals(expired, [item]);
 * ```
 */
export class TimingWheel<T extends Timed> {
  /** How many limits are set. */
  size: number = 0;
  #clock: Clock;
  #expire: (item: T, now: number) => void;
  #start: number;
  #length: number;
  #mask: number;
  #slots: (Timed | null)[];
  #done = 0;
  #armed = Infinity;
  #disarm: () => void = () => {};

  /**
   * Starts with no limits set.
   *
   * @param clock whose timer is used: at most one at a time, none while nothing is set
   * @param expire called once for each limit that is reached, at most one tick late
   * @param options `tick`: the precision, in milliseconds (default 16); `slots`: a power of 2
   * (default 512)
   * @throws {RangeError} where slots is no power of 2
   */
  constructor(
    clock: Clock,
    expire: (item: T, now: number) => void,
    options: { tick?: number; slots?: number } = {},
  ) {
    const slots = options.slots ?? 512;
    if (!(slots >= 2) || (slots & (slots - 1)) !== 0) {
      throw new RangeError(`slots must be a power of 2, not ${slots}`);
    }
    this.#clock = clock;
    this.#expire = expire;
    this.#start = clock.now();
    this.#length = options.tick ?? 16;
    this.#mask = slots - 1;
    this.#slots = new Array(slots + 1).fill(null);
  }

  /** Sets the time limit of an item, in place of the one it may have. Infinity is no limit. */
  set(item: T, due: number): void {
    if (item.tick !== 0) this.clear(item);
    if (due === Infinity) return;
    const tick = Math.max(this.#done + 1, Math.ceil((due - this.#start) / this.#length));
    this.#link(item, tick);
    this.size++;
    if (tick < this.#armed) this.#arm(tick);
  }

  /** Takes the time limit from an item; nothing happens where it has none. */
  clear(item: T): void {
    if (item.tick === 0) return;
    this.#unlink(item);
    this.size--;
  }

  /** Stops the timer. What is set stays set and expires no more until something else is set. */
  stop(): void {
    this.#disarm();
    this.#armed = Infinity;
  }

  /** The timer is left alone when limits are cleared: to set one costs far more than a vain turn. */
  #arm(tick: number): void {
    this.#disarm();
    const passed = this.#clock.now() - this.#start;
    this.#armed = Math.min(tick, Math.ceil(passed / this.#length) + FAR);
    const delay = this.#armed * this.#length - passed;
    this.#disarm = this.#clock.after(Math.max(0, delay), () => this.#turn());
  }

  #turn(): void {
    this.#armed = Infinity;
    const now = this.#clock.now();
    // Timers may fire a fraction early; a tick that has not come is left for the next turn.
    const present = Math.floor((now - this.#start) / this.#length + 1e-6);
    const first = Math.max(this.#done + 1, present - this.#mask);
    this.#done = Math.max(this.#done, present);
    for (let tick = first; tick <= present; tick++) this.#collect(this.#slotOf(tick), present);
    for (let item; (item = this.#slots[DUE]) !== null;) {
      this.clear(item as T);
      this.#expire(item as T, now);
    }
    if (this.size > 0 && this.#armed === Infinity) this.#arm(this.#nextTick());
  }

  #collect(slot: number, present: number): void {
    const head = this.#slots[slot];
    if (head === null) return;
    const last = head.earlier!;
    for (let item = head, end = false; !end;) {
      const later = item.later!;
      end = item === last;
      if (item.tick <= present) {
        this.#unlink(item);
        this.#link(item, NOW);
      }
      item = later;
    }
  }

  /** The first tick whose slot is not empty, or one that is far. */
  #nextTick(): number {
    const far = this.#done + FAR;
    let tick = this.#done + 1;
    while (tick < far && this.#slots[this.#slotOf(tick)] === null) tick++;
    return tick;
  }

  #slotOf(tick: number): number {
    return tick === NOW ? DUE : (tick & this.#mask) + 1;
  }

  #link(item: Timed, tick: number): void {
    item.tick = tick;
    const slot = this.#slotOf(tick);
    const head = this.#slots[slot];
    if (head === null) {
      this.#slots[slot] = item;
      item.earlier = item;
      item.later = item;
      return;
    }
    const last = head.earlier!;
    item.earlier = last;
    item.later = head;
    last.later = item;
    head.earlier = item;
  }

  #unlink(item: Timed): void {
    const slot = this.#slotOf(item.tick);
    const later = item.later!;
    if (later === item) {
      this.#slots[slot] = null;
    } else {
      item.earlier!.later = later;
      later.earlier = item.earlier;
      if (this.#slots[slot] === item) this.#slots[slot] = later;
    }
    item.tick = 0;
    item.earlier = null;
    item.later = null;
  }
}
