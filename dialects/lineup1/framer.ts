// Bytes in any split to requests or replies: lines, counted bodies, telnet. One pass, bounded memory.

import { BodyReader } from "./body_reader.ts";
import { isHttp, SPEAKS_NO_HTTP, SPEAKS_NO_TLS, TLS_HANDSHAKE } from "./foreign_protocol.ts";
import type { Frame } from "./frame.ts";
import type { Line, Side } from "./line.ts";
import { cannotOccur, isText, LineScanner, NOT_TEXT } from "./line_bytes.ts";
import { LineParser } from "./line_parser.ts";
import { DEFAULT_LIMITS, type WireLimits } from "../wire_limits.ts";
import type { Malformed } from "./malformed.ts";
import { PartialLine } from "./partial_line.ts";
import { telnet, type TelnetCommand, TelnetReader } from "./telnet.ts";

/** What a framer yields; `F` stands for a whole line with its body. */
export type Framed<F = Frame> = F | Malformed | TelnetCommand;

const EMPTY = new Uint8Array(0);
const LF = 0x0a, CR = 0x0d;
const BAD_CR = "A carriage return must be followed by a line feed.";

const enum Reading {
  Line,
  Body,
  BodyEnd,
  Nothing,
}

/**
 * Reads one direction of a connection. `push` hands it bytes, `next` takes what they make up until it answers
 * `undefined`; the bytes pushed must stay as they are until then. After a fatal `Malformed` there is nothing more.
 *
 * It holds at most one line (`maxLine` bytes) and one body (`maxBody` bytes, allocated as its bytes arrive).
 *
 * @example
 * ```ts
 * import { Framer } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const framer = new Framer("request");
 * framer.push(new TextEncoder().encode('#1 put mail {5}\r\nhello\r\n'));
 * assertEquals(framer.next(), {
 *   kind: "frame",
 *   tag: "1",
 *   head: "PUT",
 *   words: ["mail"],
 *   options: new Map(),
 *   body: new TextEncoder().encode("hello"),
 * });
 * assertEquals(framer.next(), undefined);
 * ```
 */
export class Framer<F extends { body: Uint8Array | undefined } = Frame> {
  readonly #parser: LineParser;
  /** Longest body, in bytes, from the next line on. */
  maxBody: number;
  readonly #maxLine: number;
  readonly #maxDiscard: number;
  readonly #request: boolean;
  readonly #make: (line: Line) => F;

  #chunk: Uint8Array = EMPTY;
  #at = 0;
  #reading = Reading.Line;
  #crlf = true;
  #lines = 0;

  readonly #partial: PartialLine;
  readonly #scanner = new LineScanner();
  #afterCR = false;
  readonly #telnet = new TelnetReader();
  #telnetBytes = 0;

  // The frame whose body is read; undefined where the body is thrown away.
  #frame: F | undefined;
  readonly #body = new BodyReader();

  /**
   * Reads requests (a server) or replies (a client). `make` makes what is yielded out of a line, whose `words` and
   * `options` it may keep. Default: a `Frame`.
   */
  constructor(side: Side, limits: Partial<WireLimits> = {}, make?: (line: Line) => F) {
    this.#make = make ?? (toFrame as (line: Line) => unknown as (line: Line) => F);
    this.#request = side === "request";
    this.#parser = new LineParser(side);
    const { maxLine, maxBody, maxDiscard } = { ...DEFAULT_LIMITS, ...limits };
    this.#partial = new PartialLine(maxLine);
    this.#maxLine = maxLine;
    this.maxBody = maxBody;
    this.#maxDiscard = maxDiscard;
  }

  /** Whether the last line ended in CRLF (or telnet's CR NUL); true before the first. */
  get crlf(): boolean {
    return this.#crlf;
  }

  /** Bytes of an unfinished line or body held until the rest arrives. */
  get held(): number {
    return this.#partial.bytes.length + this.#body.held;
  }

  /** The frame whose body is being read, without it; `undefined` between frames. */
  get begun(): F | undefined {
    return this.#frame;
  }

  /** Whether the stream may end here: no line and no body is unfinished. */
  get idle(): boolean {
    return this.#reading === Reading.Line && this.#partial.length === 0 && !this.#afterCR;
  }

  /** Hands in the next bytes. Throws `Error` where the bytes before were not all taken. */
  push(bytes: Uint8Array): void {
    if (this.#at < this.#chunk.length && this.#reading !== Reading.Nothing) {
      throw new Error("push before next() answered undefined");
    }
    this.#chunk = bytes;
    this.#at = 0;
    this.#body.nextChunk();
  }

  /** What the bytes so far make up next; `undefined` where more are needed. */
  next(): Framed<F> | undefined {
    for (;;) {
      switch (this.#reading) {
        case Reading.Line: {
          if (this.#at === this.#chunk.length) {
            // Or a client that says no more would hold what its last bodies share.
            this.#body.nextChunk();
            return undefined;
          }
          const found = this.#line();
          if (found !== undefined) return found;
          break;
        }
        case Reading.Body:
          this.#at = this.#body.fill(this.#chunk, this.#at);
          if (!this.#body.whole) return undefined;
          this.#reading = Reading.BodyEnd;
          break;
        case Reading.BodyEnd: {
          if (this.#at === this.#chunk.length) return undefined;
          const found = this.#bodyEnd();
          if (found !== undefined) return found;
          break;
        }
        case Reading.Nothing:
          return undefined;
      }
    }
  }

  /** Reads on to the end of a line, of the chunk, or to a telnet command. */
  #line(): Framed<F> | undefined {
    const chunk = this.#chunk;
    const end = chunk.length;
    if (this.#telnet.busy) return this.#telnetByte();
    if (this.#afterCR) {
      const byte = chunk[this.#at];
      if (byte !== LF && byte !== 0) return this.#lost("bad-syntax", BAD_CR);
      this.#afterCR = false;
      this.#at++;
      this.#crlf = true;
      return this.#parse(chunk, this.#at, this.#at);
    }
    const start = this.#at;
    const at = this.#scanner.scan(chunk, start);
    if (this.#partial.length + this.#telnetBytes + at - start > this.#maxLine) {
      return this.#tooLong();
    }
    if (at === end) {
      this.#keep(start, end, end);
      return undefined;
    }
    switch (chunk[at]) {
      case LF:
        this.#at = at + 1;
        this.#crlf = false;
        return this.#parse(chunk, start, at);
      case CR: {
        const after = chunk[at + 1];
        if (at + 1 < end && (after === LF || after === 0)) {
          this.#at = at + 2;
          this.#crlf = true;
          return this.#parse(chunk, start, at);
        }
        this.#keep(start, at, at + 1);
        this.#afterCR = true;
        return undefined;
      }
      case telnet.IAC:
        if (!this.#request) break;
        this.#keep(start, at, at + 1);
        this.#telnet.begin();
        return undefined;
      case TLS_HANDSHAKE:
        if (this.#request && this.#lines === 0 && this.#partial.length + at - start === 0) {
          return this.#lost("wrong-protocol", SPEAKS_NO_TLS);
        }
    }
    return this.#lost("bad-syntax", cannotOccur(chunk[at]));
  }

  /** Keeps what the chunk holds of a line, and goes on at `next`. */
  #keep(start: number, end: number, next: number): void {
    this.#partial.add(this.#chunk, start, end);
    this.#at = next;
  }

  #parse(bytes: Uint8Array, start: number, end: number): Framed<F> | undefined {
    const partial = this.#partial;
    if (partial.length > 0) {
      partial.add(bytes, start, end);
      bytes = partial.bytes;
      start = 0;
      end = partial.length;
      partial.clear();
    }
    this.#telnetBytes = 0;
    if (!this.#scanner.ascii) {
      this.#scanner.ascii = true;
      if (!isText(bytes.subarray(start, end))) return this.#lost("bad-syntax", NOT_TEXT);
    }
    const parser = this.#parser;
    const bad = parser.parse(bytes, start, end);
    const isFirst = this.#lines++ === 0;
    if ((isFirst || bad !== undefined) && this.#request && isHttp(bytes, start, end, isFirst)) {
      return this.#lost("wrong-protocol", SPEAKS_NO_HTTP);
    }
    if (bad !== undefined) return this.#refuse("bad-syntax", bad.message, bad.tag, bad.length);
    const { length } = parser;
    if (parser.head === "") return undefined;
    if (length < 0) return this.#make(parser);
    if (length > this.maxBody) {
      const message = `A body holds at most ${this.maxBody} bytes, not ${length}.`;
      return this.#refuse("body-too-large", message, parser.tag, length);
    }
    this.#expect(this.#make(parser), length);
    return undefined;
  }

  /** The next `length` bytes are a body: of `frame`, or of a line that was refused. */
  #expect(frame: F | undefined, length: number): void {
    this.#frame = frame;
    this.#body.begin(length, frame !== undefined);
    this.#reading = Reading.Body;
  }

  #bodyEnd(): F | Malformed | undefined {
    const byte = this.#chunk[this.#at];
    if (byte === LF || (this.#afterCR && byte === 0)) {
      this.#afterCR = false;
      this.#at++;
      this.#reading = Reading.Line;
      const frame = this.#frame;
      if (frame === undefined) return undefined;
      this.#frame = undefined;
      frame.body = this.#body.take();
      return frame;
    }
    if (byte === CR && !this.#afterCR) {
      this.#afterCR = true;
      this.#at++;
      return undefined;
    }
    return this.#lost(
      "bad-syntax",
      `The body is longer than the ${this.#body.length} bytes announced, or no line end follows it.`,
      // Of the line before the body.
      this.#frame && this.#parser.tag,
    );
  }

  #telnetByte(): TelnetCommand | Malformed | undefined {
    // A telnet command takes no room in the line but counts against it, or it could go on for ever.
    if (++this.#telnetBytes + this.#partial.length > this.#maxLine) return this.#tooLong();
    const read = this.#telnet.read(this.#chunk[this.#at++]);
    return read === "bad" ? this.#lost("bad-syntax", NOT_TEXT) : read;
  }

  #tooLong(): Malformed {
    return this.#lost("line-too-long", `A line holds at most ${this.#maxLine} bytes.`);
  }

  #lost(code: Malformed["code"], message: string, tag?: string): Malformed {
    return this.#refuse(code, message, tag, undefined);
  }

  /** Goes on behind the body of `length` bytes (-1: none) where there is an end to it, and it is not too long. */
  #refuse(
    code: Malformed["code"],
    message: string,
    tag: string | undefined,
    length: number | undefined,
  ): Malformed {
    const fatal = length === undefined || length > this.#maxDiscard;
    if (fatal) this.#stop();
    else if (length >= 0) this.#expect(undefined, length);
    return { kind: "malformed", code, message, tag, fatal };
  }

  #stop(): void {
    this.#reading = Reading.Nothing;
    this.#chunk = EMPTY;
    this.#at = 0;
    this.#partial.clear();
    this.#body.clear();
    this.#frame = undefined;
  }
}

function toFrame({ tag, head, words, options }: Line): Frame {
  return { kind: "frame", tag, head, words, options, body: undefined };
}
