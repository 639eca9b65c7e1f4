// The input of a connection as lines and counted blocks, for dialects that consist of them.

import { BodyReader } from "./body_reader.ts";
import { PartialLine } from "./partial_line.ts";

const EMPTY = new Uint8Array(0);
const LF = 0x0a, CR = 0x0d;

/** The part of the input that comes next. */
const enum LinePart {
  Line,
  Block,
  Skipped,
  /** The rest of a line that is too long. */
  Rest,
  Nothing,
}

/** The unit of input that `LineInput.next` has found. `"more"`: more bytes are needed. */
export type LineUnit = "line" | "block" | "more" | "too-long";

/**
 * Splits the bytes of a connection into lines and counted blocks, however they arrive. A line ends in LF; a CR before it
 * belongs to its end. The memory of an unfinished line or block grows with the bytes that arrive, never with a length
 * that the client announces.
 *
 * @example
 * ```ts
 * import { LineInput } from "@lineup/lineup/dialects";
 * import { decodeText, encodeText } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const input = new LineInput(100);
 * input.push(encodeText("set 5\r\nhel"));
 * assertEquals([input.next(), decodeText(input.bytes, input.start, input.end)], ["line", "set 5"]);
 * input.expect(5);
 * assertEquals(input.next(), "more");
 * input.push(encodeText("lo\r\n"));
 * assertEquals([input.next(), decodeText(input.take())], ["block", "hello"]);
 * ```
 */
export class LineInput {
  /** The longest line, in bytes without its end. */
  readonly maxLine: number;
  readonly #overlong: "end" | "skip";
  /** After `"line"` or `"block"`, this is in `bytes[start, end)`. The next call overwrites it. */
  bytes: Uint8Array = EMPTY;
  /** The beginning of the line or block in `bytes`. */
  start = 0;
  /** The end of the line, without CR and LF, or of the block in `bytes`. */
  end = 0;
  /** Whether the line ended in CR LF. */
  crlf = false;

  #chunk: Uint8Array = EMPTY;
  #at = 0;
  #part = LinePart.Line;
  /** The bytes of the line so far, where its end is in a later chunk. */
  readonly #partial: PartialLine;
  readonly #body = new BodyReader();
  /** The length of the block that comes next, or the number of bytes to skip. */
  #length = 0;

  /**
   * Makes the input of a connection whose lines have at most `maxLine` bytes. A longer line ends the input, as the place
   * of the next line is unknown; with `overlong: "skip"`, only its own bytes are dropped.
   */
  constructor(maxLine: number, overlong: "end" | "skip" = "end") {
    this.maxLine = maxLine;
    this.#overlong = overlong;
    this.#partial = new PartialLine(maxLine + 1);
  }

  /** The memory of an unfinished line or block, in bytes. */
  get held(): number {
    return this.#partial.bytes.length + this.#body.held;
  }

  /** Whether the input may end here: no line, block or skipped part is unfinished. */
  get idle(): boolean {
    return this.#partial.length === 0 &&
      (this.#part === LinePart.Line || this.#part === LinePart.Nothing);
  }

  /** The number of bytes that came and are not read yet. */
  get unread(): number {
    return this.#chunk.length - this.#at;
  }

  /** Takes the next bytes. Call it when `next` has returned `"more"`. */
  push(bytes: Uint8Array): void {
    this.#chunk = this.#part === LinePart.Nothing ? EMPTY : bytes;
    this.#at = 0;
  }

  /** The next `length` bytes are a block: `next` returns `"block"` once it is whole. */
  expect(length: number): void {
    this.#part = LinePart.Block;
    this.#length = length;
    this.#body.begin(length, true);
  }

  /** After `"block"`, the block as an array of its own, of the size of the block. */
  take(): Uint8Array {
    const { bytes, start, end } = this;
    this.bytes = EMPTY;
    // A block that came in several pieces is in such an array already.
    return bytes === this.#chunk ? bytes.slice(start, end) : bytes;
  }

  /** Drops the next `length` bytes. */
  skip(length: number): void {
    this.#part = LinePart.Skipped;
    this.#length = length;
  }

  /** Drops all further input. */
  stop(): void {
    this.#part = LinePart.Nothing;
    this.#chunk = EMPTY;
    this.#at = 0;
    this.#partial.clear();
    this.#body.clear();
  }

  /** Finds the next unit. */
  next(): LineUnit {
    this.bytes = EMPTY;
    switch (this.#part) {
      case LinePart.Line:
        return this.#line();
      case LinePart.Block:
        return this.#block();
      case LinePart.Skipped: {
        const there = Math.min(this.#length, this.#chunk.length - this.#at);
        this.#at += there;
        this.#length -= there;
        if (this.#length > 0) return "more";
        this.#part = LinePart.Line;
        return this.#line();
      }
      case LinePart.Rest: {
        const found = this.#chunk.indexOf(LF, this.#at);
        this.#at = found < 0 ? this.#chunk.length : found + 1;
        if (found < 0) return "more";
        this.#part = LinePart.Line;
        return this.#line();
      }
      case LinePart.Nothing:
        return "more";
    }
  }

  #line(): LineUnit {
    const chunk = this.#chunk;
    const start = this.#at;
    if (start === chunk.length) return "more";
    const found = chunk.indexOf(LF, start);
    const stop = found < 0 ? chunk.length : found;
    // A CR at the end of the chunk may belong to the end of the line.
    if (this.#partial.length + stop - start > this.maxLine + 1) {
      this.#at = stop;
      return this.#tooLong();
    }
    if (found < 0) {
      this.#at = stop;
      this.#partial.add(chunk, start, stop);
      return "more";
    }
    this.#at = stop + 1;
    if (this.#partial.length === 0) {
      this.bytes = chunk;
      this.start = start;
      this.end = stop;
    } else {
      this.#partial.add(chunk, start, stop);
      this.bytes = this.#partial.bytes;
      this.start = 0;
      this.end = this.#partial.length;
      this.#partial.clear();
    }
    this.crlf = this.end > this.start && this.bytes[this.end - 1] === CR;
    if (this.crlf) this.end--;
    if (this.end - this.start <= this.maxLine) return "line";
    if (this.#overlong === "end") this.stop();
    return "too-long";
  }

  #block(): LineUnit {
    const chunk = this.#chunk;
    const start = this.#at;
    const length = this.#length;
    if (this.#body.held === 0 && chunk.length - start >= length) {
      this.bytes = chunk;
      this.start = start;
      this.#at = start + length;
    } else {
      this.#at = this.#body.fill(chunk, start);
      if (!this.#body.whole) return "more";
      this.bytes = this.#body.take();
      this.start = 0;
    }
    this.end = this.start + length;
    this.#part = LinePart.Line;
    return "block";
  }

  /** The end of the line has not come. */
  #tooLong(): LineUnit {
    if (this.#overlong === "end") this.stop();
    else {
      this.#partial.clear();
      this.#part = LinePart.Rest;
    }
    return "too-long";
  }
}
