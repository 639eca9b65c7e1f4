// The reading half of a connection: the greeting, then one line after another.

import type { Frame } from "../dialects/lineup1/frame.ts";
import { createReplyReader, type ReplyReader } from "../dialects/lineup1/reply_reader.ts";
import type { ByteStream } from "../net/stream.ts";
import type { Executed } from "../protocol/errors.ts";
import { ConnectionLost, notLineup, ProtocolError, toRefusal } from "./errors.ts";
import { type Greeting, parseGreeting } from "./greeting.ts";

const READ_SIZE = 65_536;
/** The first byte of an alert of TLS. No line begins with it. */
const TLS_ALERT = 0x15;

/** The default limits of a reply, in bytes. */
export const REPLY_LIMITS = { maxLine: 65_536, maxBody: 1 << 26 } as const;

/** Reads the lines of a server. */
export class ReplyStream {
  /** The bytes of one read; hand its result to `push`. */
  readonly buffer: Uint8Array = new Uint8Array(READ_SIZE);
  /** The lines in these bytes; take them by `next`. */
  readonly reader: ReplyReader;

  /** The limits are in bytes. */
  constructor({ maxLine, maxBody }: { maxLine: number; maxBody: number } = REPLY_LIMITS) {
    this.reader = createReplyReader(maxLine, maxBody);
  }

  /**
   * Takes the result of a read into `buffer`, once `next` has answered `undefined`. Throws `ConnectionLost`, with
   * `executed`, where the server has ended its side.
   */
  push(read: number | null, executed: Executed): void {
    if (read === null) throw new ConnectionLost("the server closed the connection", executed);
    this.reader.push(this.buffer.subarray(0, read));
  }

  /** The next line with its body; `undefined` where more bytes are needed. Throws `ProtocolError`. */
  next(): Frame | undefined {
    try {
      return this.reader.next();
    } catch (cause) {
      throw notLineup((cause as Error).message, cause);
    }
  }

  /**
   * Reads the first line. Throws `ConnectionLost`, `ProtocolError` where the server speaks something else, and `Refusal`
   * where it refuses the connection.
   */
  async readGreeting(stream: ByteStream): Promise<Greeting> {
    for (;;) {
      this.push(await stream.read(this.buffer), "no");
      if (this.buffer[0] === TLS_ALERT) {
        throw new ProtocolError("the server speaks TLS: use tls://");
      }
      const frame = this.next();
      if (frame?.head === "ERR") throw toRefusal(frame);
      if (frame !== undefined) return parseGreeting(frame);
    }
  }
}
