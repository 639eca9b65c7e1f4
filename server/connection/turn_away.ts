import { type ByteStream, writeAll } from "../../net/stream.ts";
import type { Clock } from "../../scheduling/clock.ts";

/** Sends refused connections their refusal: a bounded number at a time, each in a bounded time. */
export class TurnAway {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #time: number;
  #count = 0;

  /** Serves `most` at a time, each for at most `time` ms. The others are closed without the refusal. */
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
