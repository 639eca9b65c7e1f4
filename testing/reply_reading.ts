// The answers on one connection, as lines: each answer in its canonical form, with its body below it.

import { type Frame, isFinal } from "../dialects/lineup1/frame.ts";
import { formatLine } from "../dialects/lineup1/line.ts";
import { createReplyReader } from "../dialects/lineup1/reply_reader.ts";
import { type ByteStream, writeAll } from "../net/stream.ts";
import { decodeText, encodeText } from "../protocol/strings.ts";

/** The longest line and body that a test reads, in bytes. */
const MOST_LINE = 65_536, MOST_BODY = 1 << 26;

/** A connection whose answers are read as text. */
export class ReplyReading {
  /** The lines that have come and were not taken. */
  readonly lines: string[] = [];
  /** The number of final lines among them. */
  finals = 0;
  /** Whether the server has ended the connection. */
  ended = false;
  readonly #stream: ByteStream;
  readonly #reader = createReplyReader(MOST_LINE, MOST_BODY);
  readonly #buffer = new Uint8Array(65_536);

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** Sends text. A server that has ended the connection is no error here. */
  async send(text: string): Promise<void> {
    await writeAll(this.#stream, encodeText(text)).catch(() => {});
  }

  /** Reads until `enough` is true, or the connection has ended. `enough` is asked after each answer. */
  async until(enough: (last: Frame | undefined) => boolean): Promise<void> {
    let last: Frame | undefined;
    while (!enough(last) && !this.ended) last = await this.#answer();
  }

  /** Takes the lines that have come. */
  take(): string[] {
    this.finals = 0;
    return this.lines.splice(0);
  }

  close(): void {
    this.#stream.close();
  }

  async #answer(): Promise<Frame | undefined> {
    let frame: Frame | undefined;
    while ((frame = this.#reader.next()) === undefined) {
      const read = await this.#stream.read(this.#buffer).catch(() => null);
      this.ended = read === null;
      if (read === null) return undefined;
      this.#reader.push(this.#buffer.slice(0, read));
    }
    this.lines.push(formatLine(frame, frame.body?.length));
    if (frame.body !== undefined) this.lines.push(...bodyText(frame.body).split("\n"));
    if (isFinal(frame)) this.finals++;
    return frame;
  }
}

function bodyText(body: Uint8Array): string {
  try {
    return decodeText(body).replaceAll("\r\n", "\n");
  } catch {
    return body.toBase64();
  }
}
