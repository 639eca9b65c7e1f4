// Whether a client that has ended its side is still there. A process that was killed ends it in the same way as one
// that goes on reading: only what is written next tells, since it is answered with a reset where nobody is left.

import type { ByteStream } from "../../net/stream.ts";
import type { Clock } from "../../scheduling/clock.ts";

/** For so long after a write that went well a client counts as one that is there, in ms. */
const FRESH_MS = 100;

const NOTHING = new Uint8Array();

/** Writes to a client that has ended its side. */
export class ProbingWriter {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #matters: () => boolean;
  #provenAt = -Infinity;
  readonly #wait: Wait;

  /** Of a stream whose other end has ended its side; `matters` says whether what is to be written must not get lost. */
  constructor(stream: ByteStream, clock: Clock, matters: () => boolean) {
    this.#stream = stream;
    this.#clock = clock;
    this.#wait = new Wait(clock);
    this.#matters = matters;
  }

  /** As `ByteStream.write`. Of what must not get lost one byte goes ahead, or two one after the other, and the rest once a reset would be here. */
  async write(bytes: Uint8Array): Promise<number> {
    const { resetTime = 0 } = this.#stream;
    const isFresh = this.#clock.now() - this.#provenAt < FRESH_MS;
    if (resetTime === 0 || isFresh || !this.#matters()) {
      const count = await this.#stream.write(bytes);
      this.#provenAt = this.#clock.now();
      return count;
    }
    // Behind TLS a write is taken before it is sent: that it could not be sent, only the one after the next tells.
    const ahead = Math.min(this.#stream.tellsUnread ? 1 : 2, bytes.length);
    let count = 0;
    while (count < ahead) {
      count += await this.#stream.write(bytes.subarray(count, count + 1));
      await this.#wait.over(resetTime);
    }
    this.#provenAt = this.#clock.now();
    return count;
  }

  /** Waits for no reset any more. */
  close(): void {
    this.#wait.end();
  }
}

/** A pause that ends at once where the connection does. */
export class Wait {
  readonly #clock: Clock;
  #end: (() => void) | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after so many ms. */
  over(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#clock.after(ms, resolve);
      this.#end = () => {
        stop();
        resolve();
      };
    });
  }

  /** Ends it. */
  end(): void {
    this.#end?.();
  }
}

/** Whether a connection was reset, whose other end has ended its side: not even nothing can be written then. */
export async function isReset(stream: ByteStream): Promise<boolean> {
  try {
    await stream.write(NOTHING);
    return false;
  } catch {
    return true;
  }
}
