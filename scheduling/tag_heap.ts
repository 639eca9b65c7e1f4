/** An item of a {@linkcode TagHeap}. */
export interface Tagged {
  /** The key: the least tag comes first. */
  tag: number;
  /** For the heap: the index in it; -1 if the item is in no heap. */
  index: number;
}

const EMPTY = new Float64Array(0);

/**
 * Items by tag, the least first. Of equal tags the one that came first goes first: otherwise items that come and go
 * could pass a waiting one for ever. Each item knows its index, so the heap can remove any item without a search.
 *
 * A 4-ary heap with its keys in flat arrays: half the levels of a binary one, each in one cache line. The durable queue
 * has a heap of its own (`queue/index/heap.ts`), which compares its items and keeps no keys: here it would take 2.4 times
 * as long with 100 000 flows, and there the keys would cost 16 bytes for each of a million jobs.
 *
 * @typeParam T the items
 */
export class TagHeap<T extends Tagged> {
  /** The number of items. */
  size: number = 0;
  #items: T[] = [];
  // Shared until the first item comes: with ten priorities most heaps stay empty.
  #tags: Float64Array = EMPTY;
  #orders: Float64Array = EMPTY;
  #order = 0;

  /** The item with the least tag; undefined if the heap is empty. */
  get first(): T | undefined {
    return this.size > 0 ? this.#items[0] : undefined;
  }

  /** Adds an item by its tag. Time: O(log size). */
  add(item: T): void {
    const at = this.size++;
    if (at === this.#tags.length) {
      this.#tags = grown(this.#tags);
      this.#orders = grown(this.#orders);
    }
    this.#rise(at, item, item.tag, this.#order++);
  }

  /** Removes an item. Time: O(log size). */
  remove(item: T): void {
    const at = item.index;
    const end = --this.size;
    const last = this.#items[end];
    this.#items.length = end;
    item.index = -1;
    if (at !== end) this.#settle(at, last, this.#tags[end], this.#orders[end]);
  }

  /** Moves an item whose tag has changed, behind those of equal tag. Time: O(log size). */
  update(item: T): void {
    this.#settle(item.index, item, item.tag, this.#order++);
  }

  #settle(at: number, item: T, tag: number, order: number): void {
    const parent = (at - 1) >> 2;
    if (at > 0 && this.#isBefore(tag, order, parent)) this.#rise(at, item, tag, order);
    else this.#sink(at, item, tag, order);
  }

  #rise(at: number, item: T, tag: number, order: number): void {
    while (at > 0) {
      const parent = (at - 1) >> 2;
      if (!this.#isBefore(tag, order, parent)) break;
      this.#put(at, this.#items[parent], this.#tags[parent], this.#orders[parent]);
      at = parent;
    }
    this.#put(at, item, tag, order);
  }

  #sink(at: number, item: T, tag: number, order: number): void {
    const tags = this.#tags;
    const orders = this.#orders;
    const size = this.size;
    for (let child = 4 * at + 1; child < size; child = 4 * at + 1) {
      let least = child;
      const end = Math.min(child + 4, size);
      for (let i = child + 1; i < end; i++) {
        if (tags[i] < tags[least] || (tags[i] === tags[least] && orders[i] < orders[least])) {
          least = i;
        }
      }
      if (this.#isBefore(tag, order, least)) break;
      this.#put(at, this.#items[least], tags[least], orders[least]);
      at = least;
    }
    this.#put(at, item, tag, order);
  }

  #isBefore(tag: number, order: number, at: number): boolean {
    return tag < this.#tags[at] || (tag === this.#tags[at] && order < this.#orders[at]);
  }

  #put(at: number, item: T, tag: number, order: number): void {
    this.#items[at] = item;
    this.#tags[at] = tag;
    this.#orders[at] = order;
    item.index = at;
  }
}

function grown(array: Float64Array): Float64Array {
  const larger = new Float64Array(Math.max(4, 2 * array.length));
  larger.set(array);
  return larger;
}
