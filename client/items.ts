// The items of one streaming reply, between the connection that brings them and the caller that reads them.

// What is kept for a caller that is slower than the server; beyond it the connection is not read.
const MOST_ITEMS = 1024;
const MOST_BYTES = 1 << 20;

/**
 * The items of a call, in order: `for await (const item of client.TAKE(...))`. Leaving the loop cancels the request.
 * A connection whose items nobody reads is not read either, so read them, or `cancel`.
 */
export class Items<Item, Reply> implements AsyncIterableIterator<Item, undefined> {
  /** Resolves with the reply once the last item has been read; rejects with what ended the request. */
  readonly reply: Promise<Reply>;

  readonly #settle: PromiseWithResolvers<Reply>;
  #buffer: { item: Item; size: number }[] = [];
  #bytes = 0;
  #wake: (() => void) | undefined = undefined;
  #end: { reply: Reply } | { error: Error } | undefined = undefined;
  #cancel: () => void = () => {};
  #resume: () => void = () => {};

  /** For the client. */
  constructor() {
    this.#settle = Promise.withResolvers<Reply>();
    this.reply = this.#settle.promise;
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
    this.#buffer.push({ item, size });
    this.#bytes += size;
    this.#wake?.();
    return this.#buffer.length < MOST_ITEMS && this.#bytes < MOST_BYTES;
  }

  /** For the client: the request is over. */
  finish(end: { reply: Reply } | { error: Error }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    if (this.#buffer.length === 0) this.#conclude();
    this.#wake?.();
  }

  #conclude(): void {
    if (this.#end === undefined) return;
    if ("reply" in this.#end) this.#settle.resolve(this.#end.reply);
    else this.#settle.reject(this.#end.error);
  }

  /** The next item. Rejects with what ended the request. */
  async next(): Promise<IteratorResult<Item, undefined>> {
    while (this.#buffer.length === 0) {
      if (this.#end !== undefined) {
        this.#conclude();
        if ("error" in this.#end) throw this.#end.error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const { item, size } = this.#buffer.shift()!;
    this.#bytes -= size;
    if (this.#buffer.length === 0) {
      this.#resume();
      this.#conclude();
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
    this.#buffer = [];
    this.#bytes = 0;
    if (this.#end === undefined) {
      this.#cancel();
      this.finish({ error: new DOMException("the caller stopped reading", "AbortError") });
    } else this.#resume();
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
