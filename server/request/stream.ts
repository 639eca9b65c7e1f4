// Sends the items that a handler yields, no faster than the client reads.

import type { Values } from "../../protocol/shape.ts";

/** A request whose handler yields items. */
export interface StreamingRequest {
  readonly answered: boolean;
  /** Ends it where its time is over. Returns whether it is. */
  expires(): boolean;
  /** Writes an item. Throws where its values do not fit the command. */
  item(values: Values): void;
  /** Waits for its turn and for the client to read; `undefined` where neither is necessary. */
  untilWritable(): Promise<void> | undefined;
  /** Called when the handler has returned. */
  succeed(reply: Values | undefined): void;
  /** Called when the handler has thrown. */
  handlerFailed(error: unknown): void;
}

/** Sends items until the handler returns or the request is answered otherwise. */
export async function sendItems(request: StreamingRequest, result: unknown): Promise<void> {
  const source = (result instanceof Promise ? await result : result) as
    & AsyncIterable<Values>
    & Iterable<Values>;
  const items = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]();
  try {
    for (;;) {
      const step = items.next();
      const { done, value } = step instanceof Promise ? await step : step;
      if (done) {
        if (!request.answered) request.succeed(value);
        return;
      }
      if (request.answered || request.expires()) break;
      request.item(value);
      const blocked = request.untilWritable();
      if (blocked !== undefined) await blocked;
    }
  } catch (error) {
    request.handlerFailed(error);
  }
  await items.return?.();
}
