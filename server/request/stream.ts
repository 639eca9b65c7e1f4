// Sends the items that a handler yields, no faster than the client reads.

import type { Refusal } from "../../protocol/errors.ts";
import type { Values } from "../../protocol/shape.ts";

/** A request whose handler yields items. */
export interface StreamingRequest {
  readonly answered: boolean;
  /** Ends it where its time is over. Returns whether it is. */
  expires(): boolean;
  /** Writes an item. Throws where its values do not fit the command. */
  item(values: Values): void;
  /** Whether an item must wait; then `untilWritable` waits. */
  readonly mustWait: boolean;
  /** Waits for its turn and for the client to read; `undefined` where neither is necessary. */
  untilWritable(): Promise<void> | undefined;
  /** Called when the handler has returned. */
  succeed(reply: Values | undefined): void;
  /** The reason for which the request was ended from outside. */
  readonly reason: Refusal | undefined;
  /** Called when the handler has yielded an item that does not fit the command. */
  handlerFailed(error: unknown): void;
}

/** What a handler has returned, and its first step, once it is taken. */
export interface StartedItems {
  readonly items: AsyncIterator<Values, Values | undefined> | Iterator<Values, Values | undefined>;
  readonly step: Step | Promise<Step>;
}

type Step = IteratorResult<Values, Values | undefined>;

/** Takes the first step of a handler at once, where it has returned items and no promise of them. */
export function startItems(result: unknown): StartedItems | Promise<StartedItems> {
  if (result instanceof Promise) return result.then(startItems);
  const source = result as AsyncIterable<Values> & Iterable<Values>;
  const items = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]();
  return { items, step: items.next() };
}

/**
 * Sends items until the handler returns, and resolves with its reply. Rejects with the error of the handler, and where
 * the request is answered otherwise. Without `sent`, answers the request with the reply at once, in the same write as the
 * items; with it, only sets `sent.any` once an item was sent.
 */
export async function sendItems(
  request: StreamingRequest,
  started: StartedItems | Promise<StartedItems>,
  sent?: { any: boolean },
): Promise<Values | undefined> {
  const { items, step: first } = started instanceof Promise ? await started : started;
  for (let step = first;; step = items.next()) {
    const { done, value } = step instanceof Promise ? await step : step;
    if (done) {
      if (sent === undefined && !request.answered) request.succeed(value);
      return value;
    }
    // Many streams may go on at once: each item waits until the client has read those of the others.
    while (request.mustWait) await request.untilWritable();
    if (request.answered || request.expires()) break;
    try {
      request.item(value);
    } catch (error) {
      // The client is told at once: the end of the handler may take long.
      request.handlerFailed(error);
      await items.return?.();
      throw error;
    }
    if (sent !== undefined) sent.any = true;
    const blocked = request.untilWritable();
    if (blocked !== undefined) await blocked;
  }
  await items.return?.();
  throw request.reason;
}
