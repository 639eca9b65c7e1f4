// Sending one request, until its answer, a deadline or an interrupt.

import { type Outgoing, Refusal, type Session } from "../../client/mod.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";

/** The end of the time for all requests of a command. */
export class Deadline {
  readonly #end: number | undefined;

  /** `timeout` is in ms; `undefined` means no limit. */
  constructor(timeout: number | undefined) {
    this.#end = timeout === undefined ? undefined : performance.now() + timeout;
  }

  /** The time left in ms, at least 1; `undefined` for no limit. */
  get left(): number | undefined {
    return this.#end === undefined ? undefined : Math.max(1, this.#end - performance.now());
  }
}

/** What ends a request before its answer. */
export interface SendLimits {
  readonly signal: AbortSignal;
  readonly deadline: Deadline;
}

/**
 * Sends a request. `onFrame` gets its items and its OK line. Rejects with a `Refusal` for an ERR line or at the deadline,
 * with the reason of the signal, with what `onFrame` throws, or with the loss of the connection. A request that ends
 * before its answer is cancelled.
 */
export function send(
  session: Session,
  outgoing: Outgoing,
  { signal, deadline }: SendLimits,
  onFrame: (frame: Frame) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
    const giveUp = (error: Error): void => {
      settle();
      sent.cancel();
      reject(error);
    };
    const onAbort = (): void => giveUp(signal.reason);
    const take = (frame: Frame): boolean => {
      try {
        onFrame(frame);
        return true;
      } catch (error) {
        giveUp(error as Error);
        return false;
      }
    };
    signal.throwIfAborted();
    const sent = session.send(outgoing, {
      item(frame) {
        take(frame);
        return true;
      },
      final(frame) {
        settle();
        if (take(frame)) resolve();
      },
      failed(error) {
        settle();
        reject(error);
      },
    });
    signal.addEventListener("abort", onAbort);
    const { left } = deadline;
    const timer = left === undefined ? undefined : setTimeout(
      () => giveUp(new Refusal("expired", "No answer in time.", { executed: "maybe" })),
      left,
    );
  });
}
