// The requests in flight on one connection, by their tags.

const SMALLEST = 64;

/**
 * Requests by tag, as numbers. They count up and are never used again,
 * so that an answer that comes twice, or too late, is seen for what it is. A table with a place for each of some tags
 * in a row is faster than a map, whose keys would all be new.
 */
export class TagTable<T extends { readonly key: number }> {
  #places: (T | undefined)[] = new Array(SMALLEST);
  /** How many there are. */
  size = 0;

  #place(key: number): number {
    return key & (this.#places.length - 1);
  }

  /** Whether the place of this tag is taken, be it by a request that takes long: the next tag may have one. */
  has(key: number): boolean {
    return this.#places[this.#place(key)] !== undefined;
  }

  /** The request of this tag. */
  get(key: number): T | undefined {
    const found = this.#places[this.#place(key)];
    return found?.key === key ? found : undefined;
  }

  /** Adds a request under its tag, for which `has` is false. */
  set(key: number, request: T): void {
    if (2 * this.size >= this.#places.length) {
      const all = this.values();
      this.#places = new Array(2 * this.#places.length);
      for (const each of all) this.#places[this.#place(each.key)] = each;
    }
    this.#places[this.#place(key)] = request;
    this.size++;
  }

  /** Takes out the request of this tag, if it is in here. */
  delete(key: number): void {
    if (this.get(key) === undefined) return;
    this.#places[this.#place(key)] = undefined;
    this.size--;
  }

  /** All, in the order in which they were added. */
  values(): Iterable<T> {
    return this.#places.filter((each) => each !== undefined)
      .sort((a, b) => a.key - b.key);
  }
}
