// Splits bytes into lines and counted bodies, for both sides of a connection. One pass, bounded memory.

import type { WireLimits } from "../wire_limits.ts";
import { BodyReader } from "../body_reader.ts";
import { Fault, type FaultKind } from "./fault.ts";
import type { Line } from "./line.ts";
import { hex, isText, LineScanner } from "./line_bytes.ts";
import type { LineParser } from "./line_parser.ts";
import type { Malformed } from "./malformed.ts";
import { PartialLine } from "../partial_line.ts";
import type { TelnetCommand } from "./telnet.ts";

const EMPTY = new Uint8Array(0);
const LF = 0x0a, CR = 0x0d;

/** The part of the input that comes next; `Nothing` behind a fatal error. */
const enum FramingState {
  Line,
  Body,
  BodyEnd,
  Nothing,
}

/** The input that only a server meets: telnet commands, and clients of other protocols. */
export interface ServerInput {
  /** Whether a telnet command has begun and not ended. */
  readonly inCommand: boolean;
  /** Begins a telnet command if `byte` is the first byte of one. */
  beginCommand(byte: number): boolean;
  /** Takes the next byte of a telnet command. Returns the command at its last byte, and `"bad"` for an unknown one. */
  command(byte: number): TelnetCommand | "bad" | undefined;
  /** The message for a client whose first byte belongs to another protocol. */
  foreignByte(byte: number): string | undefined;
  /** The message for a client whose line belongs to another protocol. `isFirst`: it is the first line of the connection. */
  foreignLine(bytes: Uint8Array, start: number, end: number, isFirst: boolean): string | undefined;
}

/** The treatment of lines outside the grammar. */
export interface FaultHandling {
  /** A sentence about a fault. */
  explain(fault: Fault): string;
  /**
   * Finds the length of the body behind a bad line, to go on behind it. -1: no body. `undefined`: ambiguous. Default: every
   * bad line is fatal.
   */
  lengthBehind?(
    bytes: Uint8Array,
    start: number,
    end: number,
    unclosed: boolean,
  ): number | undefined;
}

/** The parts of framing that differ between the two sides of a connection. */
export interface FramingParts<F> {
  readonly parser: LineParser;
  /** Makes the frame of a line, whose `words` and `options` it may keep. */
  readonly make: (line: Line) => F;
  readonly faults: FaultHandling;
  /** A client has none. */
  readonly server?: ServerInput;
}

/**
 * The framing of both sides. A server adds the input that only it meets, and goes on behind a bad line. A client needs
 * neither: a bad reply ends its connection.
 */
export class LineFramer<F extends { body: Uint8Array | undefined }> {
  readonly #parser: LineParser;
  /** Longest body, in bytes, from the next line on. */
  maxBody: number;
  readonly #maxLine: number;
  readonly #maxDiscard: number;
  readonly #server: ServerInput | undefined;
  readonly #faults: FaultHandling;
  readonly #make: (line: Line) => F;

  #chunk: Uint8Array = EMPTY;
  #at = 0;
  #reading = FramingState.Line;
  #crlf = true;
  #lines = 0;

  readonly #partial: PartialLine;
  readonly #scanner = new LineScanner();
  #afterCR = false;
  #telnetBytes = 0;

  // The frame whose body is read; undefined while a body is skipped.
  #frame: F | undefined;
  readonly #body = new BodyReader();

  constructor(
    { parser, make, faults, server }: FramingParts<F>,
    { maxLine, maxBody, maxDiscard }: WireLimits,
  ) {
    this.#parser = parser;
    this.#make = make;
    this.#faults = faults;
    this.#server = server;
    this.#partial = new PartialLine(maxLine);
    this.#maxLine = maxLine;
    this.maxBody = maxBody;
    this.#maxDiscard = maxDiscard;
  }

  /** Whether the last line ended in CRLF (or telnet's CR NUL); true before the first. */
  get crlf(): boolean {
    return this.#crlf;
  }

  /** The memory of an unfinished line or body, in bytes. */
  get held(): number {
    return this.#partial.bytes.length + this.#body.held;
  }

  /** The frame whose body is being read, still without the body; `undefined` between frames. */
  get begun(): F | undefined {
    return this.#frame;
  }

  /** Whether the input may end here: no line and no body is unfinished. */
  get idle(): boolean {
    return this.#reading === FramingState.Line && this.#partial.length === 0 && !this.#afterCR;
  }

  /** Takes the next bytes. Throws `Error` unless `next` has returned `undefined` before. */
  push(bytes: Uint8Array): void {
    if (this.#at < this.#chunk.length && this.#reading !== FramingState.Nothing) {
      throw new Error("push before next() answered undefined");
    }
    this.#chunk = bytes;
    this.#at = 0;
    this.#body.nextChunk();
  }

  /** The next unit of input; `undefined` where more bytes are needed. */
  next(): F | Malformed | TelnetCommand | undefined {
    for (;;) {
      switch (this.#reading) {
        case FramingState.Line: {
          if (this.#at === this.#chunk.length) {
            // Release the shared copy: an idle client would keep it in memory.
            this.#body.nextChunk();
            return undefined;
          }
          const found = this.#line();
          if (found !== undefined) return found;
          break;
        }
        case FramingState.Body:
          this.#at = this.#body.fill(this.#chunk, this.#at);
          if (!this.#body.whole) return undefined;
          this.#reading = FramingState.BodyEnd;
          break;
        case FramingState.BodyEnd: {
          if (this.#at === this.#chunk.length) return undefined;
          const found = this.#bodyEnd();
          if (found !== undefined) return found;
          break;
        }
        case FramingState.Nothing:
          return undefined;
      }
    }
  }

  /** Reads to the end of the line or of the chunk, or to a telnet command. */
  #line(): F | Malformed | TelnetCommand | undefined {
    const chunk = this.#chunk;
    const end = chunk.length;
    if (this.#server?.inCommand) return this.#commandByte(this.#server);
    if (this.#afterCR) {
      const byte = chunk[this.#at];
      if (byte !== LF && byte !== 0) return this.#fault("carriage-return");
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
    }
    if (this.#server?.beginCommand(chunk[at])) {
      this.#keep(start, at, at + 1);
      return undefined;
    }
    if (this.#lines === 0 && this.#partial.length + at - start === 0) {
      const foreign = this.#server?.foreignByte(chunk[at]);
      if (foreign !== undefined) return this.#lost("wrong-protocol", foreign);
    }
    return this.#fault("byte", hex(chunk[at]));
  }

  /** Keeps a part of a line from the chunk, and goes on at `next`. */
  #keep(start: number, end: number, next: number): void {
    this.#partial.add(this.#chunk, start, end);
    this.#at = next;
  }

  #parse(bytes: Uint8Array, start: number, end: number): F | Malformed | TelnetCommand | undefined {
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
      if (!isText(bytes.subarray(start, end))) return this.#fault("text");
    }
    const parser = this.#parser;
    const bad = parser.parse(bytes, start, end);
    const isFirst = this.#lines++ === 0;
    if (isFirst || bad !== undefined) {
      const foreign = this.#server?.foreignLine(bytes, start, end, isFirst);
      if (foreign !== undefined) return this.#lost("wrong-protocol", foreign);
    }
    if (bad !== undefined) {
      const unclosed = bad.kind === "open-quote";
      const length = this.#faults.lengthBehind?.(bytes, start, end, unclosed);
      return this.#refuse("bad-syntax", this.#faults.explain(bad), parser.tag, length);
    }
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

  /** Begins a body of `length` bytes: of `frame`, or of a refused line. */
  #expect(frame: F | undefined, length: number): void {
    this.#frame = frame;
    this.#body.begin(length, frame !== undefined);
    this.#reading = FramingState.Body;
  }

  #bodyEnd(): F | Malformed | undefined {
    const byte = this.#chunk[this.#at];
    if (byte === LF || (this.#afterCR && byte === 0)) {
      this.#afterCR = false;
      this.#at++;
      this.#reading = FramingState.Line;
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
      // The tag of the line before the body.
      this.#frame && this.#parser.tag,
    );
  }

  #commandByte(server: ServerInput): TelnetCommand | Malformed | undefined {
    // A telnet command counts against the length of the line; otherwise it could be endless.
    if (++this.#telnetBytes + this.#partial.length > this.#maxLine) return this.#tooLong();
    const read = server.command(this.#chunk[this.#at++]);
    return read === "bad" ? this.#fault("text") : read;
  }

  #tooLong(): Malformed {
    return this.#lost("line-too-long", `A line holds at most ${this.#maxLine} bytes.`);
  }

  #fault(kind: FaultKind, word?: string): Malformed {
    return this.#lost("bad-syntax", this.#faults.explain(new Fault(kind, word)));
  }

  #lost(code: Malformed["code"], message: string, tag?: string): Malformed {
    return this.#refuse(code, message, tag, undefined);
  }

  /** Goes on behind the body of `length` bytes (-1: none), unless the length is unknown or too large. */
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
    this.#reading = FramingState.Nothing;
    this.#chunk = EMPTY;
    this.#at = 0;
    this.#partial.clear();
    this.#body.clear();
    this.#frame = undefined;
  }
}
