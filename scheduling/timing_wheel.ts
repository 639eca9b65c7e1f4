import type { Clock } from "./clock.ts";

/** An item of a {@linkcode TimingWheel}, and the node of its lists. Start with 0, null and null. */
export interface Timed {
  /** For the wheel: the tick at which it is due; 0 if it is in no wheel. */
  tick: number;
  /** For the wheel: the item before it in its slot. */
  earlier: Timed | null;
  /** For the wheel: the item after it in its slot. */
  later: Timed | null;
}

/** The slot of due items; the slots of the wheel follow it. */
const DUE = 0;
/** The tick of due items: no time is at this tick. */
const NOW = -1;
/** The longest sleep in ticks. A timer that is left over when all limits are cleared ends that soon. */
const FAR = 16;

/**
 * Many time limits on one timer: a hashed timing wheel (Varghese and Lauck, SOSP 1987, scheme 6). A limit is a node in
 * the list of its slot, so setting and clearing allocate nothing.
 *
 * Time: O(1) to set and to clear. The wheel visits each limit once a turn (8 s by default).
 *
 * @typeParam T the items with time limits
 *
 * @example
 * ```ts
 * import { type Clock, type Timed, TimingWheel } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * // A clock that the example moves, with room for one timer.
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
   * Starts without limits.
   *
   * @param clock the source of the timer: at most one at a time, none while no limit is set
   * @param expire called once for each reached limit, at most one tick late
   * @param options `tick`: the precision, in milliseconds (default 16); `slots`: a power of 2
   * (default 512)
   * @throws {RangeError} if `slots` is not a power of 2
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

  /** Sets the time limit of an item, in place of an earlier one. Infinity is no limit. */
  set(item: T, due: number): void {
    if (item.tick !== 0) this.clear(item);
    if (due === Infinity) return;
    const tick = Math.max(this.#done + 1, Math.ceil((due - this.#start) / this.#length));
    this.#link(item, tick);
    this.size++;
    if (tick < this.#armed) this.#arm(tick);
  }

  /** Clears the time limit of an item, if it has one. */
  clear(item: T): void {
    if (item.tick === 0) return;
    this.#unlink(item);
    this.size--;
  }

  /** Stops the timer. The limits stay set, and expire again only once another one is set. */
  stop(): void {
    this.#disarm();
    this.#armed = Infinity;
  }

  /** Clearing a limit leaves the timer alone: to set a timer costs far more than a turn for nothing. */
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
    // A timer may fire a fraction too early; a tick that has not come waits for the next turn.
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

  /** The first tick whose slot is not empty, or the farthest one. */
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
