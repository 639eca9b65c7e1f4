import { type ByteStream, writeAll } from "../../net/stream.ts";
import type { Clock } from "../../scheduling/clock.ts";

/** Tells refused connections why they are not served: so many at a time, and each in a bounded time. */
export class TurnAway {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #time: number;
  #count = 0;

  /** Tells `most` at a time, in `time` ms each; the others are closed without a word. */
  constructor(clock: Clock, most: number, time: number) {
    this.#clock = clock;
    this.#most = most;
    this.#time = time;
  }

  /** Writes `answer`, and closes the stream. Never rejects. */
  async tell(stream: ByteStream, answer: Uint8Array): Promise<void> {
    if (this.#count >= this.#most) return stream.close();
    this.#count++;
    const stop = this.#clock.after(this.#time, () => stream.close());
    try {
      await writeAll(stream, answer);
      await stream.closeWrite();
    } catch {
      // The peer is gone; ignore.
    } finally {
      stream.close();
      stop();
      this.#count--;
    }
  }
}
