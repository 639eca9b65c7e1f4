// The requests in flight on one connection. Each has a slot, found by the order of the answers or by tag.

/** As many slots as requests may be in flight. */
export class RequestSlots {
  /** When the request of each slot was due, in ms. */
  readonly due: Float64Array;
  /** The request of the mix in each slot. */
  readonly kind: Uint16Array;
  size = 0;
  readonly #depth: number;
  readonly #tagged: boolean;
  // Without tags the slots are a ring from the oldest request on. With tags any slot may be free.
  #oldest = 0;
  readonly #free: number[];
  readonly #taken: Uint8Array;

  constructor(depth: number, tagged: boolean) {
    this.#depth = depth;
    this.#tagged = tagged;
    this.due = new Float64Array(depth);
    this.kind = new Uint16Array(depth);
    this.#taken = new Uint8Array(depth);
    this.#free = tagged ? Array.from({ length: depth }, (_, slot) => slot) : [];
  }

  get full(): boolean {
    return this.size === this.#depth;
  }

  /** Takes a free slot and returns it. There must be one. */
  add(due: number, kind: number): number {
    let slot = this.#oldest + this.size;
    if (this.#tagged) slot = this.#free.pop()!;
    else if (slot >= this.#depth) slot -= this.#depth;
    this.#taken[slot] = 1;
    this.due[slot] = due;
    this.kind[slot] = kind;
    this.size++;
    return slot;
  }

  /** Frees the slot of an answer: of its tag, or of the oldest request if `tag` is -1. Returns it, or -1 if none fits. */
  take(tag: number): number {
    if ((tag < 0) === this.#tagged || this.size === 0) return -1;
    const slot = this.#tagged ? tag : this.#oldest;
    if (this.#taken[slot] !== 1) return -1;
    this.#taken[slot] = 0;
    this.size--;
    if (this.#tagged) this.#free.push(slot);
    else if (++this.#oldest === this.#depth) this.#oldest = 0;
    return slot;
  }

  /** Frees all slots, and yields those that were taken. */
  *clear(): Generator<number> {
    for (let slot = 0; slot < this.#depth; slot++) {
      if (this.#taken[slot] === 0) continue;
      this.#taken[slot] = 0;
      if (this.#tagged) this.#free.push(slot);
      yield slot;
    }
    this.size = 0;
  }
}
