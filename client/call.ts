// One call: its request, its deadline and its outcome. The pool decides how often it is sent.

import type { Call } from "../dialects/lineup1/calls.ts";
import type { Frame } from "../dialects/lineup1/frame.ts";
import { readAnswer, type Values } from "../dialects/lineup1/message.ts";
import type { Refusal } from "../protocol/errors.ts";
import type { Clock } from "../scheduling/clock.ts";
import type { CallLimits, RetryInfo } from "./call_options.ts";
import { DeadlineExceeded, ProtocolError } from "./errors.ts";
import type { Endpoint } from "./endpoints.ts";
import { type ReplyReceiver, stopped } from "./items.ts";
import { onAbort } from "../net/on_abort.ts";
import type { FrameReceiver, Outgoing, Sent } from "./session.ts";

/** Sends calls; the pool. */
export interface CallDispatcher {
  readonly clock: Clock;
  /** An attempt was answered with `OK`. */
  answered(call: PendingCall): void;
  /** An attempt failed. */
  failed(call: PendingCall, error: Error): void;
  /** The call is over. */
  settled(call: PendingCall): void;
}

/** A call that is not over yet. */
export class PendingCall implements Outgoing, FrameReceiver {
  readonly head: string;
  readonly body: Uint8Array | undefined;
  readonly call: Call;
  /** How often it may be sent again; `undefined` leaves that to the client. */
  readonly retries: number | undefined;
  readonly onRetry: ((info: RetryInfo) => void) | undefined;
  /** How often it was tried. */
  tries = 0;
  /** Where it was tried last. */
  triedOn: Endpoint | undefined;
  sent: Sent | undefined;
  /** Whether an item was handed out, so that it cannot begin anew. */
  unrepeatable = false;
  /** Whether an earlier attempt may have had an effect. */
  maybe = false;
  /** Ends the pause before the next attempt. */
  stopPause: (() => void) | undefined;
  /** When it is over, on the clock. */
  deadline = Infinity;
  /** When it was made, or tried last, on the clock. */
  triedAt = 0;
  readonly #madeAt: number;
  readonly #sender: CallDispatcher;
  readonly #text: string;
  readonly #limits: CallLimits;
  readonly #settle: ReplyReceiver<Values, Values>;
  #unlisten: (() => void) | undefined;
  #stopTimer: (() => void) | undefined;
  #over = false;

  constructor(
    sender: CallDispatcher,
    call: Call,
    { text, body }: { text: string; body: Uint8Array | undefined },
    limits: CallLimits,
    settle: ReplyReceiver<Values, Values>,
  ) {
    const { within, signal, onReply, retries, onRetry } = limits;
    this.#sender = sender;
    this.call = call;
    this.head = call.verb;
    this.#text = text;
    this.body = body;
    this.retries = retries;
    this.onRetry = onRetry;
    this.#limits = limits;
    this.#settle = settle;
    this.#madeAt = !onReply && within === undefined ? 0 : sender.clock.now();
    if (within !== undefined) {
      this.deadline = this.#madeAt + within;
      this.#stopTimer = sender.clock.after(within, () => this.#overdue());
    }
    if (signal) {
      this.#unlisten = onAbort(signal, () => this.cancel(signal.reason));
    }
  }

  /** The rest of the line, with the time that is left. */
  get text(): string {
    if (this.deadline === Infinity) return this.#text;
    const left = Math.max(1, Math.ceil(this.deadline - this.#sender.clock.now()));
    return `${this.#text} within=${left}ms`;
  }

  item(frame: Frame): boolean {
    if (this.#over) return true;
    this.unrepeatable = true;
    const item = this.#read(frame);
    return item === undefined || this.#settle.push!(item, sizeOf(frame));
  }

  final(frame: Frame): void {
    if (this.#over) return;
    this.#sender.answered(this);
    const reply = this.#read(frame);
    if (reply === undefined) return;
    this.#end(undefined, frame.options);
    this.#settle.resolve(reply);
  }

  failed(error: Error): void {
    if (!this.#over) this.#sender.failed(this, error);
  }

  #read(frame: Frame): Values | undefined {
    try {
      return readAnswer(this.call, frame);
    } catch (cause) {
      const why = (cause as Error).message;
      this.cancel(
        new ProtocolError(`the answer to ${this.head}: ${why}`, { cause }),
      );
    }
  }

  #overdue(): void {
    const executed = this.maybe || this.sent?.tag ? "maybe" : "no";
    const message = `No answer within ${this.#limits.within} ms.`;
    // The server knows the deadline. If it hangs, a CANCEL for each call would double its load.
    this.sent?.forget();
    this.reject(new DeadlineExceeded("expired", message, { executed }));
  }

  /** Asks the server to end it, and waits for the answer. It is not sent again. */
  stop(): void {
    if (this.#over) return;
    this.unrepeatable = true;
    if (this.sent?.stop()) return;
    this.cancel(stopped());
  }

  /** Goes on reading its items. */
  resume(): void {
    this.sent?.resume();
  }

  /** Ends it here and at the server. */
  cancel(error: unknown): void {
    if (this.#over) return;
    this.sent?.cancel();
    this.reject(error);
  }

  /** Ends it with an error. */
  reject(error: unknown): void {
    if (this.#over) return;
    this.#end(error as Error);
    this.#settle.reject(error);
  }

  #end(error?: Error, options?: ReadonlyMap<string, string>): void {
    this.#over = true;
    this.#stopTimer?.();
    this.stopPause?.();
    this.#unlisten?.();
    this.#sender.settled(this);
    const { onReply, trace } = this.#limits;
    if (!onReply) return;
    const figure = (name: string): number | undefined => {
      const text = options?.get(name) ?? (error as Partial<Refusal> | undefined)?.details?.[name];
      return text ? parseFloat(text) : undefined;
    };
    guarded(onReply, {
      verb: this.head,
      address: this.triedOn?.name,
      attempts: this.tries,
      ms: this.#sender.clock.now() - this.#madeAt,
      waited: figure("waited"),
      took: figure("took"),
      trace,
      error,
    });
  }
}

/** The size of an item in bytes, roughly. */
function sizeOf({ words, options, body }: Frame): number {
  let size = 64 + (body?.length ?? 0);
  for (const word of words) size += word.length;
  for (const value of options.values()) size += value.length;
  return size;
}

/** Calls a function of the user. Its exception is reported, and does not end a connection. */
export function guarded<T>(callback: ((value: T) => void) | undefined, value: T): void {
  try {
    callback?.(value);
  } catch (error) {
    reportError(error);
  }
}
