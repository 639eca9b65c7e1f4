/** Where the items of a heap keep their places, so that any item can be removed without a search. */
export interface Places<T> {
  /** The index of an item in the heap that has it; -1 if none has. */
  placeOf(item: T): number;
  setPlace(item: T, place: number): void;
}

/** An item that knows its own place. */
export interface Placed {
  place: number;
}

/** The places of items that know their own. */
export const ownPlaces: Places<Placed> = {
  placeOf: (item) => item.place,
  setPlace(item, place): void {
    item.place = place;
  },
};

/**
 * A binary heap: the first item in O(1), adding and removing in O(log size), adding the last item in O(1). It compares its
 * items and keeps no keys: the keys of `scheduling/tag_heap.ts`, which is faster, would cost 16 bytes for each of a million jobs.
 */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #places: Places<T>;

  /** Starts empty. `isBefore` is a strict order; if it changes for an item of the heap, `update` that item. */
  constructor(isBefore: (a: T, b: T) => boolean, places: Places<T>) {
    this.#isBefore = isBefore;
    this.#places = places;
  }

  /** How many items it has. */
  get size(): number {
    return this.#items.length;
  }

  /** The first item; `undefined` if it is empty. */
  get first(): T | undefined {
    return this.#items[0];
  }

  /** The first items, in order. Time: O(count²). */
  top(count: number): T[] {
    const top: T[] = [];
    // The indexes of the items that may be next: each item comes before its children.
    const next = this.#items.length > 0 ? [0] : [];
    while (top.length < count && next.length > 0) {
      let best = 0;
      for (let i = 1; i < next.length; i++) {
        if (this.#isBefore(this.#items[next[i]], this.#items[next[best]])) best = i;
      }
      const [at] = next.splice(best, 1);
      top.push(this.#items[at]);
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#items.length) next.push(child);
      }
    }
    return top;
  }

  /** Adds an item that is in no heap. */
  add(item: T): void {
    this.#items.push(item);
    this.#rise(this.#items.length - 1, item);
  }

  /** Removes an item of this heap. */
  remove(item: T): void {
    const at = this.#places.placeOf(item);
    const last = this.#items.pop()!;
    this.#places.setPlace(item, -1);
    if (last !== item) this.#settle(at, last);
  }

  /** The order of an item has changed. */
  update(item: T): void {
    this.#settle(this.#places.placeOf(item), item);
  }

  #settle(at: number, item: T): void {
    const parent = (at - 1) >> 1;
    if (at > 0 && this.#isBefore(item, this.#items[parent])) this.#rise(at, item);
    else this.#sink(at, item);
  }

  #rise(at: number, item: T): void {
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(item, this.#items[parent])) break;
      this.#put(at, this.#items[parent]);
      at = parent;
    }
    this.#put(at, item);
  }

  #sink(at: number, item: T): void {
    const items = this.#items;
    for (let child = 2 * at + 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && this.#isBefore(items[child + 1], items[child])) child++;
      if (!this.#isBefore(items[child], item)) break;
      this.#put(at, items[child]);
      at = child;
    }
    this.#put(at, item);
  }

  #put(at: number, item: T): void {
    this.#items[at] = item;
    this.#places.setPlace(item, at);
  }
}
