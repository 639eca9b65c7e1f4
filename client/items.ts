// The items of one streaming reply, between the connection that brings them and the caller that reads them.

import { Condition } from "../net/condition.ts";

// The bounds of unread items. Beyond MOST the connection is not read, unless other calls wait for answers on it; then
// HARD_BYTES holds, which is more than kernels buffer for a connection.
const MOST_ITEMS = 1024;
const MOST_BYTES = 1 << 20;
const HARD_BYTES = 1 << 24;
/** The most bytes that `all` takes. */
const ALL_BYTES = 1 << 28;

/**
 * The answer to a streaming call: its items, in order, and its reply.
 *
 * - `for await (const item of client.COUNT({ to: 3 }))` reads the items. Leaving the loop cancels the request.
 * - `await client.COUNT({ to: 3 })` resolves with the reply. It drops the items, unless somebody reads them too.
 *
 * Both throw the error that ended the request. Where neither is done, the error is an unhandled rejection, as with any
 * promise; not so after `cancel`, `return` or `stop`. An `async` function that returns `Items` awaits them: return an
 * object that holds them instead.
 *
 * While items are not read, their connection is not read either: read them, `await` or `cancel`. Where other calls need
 * the connection, up to 16 MiB of items are kept for a slow reader; beyond that the request is cancelled and rejects with
 * `RangeError`.
 */
export interface Items<Item, Reply>
  extends AsyncIterableIterator<Item, undefined>, PromiseLike<Reply> {
  /**
   * Resolves with the reply once the last item has been read; rejects with the error that ended the request. Unlike
   * `await` of the items themselves, this drops none.
   */
  readonly reply: Promise<Reply>;
  /** As `then` of a promise of the reply. Drops the items that nobody reads. */
  then<Met = Reply, Failed = never>(
    met?: ((reply: Reply) => Met | PromiseLike<Met>) | null,
    failed?: ((error: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Met | Failed>;
  /** As `catch` of a promise of the reply. Drops the items that nobody reads. */
  catch<Failed = never>(
    failed?: ((error: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Reply | Failed>;
  /** As `finally` of a promise of the reply. Drops the items that nobody reads. */
  finally(action?: (() => void) | null): Promise<Reply>;
  /** The next item. Rejects with the error that ended the request. */
  next(): Promise<IteratorResult<Item, undefined>>;
  /** Stops the request. */
  return(): Promise<IteratorResult<Item, undefined>>;
  /** Stops the request and drops its unread items. */
  cancel(): void;
  /** Asks the server to end the request. Items that it has sent by then still come: unlike `cancel`, this loses none. */
  stop(): void;
  /** All items as an array. Rejects with `RangeError`, and stops the request, beyond 256 MiB of them. */
  all(): Promise<Item[]>;
  /** The items, once. */
  [Symbol.asyncIterator](): Items<Item, Reply>;
}

/** Takes the items and the outcome of a call. */
export interface ReplyReceiver<Item, Reply> {
  /** An item of about `size` bytes. Answers false where no more should come for now. */
  push?(item: Item, size: number): boolean;
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

/** The request that brings items. */
export interface ItemRequest {
  cancel(error: unknown): void;
  stop(): void;
  resume(): void;
}

/** The items of the request that `start` makes. Where that throws, the items end with it. */
export function createItems<Item, Reply>(
  start: (settle: ReplyReceiver<Item, Reply>) => ItemRequest,
): Items<Item, Reply> {
  let source: ItemRequest | undefined;
  let coming: { item: Item; size: number }[] = [];
  /** Earlier items, the next one last. */
  let ready: typeof coming = [];
  let bytes = 0;
  /** Bytes of the items that were handed out. */
  let taken = 0;
  const change = new Condition();
  /** Settles `reply`. */
  let conclude: (() => void) | undefined;
  // Not Promise.withResolvers, which Node 20 does not have.
  let resolve!: (reply: Reply) => void;
  let reject!: (error: unknown) => void;
  const reply = new Promise<Reply>((...both) => [resolve, reject] = both);
  /** Whether somebody has asked for an item. */
  let isRead = false;
  /** Whether somebody awaits the reply, so that items are dropped unless they are read too. */
  let isAwaited = false;

  const count = (): number => ready.length + coming.length;

  function finish(ending: () => void): void {
    conclude ??= ending;
    if (count() === 0) conclude();
    change.broadcast();
  }

  function fail(error: unknown): void {
    finish(() => reject(error));
    // Nobody may ever read the items before it.
    if (!isRead) conclude!();
  }

  /** The caller gets the error elsewhere, or wants no more of the request: it is no unhandled rejection. */
  function observe(): void {
    reply.catch(() => {});
  }

  function drop(): void {
    coming = [];
    ready = [];
    bytes = 0;
  }

  function stop(error: Error): void {
    drop();
    const isOver = conclude;
    fail(error);
    if (!isOver) source?.cancel(error);
  }

  function cancel(): void {
    observe();
    stop(stopped());
  }

  function awaited(): Promise<Reply> {
    isAwaited = true;
    if (!isRead && count() > 0) {
      drop();
      source?.resume();
      conclude?.();
    }
    return reply;
  }

  try {
    source = start({
      push(item, size) {
        if (conclude || (isAwaited && !isRead)) return true;
        coming.push({ item, size });
        bytes += size;
        if (bytes > HARD_BYTES) {
          stop(new RangeError(`${bytes} bytes of items are unread`));
        }
        change.broadcast();
        return count() < MOST_ITEMS && bytes < MOST_BYTES;
      },
      resolve: (reply) => finish(() => resolve(reply)),
      reject: fail,
    });
  } catch (error) {
    fail(error);
  }

  return {
    reply,
    then: (met, failed) => awaited().then(met, failed),
    catch: (failed) => awaited().catch(failed),
    finally: (action) => awaited().finally(action),
    async next() {
      if (!isRead) {
        isRead = true;
        observe();
      }
      while (count() === 0) {
        if (!conclude) await change.changed();
        else {
          await reply;
          return { done: true, value: undefined };
        }
      }
      if (ready.length === 0) [ready, coming] = [coming.reverse(), ready];
      const { item, size } = ready.pop()!;
      bytes -= size;
      taken += size;
      if (count() === 0) {
        source?.resume();
        conclude?.();
      }
      return { done: false, value: item };
    },
    // deno-lint-ignore require-await
    async return() {
      cancel();
      return { done: true, value: undefined };
    },
    cancel,
    stop() {
      observe();
      source?.stop();
    },
    async all() {
      const items: Item[] = [];
      for await (const item of this) {
        items.push(item);
        if (taken > ALL_BYTES) stop(new RangeError(`the items have more than ${ALL_BYTES} bytes`));
      }
      return items;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The error of a call that its caller stopped. */
export function stopped(): DOMException {
  return new DOMException("stopped", "AbortError");
}
