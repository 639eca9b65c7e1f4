// One request over one session, for callers that need neither retries nor several connections.

import type { Frame } from "../dialects/lineup1/frame.ts";
import { onAbort } from "../net/on_abort.ts";
import { after } from "../net/timer.ts";
import { DeadlineExceeded } from "./errors.ts";
import type { Outgoing, Session } from "./session.ts";

/** How long a request may take, and where its items go. */
export interface RequestOptions {
  /** Takes the items; an exception ends the request, here and at the server. Default: they are dropped. */
  readonly item?: (frame: Frame) => void;
  /** Ends the request, here and at the server. */
  readonly signal?: AbortSignal;
  /** Gives the answer up. The server is not told: it knows the deadline from the request (`within=`). */
  readonly deadline?: { readonly ms: number; readonly message: string };
}

/**
 * Sends a request; resolves with its `OK` line. Rejects with the `Refusal` of its `ERR` line, `ConnectionLost`,
 * `ProtocolError`, `DeadlineExceeded`, `Throttled`, the reason of the signal, and the exception of `item`.
 */
export function request(
  session: Session,
  outgoing: Outgoing,
  { item, signal, deadline }: RequestOptions = {},
): Promise<Frame> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const giveUp = (error: unknown): void => {
      settle();
      sent.cancel();
      reject(error);
    };
    const sent = session.send(outgoing, {
      item(frame) {
        try {
          item?.(frame);
        } catch (error) {
          giveUp(error);
        }
        return true;
      },
      final(frame) {
        settle();
        resolve(frame);
      },
      failed(error) {
        settle();
        reject(error);
      },
    });
    const unlisten = onAbort(signal, () => giveUp(signal!.reason));
    const stopTimer = deadline && after(deadline.ms, () => {
      settle();
      const executed = sent.tag === "" ? "no" : "maybe";
      sent.forget();
      reject(new DeadlineExceeded("expired", deadline.message, { executed }));
    });
    function settle(): void {
      unlisten();
      stopTimer?.();
    }
  });
}
