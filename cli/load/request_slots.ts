// The requests of one connection that are not answered: a slot each, found by the order of answers or by tag.

/** As many slots as requests may be in flight on the connection. */
export class RequestSlots {
  /** When the request of each slot was due. */
  readonly due: Float64Array;
  /** Which request of the mix the slot holds. */
  readonly kind: Uint16Array;
  size = 0;
  readonly #depth: number;
  readonly #tagged: boolean;
  // Untagged: where the oldest is. Tagged: the slots that are free.
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

  /** Takes a free slot; there must be one. */
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

  /** Frees the slot that an answer is for, by its tag or, without one (-1), the oldest; -1 where there is none. */
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

  /** Frees every slot; those that were taken. */
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
