// A client has ended its side: it may go on reading, as netcat does, or be gone.

import type { Output } from "../../net/output.ts";
import type { ByteStream } from "../../net/stream.ts";
import type { Clock } from "../../scheduling/clock.ts";
import { Pause } from "./pause.ts";
import { isReset, ProbingWriter } from "./probing_writer.ts";
import type { Receipts } from "../request/receipts.ts";

/** Finds out whether such a client is there. */
export class HalfClose {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #receipts: Receipts;
  readonly #pause: Pause;
  #writer: ProbingWriter | undefined = undefined;
  #over = false;

  constructor(stream: ByteStream, clock: Clock, receipts: Receipts) {
    this.#stream = stream;
    this.#clock = clock;
    this.#receipts = receipts;
    this.#pause = new Pause(clock);
  }

  /**
   * Waits for a reset; `undefined` where a reset would tell nothing. The client may have ended its side before the last
   * answers were written: then a reset follows them, and no client has read them.
   */
  awaitReset(): Promise<void> | undefined {
    const { resetTime = 0, tellsUnread } = this.#stream;
    if (!this.#receipts.unanswered || !tellsUnread || resetTime === 0) return undefined;
    return this.#resetAfter(resetTime);
  }

  async #resetAfter(ms: number): Promise<void> {
    await this.#pause.over(ms);
    if (!this.#over && await isReset(this.#stream)) this.#receipts.unread();
  }

  /** Writes through a `ProbingWriter` from now on. */
  probe(output: Output): void {
    this.#writer = new ProbingWriter(this.#stream, this.#clock, () => this.#receipts.owed);
    output.through(this.#writer);
  }

  /** Ends the wait: the connection has ended. */
  end(): void {
    this.#over = true;
    this.#writer?.close();
    this.#pause.end();
  }
}
