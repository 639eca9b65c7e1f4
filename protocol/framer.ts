// Bytes in any split to requests or replies: lines, counted bodies, telnet. One pass, bounded memory.

import type { ErrorCode } from "./errors.ts";
import type { Line, Side } from "./line.ts";
import { type BadLine, LineParser } from "./line_parser.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";

/** A whole request or reply line with its body. */
export interface Frame extends Line {
  /** Tells it from the others that a framer yields. */
  readonly kind: "frame";
  /** The counted body; `undefined` where the line announced none. */
  readonly body: Uint8Array | undefined;
}

/** Input outside the grammar. */
export interface Malformed {
  /** Tells it from the others that a framer yields. */
  readonly kind: "malformed";
  /** The code of the answer. */
  readonly code: ErrorCode & ("bad-syntax" | "line-too-long" | "body-too-large" | "wrong-protocol");
  /** Says what is wrong and what would be right. */
  readonly message: string;
  /** The tag of the line, where it could be read. */
  readonly tag: string | undefined;
  /** Framing is lost: nothing more can be read from this stream. */
  readonly fatal: boolean;
}

/** A telnet command that arrived among the lines: `command` and `option` are its bytes as numbers (RFC 854). */
export interface TelnetCommand {
  /** Tells it from the others that a framer yields. */
  readonly kind: "telnet";
  /** The byte behind IAC: IP, WILL, DO, … */
  readonly command: number;
  /** The option of WILL, WONT, DO and DONT; -1 for other commands. */
  readonly option: number;
}

/** What a framer yields. */
export type Framed = Frame | Malformed | TelnetCommand;

/** Telnet's command bytes (RFC 854) and the one option that Lineup answers (RFC 860). */
export const telnet = {
  SE: 240,
  IP: 244,
  SB: 250,
  WILL: 251,
  WONT: 252,
  DO: 253,
  DONT: 254,
  IAC: 255,
  TIMING_MARK: 6,
} as const;

const EMPTY = new Uint8Array(0);
const LF = 0x0a, CR = 0x0d, TLS_HANDSHAKE = 0x16;

// What a byte of a line needs: nothing, the flag "not ASCII", or a closer look.
const PLAIN = 0, HIGH = 1, STOP = 2;
const CLASS = new Uint8Array(256).map((_, byte) =>
  byte === 0x09 || (byte >= 0x20 && byte < 0x7f) ? PLAIN : byte > 0x7f && byte < 0xff ? HIGH : STOP
);

const enum Reading {
  Line,
  Body,
  BodyEnd,
  Nothing,
}

const enum Telnet {
  None,
  Command,
  Option,
  Sub,
  SubCommand,
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

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
export class Framer {
  readonly #parser: LineParser;
  readonly #maxLine: number;
  readonly #maxBody: number;
  readonly #maxDiscard: number;
  readonly #request: boolean;

  #chunk: Uint8Array = EMPTY;
  #at = 0;
  #reading = Reading.Line;
  #crlf = true;
  #lines = 0;

  // The line so far where it does not lie whole in one chunk.
  #stash: Uint8Array = EMPTY;
  #stashed = 0;
  #high = false;
  #afterCR = false;
  #telnet = Telnet.None;
  #telnetCommand = 0;
  #telnetBytes = 0;

  #frame: Omit<Frame, "body"> | undefined;
  #body: Uint8Array = EMPTY;
  #bodyLength = 0;
  #bodyRead = 0;

  /** Reads requests (a server) or replies (a client). */
  constructor(side: Side, limits: Partial<Limits> = {}) {
    this.#request = side === "request";
    this.#parser = new LineParser(side);
    const { maxLine, maxBody, maxDiscard } = { ...DEFAULT_LIMITS, ...limits };
    this.#maxLine = maxLine;
    this.#maxBody = maxBody;
    this.#maxDiscard = maxDiscard;
  }

  /** Whether the last line ended in CRLF (or telnet's CR NUL); true before the first. */
  get crlf(): boolean {
    return this.#crlf;
  }

  /** Bytes of an unfinished line or body held until the rest arrives. */
  get held(): number {
    return this.#stash.length + this.#body.length;
  }

  /** Whether the stream may end here: no line and no body is unfinished. */
  get idle(): boolean {
    return this.#reading === Reading.Line && this.#stashed === 0 && !this.#afterCR;
  }

  /** Hands in the next bytes. Throws `Error` where the bytes before were not all taken. */
  push(bytes: Uint8Array): void {
    if (this.#at < this.#chunk.length && this.#reading !== Reading.Nothing) {
      throw new Error("push before next() answered undefined");
    }
    this.#chunk = bytes;
    this.#at = 0;
  }

  /** What the bytes so far make up next; `undefined` where more are needed. */
  next(): Framed | undefined {
    for (;;) {
      switch (this.#reading) {
        case Reading.Line: {
          if (this.#at === this.#chunk.length) return undefined;
          const found = this.#line();
          if (found !== undefined) return found;
          break;
        }
        case Reading.Body:
          if (!this.#fillBody()) return undefined;
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
  #line(): Framed | undefined {
    const chunk = this.#chunk;
    const end = chunk.length;
    if (this.#telnet !== Telnet.None) return this.#telnetByte();
    if (this.#afterCR) {
      const byte = chunk[this.#at];
      if (byte !== LF && byte !== 0) return this.#lost("bad-syntax", BAD_CR);
      this.#afterCR = false;
      this.#at++;
      this.#crlf = true;
      return this.#parse(chunk, this.#at, this.#at);
    }
    const start = this.#at;
    let at = start;
    let high = this.#high;
    for (; at < end; at++) {
      const kind = CLASS[chunk[at]];
      if (kind === PLAIN) continue;
      if (kind === STOP) break;
      high = true;
    }
    this.#high = high;
    if (this.#stashed + this.#telnetBytes + at - start > this.#maxLine) {
      return this.#lost("line-too-long", `A line holds at most ${this.#maxLine} bytes.`);
    }
    if (at === end) {
      this.#keep(start, end);
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
        this.#keep(start, at);
        this.#at = at + 1;
        this.#afterCR = true;
        return undefined;
      }
      case telnet.IAC:
        if (!this.#request) break;
        this.#keep(start, at);
        this.#at = at + 1;
        this.#telnet = Telnet.Command;
        return undefined;
      case TLS_HANDSHAKE:
        if (this.#lines === 0 && this.#stashed + at - start === 0) {
          return this.#lost(
            "wrong-protocol",
            "This port speaks Lineup/1 in plain text, without TLS.",
          );
        }
    }
    return this.#lost(
      "bad-syntax",
      `The byte 0x${chunk[at].toString(16).padStart(2, "0")} cannot occur in a line; ` +
        `write control characters as escapes in quotes, or send a counted body.`,
    );
  }

  /** Moves a part of a line out of the chunk. */
  #keep(start: number, end: number): void {
    const size = this.#stashed + end - start;
    if (size > this.#stash.length) {
      const grown = new Uint8Array(Math.min(Math.max(256, size * 2), this.#maxLine));
      grown.set(this.#stash.subarray(0, this.#stashed));
      this.#stash = grown;
    }
    this.#stash.set(this.#chunk.subarray(start, end), this.#stashed);
    this.#stashed = size;
    this.#at = end;
  }

  #parse(bytes: Uint8Array, start: number, end: number): Framed | undefined {
    if (this.#stashed > 0) {
      const at = this.#at;
      this.#keep(start, end);
      this.#at = at;
      bytes = this.#stash;
      start = 0;
      end = this.#stashed;
      this.#stashed = 0;
      this.#stash = EMPTY;
    }
    this.#telnetBytes = 0;
    if (this.#high) {
      this.#high = false;
      const line = bytes.subarray(start, end);
      if (!isText(line)) return this.#lost("bad-syntax", BAD_UTF8);
    }
    const parser = this.#parser;
    const bad = parser.parse(bytes, start, end);
    this.#lines++;
    if (bad !== undefined) return this.#bad(bad, bytes, start, end);
    const { tag, head, words, options, length } = parser;
    if (head === "") return undefined;
    if (this.#lines === 1 && this.#request && isHttp(bytes, start, end)) {
      return this.#lost("wrong-protocol", SPEAKS_NO_HTTP);
    }
    if (length < 0) return { kind: "frame", tag, head, words, options, body: undefined };
    if (length > this.#maxBody) {
      const message = `A body holds at most ${this.#maxBody} bytes, not ${length}.`;
      const fatal = length > this.#maxDiscard;
      if (fatal) this.#stop();
      else this.#expect(undefined, length);
      return { kind: "malformed", code: "body-too-large", message, tag, fatal };
    }
    this.#expect({ kind: "frame", tag, head, words, options }, length);
    return undefined;
  }

  #bad(bad: BadLine, bytes: Uint8Array, start: number, end: number): Malformed {
    const { tag, message, length } = bad;
    if (
      this.#request &&
      (isHeader(bytes, start, end) || this.#lines === 1 && isHttp(bytes, start, end))
    ) {
      return this.#lost("wrong-protocol", SPEAKS_NO_HTTP);
    }
    const fatal = length === undefined || length > this.#maxDiscard;
    if (fatal) this.#stop();
    else if (length >= 0) this.#expect(undefined, length);
    return { kind: "malformed", code: "bad-syntax", message, tag, fatal };
  }

  /** The next `length` bytes are a body: of `frame`, or of a line that was refused. */
  #expect(frame: Omit<Frame, "body"> | undefined, length: number): void {
    this.#frame = frame;
    this.#bodyLength = length;
    this.#bodyRead = 0;
    this.#body = EMPTY;
    this.#reading = Reading.Body;
  }

  #fillBody(): boolean {
    const missing = this.#bodyLength - this.#bodyRead;
    const take = Math.min(missing, this.#chunk.length - this.#at);
    const from = this.#at;
    this.#at += take;
    this.#bodyRead += take;
    if (this.#frame !== undefined) {
      if (take === this.#bodyLength) this.#body = this.#chunk.slice(from, this.#at);
      else if (take > 0) {
        const before = this.#bodyRead - take;
        if (this.#bodyRead > this.#body.length) {
          const grown = new Uint8Array(
            Math.min(Math.max(4096, this.#bodyRead * 2), this.#bodyLength),
          );
          grown.set(this.#body.subarray(0, before));
          this.#body = grown;
        }
        this.#body.set(this.#chunk.subarray(from, this.#at), before);
      }
    }
    if (take < missing) return false;
    this.#reading = Reading.BodyEnd;
    return true;
  }

  #bodyEnd(): Framed | undefined {
    const byte = this.#chunk[this.#at];
    if (this.#afterCR ? byte === LF || byte === 0 : byte === LF) {
      this.#afterCR = false;
      this.#at++;
      this.#reading = Reading.Line;
      const frame = this.#frame;
      const body = this.#body;
      this.#frame = undefined;
      this.#body = EMPTY;
      if (frame === undefined) return undefined;
      const { kind, tag, head, words, options } = frame;
      return { kind, tag, head, words, options, body };
    }
    if (byte === CR && !this.#afterCR) {
      this.#afterCR = true;
      this.#at++;
      return undefined;
    }
    return this.#lost(
      "bad-syntax",
      `The body is longer than the ${this.#bodyLength} bytes announced, or no line end follows it.`,
      this.#frame?.tag,
    );
  }

  #telnetByte(): TelnetCommand | Malformed | undefined {
    const byte = this.#chunk[this.#at++];
    // A telnet command takes no room in the line but counts against it, or it could go on for ever.
    if (++this.#telnetBytes + this.#stashed > this.#maxLine) {
      return this.#lost("line-too-long", `A line holds at most ${this.#maxLine} bytes.`);
    }
    switch (this.#telnet) {
      case Telnet.Command:
        if (byte === telnet.SB) this.#telnet = Telnet.Sub;
        else if (byte >= telnet.WILL && byte <= telnet.DONT) {
          this.#telnetCommand = byte;
          this.#telnet = Telnet.Option;
        } else if (byte === telnet.IAC || byte < telnet.SE) {
          return this.#lost("bad-syntax", BAD_UTF8);
        } else {
          this.#telnet = Telnet.None;
          return { kind: "telnet", command: byte, option: -1 };
        }
        return undefined;
      case Telnet.Option:
        this.#telnet = Telnet.None;
        return { kind: "telnet", command: this.#telnetCommand, option: byte };
      case Telnet.Sub:
        if (byte === telnet.IAC) this.#telnet = Telnet.SubCommand;
        return undefined;
      default:
        this.#telnet = byte === telnet.SE ? Telnet.None : Telnet.Sub;
        return undefined;
    }
  }

  #lost(code: Malformed["code"], message: string, tag?: string): Malformed {
    this.#stop();
    return { kind: "malformed", code, message, tag, fatal: true };
  }

  #stop(): void {
    this.#reading = Reading.Nothing;
    this.#chunk = this.#stash = this.#body = EMPTY;
    this.#frame = undefined;
    this.#at = this.#stashed = 0;
  }
}

const BAD_UTF8 =
  "A line is UTF-8 text without control characters; send other bytes as a counted body.";
const BAD_CR = "A carriage return must be followed by a line feed.";
const SPEAKS_NO_HTTP = "This port speaks Lineup/1, not HTTP.";

function isText(line: Uint8Array): boolean {
  for (let i = 0; i < line.length - 1; i++) {
    if (line[i] === 0xc2 && line[i + 1] >= 0x80 && line[i + 1] < 0xa0) return false;
  }
  try {
    utf8.decode(line);
    return true;
  } catch {
    return false;
  }
}

/** The request line of HTTP, which ends in its version: a word that `formatWord` quotes. */
function isHttp(bytes: Uint8Array, start: number, end: number): boolean {
  const tail = String.fromCharCode(...bytes.subarray(Math.max(start, end - 9), end));
  return tail.startsWith(" HTTP/");
}

/** A header line (`Host: …`), which cannot be a request and may follow a request line made to look like one. */
function isHeader(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  for (; at < end; at++) {
    const letter = bytes[at] | 0x20;
    if (!(letter >= 0x61 && letter <= 0x7a) && bytes[at] !== 0x2d) break;
  }
  return at > start && at < end && bytes[at] === 0x3a;
}
