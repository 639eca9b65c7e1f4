// The items of one streaming reply, between the connection that brings them and the caller that reads them.

// What is kept for a caller that is slower than the server; beyond it the connection is not read, unless others wait
// for answers on it. Then this much is, which is more than what kernels hold of a connection.
const MOST_ITEMS = 1024;
const MOST_BYTES = 1 << 20;
const HARD_BYTES = 1 << 24;

/**
 * The items of a call, in order: `for await (const item of client.TAKE(...))`. Leaving the loop cancels the request.
 * A connection whose items nobody reads is not read either, so read them, or `cancel`. Where other calls need the
 * connection, up to 16 MiB of items are kept for a slow reader; beyond that the request is cancelled and rejects with
 * `RangeError`.
 */
export class Items<Item, Reply> implements AsyncIterableIterator<Item, undefined> {
  /** Resolves with the reply once the last item has been read; rejects with what ended the request. */
  readonly reply: Promise<Reply>;

  #resolve!: (reply: Reply) => void;
  #reject!: (error: unknown) => void;
  #buffer: { item: Item; size: number }[] = [];
  #next = 0;
  #bytes = 0;
  #wake: (() => void)[] = [];
  #end: { reply: Reply } | { error: unknown } | undefined = undefined;
  #cancel: () => void = () => {};
  #resume: () => void = () => {};

  /** For the client. */
  constructor() {
    // Not Promise.withResolvers, which Node 20 does not have.
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Who only iterates learns of the error there.
    this.reply.catch(() => {});
  }

  /** For the client: how to act on the request. */
  bind(actions: { cancel: () => void; resume: () => void }): void {
    this.#cancel = actions.cancel;
    this.#resume = actions.resume;
  }

  /** For the client: an item of about `size` bytes. False where it should bring no more for now. */
  push(item: Item, size: number): boolean {
    if (this.#end !== undefined) return true;
    this.#buffer.push({ item, size });
    this.#bytes += size;
    if (this.#bytes > HARD_BYTES) {
      this.#stop(new RangeError(`the reader of the items is ${this.#bytes} bytes behind`));
    }
    this.#wakeAll();
    return this.#buffer.length - this.#next < MOST_ITEMS && this.#bytes < MOST_BYTES;
  }

  /** For the client: the request is over. */
  finish(end: { reply: Reply } | { error: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#conclude();
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  #conclude(): void {
    if (this.#end === undefined || this.#next < this.#buffer.length) return;
    if ("reply" in this.#end) this.#resolve(this.#end.reply);
    else this.#reject(this.#end.error);
  }

  /** The next item. Rejects with what ended the request. */
  async next(): Promise<IteratorResult<Item, undefined>> {
    while (this.#next === this.#buffer.length) {
      if (this.#end !== undefined) {
        if ("error" in this.#end) throw this.#end.error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    const { item, size } = this.#buffer[this.#next++];
    this.#bytes -= size;
    if (this.#next === this.#buffer.length) {
      this.#buffer = [];
      this.#next = 0;
      this.#resume();
      this.#conclude();
    } else if (this.#next === MOST_ITEMS) {
      this.#buffer.splice(0, this.#next);
      this.#next = 0;
    }
    return { done: false, value: item };
  }

  /** Stops the request. */
  // deno-lint-ignore require-await
  async return(): Promise<IteratorResult<Item, undefined>> {
    this.cancel();
    return { done: true, value: undefined };
  }

  /** Stops the request and forgets what it has brought. */
  cancel(): void {
    this.#stop(new DOMException("the caller stopped reading", "AbortError"));
  }

  #stop(error: Error): void {
    this.#buffer = [];
    this.#next = this.#bytes = 0;
    const isOver = this.#end !== undefined;
    this.finish({ error });
    if (isOver) this.#conclude();
    else this.#cancel();
  }

  /** All items as an array. */
  async all(): Promise<Item[]> {
    const items: Item[] = [];
    for await (const item of this) items.push(item);
    return items;
  }

  /** The items, once. */
  [Symbol.asyncIterator](): this {
    return this;
  }
}
