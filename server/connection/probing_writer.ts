// Writes to a client that has ended its side. A killed process ends its side just like a client that goes on reading:
// only the next write tells them apart, since a system without the process answers it with a reset.

import type { ByteStream } from "../../net/stream.ts";
import type { Clock } from "../../scheduling/clock.ts";
import { Pause } from "./pause.ts";

/** The time in ms after a successful write during which a client counts as present. */
const FRESH_MS = 100;

const NOTHING = new Uint8Array();

/** The output of such a client. */
export class ProbingWriter {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #mustArrive: () => boolean;
  #provenAt = -Infinity;
  readonly #pause: Pause;

  /** `mustArrive` tells whether the next bytes must not get lost. */
  constructor(stream: ByteStream, clock: Clock, mustArrive: () => boolean) {
    this.#stream = stream;
    this.#clock = clock;
    this.#pause = new Pause(clock);
    this.#mustArrive = mustArrive;
  }

  /**
   * As `ByteStream.write`. Of bytes that must not get lost, it first writes one, or two one after the other. It writes
   * the rest after the time in which a reset would have come.
   */
  async write(bytes: Uint8Array): Promise<number> {
    const { resetTime = 0 } = this.#stream;
    const isFresh = this.#clock.now() - this.#provenAt < FRESH_MS;
    if (resetTime === 0 || isFresh || !this.#mustArrive()) {
      const count = await this.#stream.write(bytes);
      this.#provenAt = this.#clock.now();
      return count;
    }
    // Under TLS a write succeeds before it is sent: only the write after it fails.
    const ahead = Math.min(this.#stream.tellsUnread ? 1 : 2, bytes.length);
    let count = 0;
    while (count < ahead) {
      count += await this.#stream.write(bytes.subarray(count, count + 1));
      await this.#pause.over(resetTime);
    }
    this.#provenAt = this.#clock.now();
    return count;
  }

  /** Ends the wait for a reset. */
  close(): void {
    this.#pause.end();
  }
}

/** Whether a connection was reset after the other end had ended its side: then even an empty write fails. */
export async function isReset(stream: ByteStream): Promise<boolean> {
  try {
    await stream.write(NOTHING);
    return false;
  } catch {
    return true;
  }
}
