// Items by key, in the order of their use. The one that was used least recently makes room.

/** Bytes that an item costs beside its key and value, as measured: the object, its strings, its place in the map. */
const ITEM_BYTES = 250;
/** Bytes that a part of a value costs which was appended, until the value is in one piece. */
const JOIN_BYTES = 32;

/** An item of the cache. */
export class Item {
  /** The item that was used next, and the one that was used before. */
  newer: Item | undefined = undefined;
  older: Item | undefined = undefined;
  /** Whether it was read since it was stored. */
  fetched = false;
  /** Whether it should be renewed. */
  stale = false;
  /** Whether a client was told to renew it. */
  sent = false;
  /** The time of its last use, in ms. */
  usedAt = 0;
  cas = 0;
  /** The number of parts that were joined to its value, and are kept apart. */
  joins = 0;

  constructor(
    readonly key: string,
    public value: string,
    readonly flags: number,
    /** The time at which it expires, in ms; Infinity: never. */
    public expires: number,
  ) {}

  get bytes(): number {
    return ITEM_BYTES + this.key.length + this.value.length + JOIN_BYTES * this.joins;
  }
}

/** The items. They cost at most `most` bytes. */
export class Lru {
  bytes = 0;
  evictions = 0;
  readonly most: number;
  readonly #items = new Map<string, Item>();
  #newest: Item | undefined = undefined;
  #oldest: Item | undefined = undefined;

  constructor(most: number) {
    this.most = most;
  }

  get size(): number {
    return this.#items.size;
  }

  get(key: string): Item | undefined {
    return this.#items.get(key);
  }

  /** Puts an item in the place of the one with its key. Older items make room for it. */
  set(item: Item): void {
    const before = this.#items.get(item.key);
    if (before !== undefined) this.#unlink(before);
    this.#items.set(item.key, item);
    this.#link(item);
    while (this.bytes > this.most && this.#oldest !== item) {
      this.evictions++;
      this.delete(this.#oldest!.key);
    }
  }

  /** Marks an item as the one that was used last. */
  use(item: Item): void {
    if (item === this.#newest) return;
    this.#unlink(item);
    this.#link(item);
  }

  delete(key: string): boolean {
    const item = this.#items.get(key);
    if (item === undefined) return false;
    this.#items.delete(key);
    this.#unlink(item);
    return true;
  }

  clear(): void {
    this.#items.clear();
    this.bytes = 0;
    this.#newest = this.#oldest = undefined;
  }

  #link(item: Item): void {
    this.bytes += item.bytes;
    item.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = item;
    else this.#newest.newer = item;
    this.#newest = item;
  }

  #unlink(item: Item): void {
    const { newer, older } = item;
    this.bytes -= item.bytes;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    item.newer = item.older = undefined;
  }
}
