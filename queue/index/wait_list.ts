/** The place of an item in one wait list. */
export interface WaitNode<T> {
  readonly item: T;
  readonly list: WaitList<T>;
  /** The chain that holds it. */
  chain: Chain<T>;
  previous: WaitNode<T> | undefined;
  next: WaitNode<T> | undefined;
}

/** Nodes in the order in which they came: adding one, and removing any, cost O(1). */
class Chain<T> {
  first: WaitNode<T> | undefined = undefined;
  #last: WaitNode<T> | undefined = undefined;

  add(node: WaitNode<T>): void {
    const previous = this.#last;
    node.chain = this;
    node.previous = previous;
    node.next = undefined;
    if (previous === undefined) this.first = node;
    else previous.next = node;
    this.#last = node;
  }

  remove({ previous, next }: WaitNode<T>): void {
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
  }
}

/** Items that wait, first come, first served; those that are deferred come behind all others. */
export class WaitList<T> {
  /** How many wait. */
  size = 0;
  readonly #isDeferred: (item: T) => boolean;
  readonly #whole = new Chain<T>();
  /** Deferred items, as far as they have come to the front. */
  readonly #deferred = new Chain<T>();

  /** Starts empty. An item that is deferred once must stay so. */
  constructor(isDeferred: (item: T) => boolean) {
    this.#isDeferred = isDeferred;
  }

  /** The item that is served next. */
  get first(): T | undefined {
    let node: WaitNode<T> | undefined;
    while ((node = this.#whole.first) !== undefined && this.#isDeferred(node.item)) {
      this.#whole.remove(node);
      this.#deferred.add(node);
    }
    return (node ?? this.#deferred.first)?.item;
  }

  /** Adds an item behind all others. */
  add(item: T): WaitNode<T> {
    const chain = this.#whole;
    const node = { item, list: this, chain, previous: undefined, next: undefined };
    chain.add(node);
    this.size++;
    return node;
  }

  /** Removes the item of a node of this list. */
  remove(node: WaitNode<T>): void {
    node.chain.remove(node);
    this.size--;
  }
}
