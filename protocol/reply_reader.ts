// Replies out of bytes in any split, as a client needs it: what `Framer` reads of replies, without what only a server
// needs (telnet, other protocols, words for people), so that it is small in a browser.

import { BodyReader } from "./body_reader.ts";
import { bodyLength } from "./body_length.ts";
import type { Frame } from "./frame.ts";
import { isOptionName, isTag } from "./line.ts";
import { isText, LineScanner } from "./line_bytes.ts";
import { PartialLine } from "./partial_line.ts";
import { escapeEnd, show, unescape } from "./quoting.ts";
import { decodeText } from "./strings.ts";

const EMPTY = new Uint8Array(0);
const TAB = 0x09, LF = 0x0a, CR = 0x0d, SPACE = 0x20, QUOTE = 0x22, HASH = 0x23, EQUALS = 0x3d;
const BACKSLASH = 0x5c, OPEN = 0x7b, CLOSE = 0x7d;

const NO_WORDS: readonly string[] = Object.freeze([]);
const NO_OPTIONS: ReadonlyMap<string, string> = new Map();

type FrameWithoutBody = { -readonly [K in keyof Frame]: Frame[K] };

/**
 * Reads the replies of one connection. `push` hands it bytes, `next` takes what they make up until it answers
 * `undefined`; the bytes pushed must stay as they are until then. `next` throws `SyntaxError` for what is no reply;
 * nothing can be read after that.
 *
 * It holds at most one line (`maxLine` bytes) and one body (`maxBody` bytes, allocated as its bytes arrive). Lines end
 * in LF or CRLF; CR NUL, which a server sends to telnet only, is refused.
 */
export class ReplyReader {
  readonly #maxLine: number;
  readonly #maxBody: number;
  readonly #partial: PartialLine;
  readonly #scanner = new LineScanner();
  readonly #body = new BodyReader();
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  #afterCR = false;
  /** The frame whose body is read. */
  #frame: FrameWithoutBody | undefined;

  /** Bounds in bytes, of a line and of a body. */
  constructor(maxLine: number, maxBody: number) {
    this.#maxLine = maxLine;
    this.#maxBody = maxBody;
    this.#partial = new PartialLine(maxLine);
  }

  /** Hands in the next bytes, once `next` has answered `undefined`. */
  push(bytes: Uint8Array): void {
    this.#chunk = bytes;
    this.#at = 0;
  }

  /** The next line of a reply with its body; `undefined` where more bytes are needed. */
  next(): Frame | undefined {
    const chunk = this.#chunk;
    const partial = this.#partial;
    for (;;) {
      if (this.#frame !== undefined && !this.#body.whole) {
        this.#at = this.#body.fill(chunk, this.#at);
        if (!this.#body.whole) return undefined;
      }
      const start = this.#at;
      const end = this.#scanner.scan(chunk, start);
      if (partial.length + end - start > this.#maxLine) {
        throw new SyntaxError(`a line of a reply has more than ${this.#maxLine} bytes`);
      }
      if (this.#afterCR && start < chunk.length && chunk[start] !== LF) throw badByte(CR);
      const byte = chunk[end];
      if (byte !== LF) {
        if (end > start) partial.add(chunk, start, end);
        if (byte === undefined) {
          this.#at = end;
          return undefined;
        }
        this.#at = end + 1;
        if (byte !== CR) throw badByte(byte);
        this.#afterCR = true;
        continue;
      }
      this.#at = end + 1;
      this.#afterCR = false;
      const whole = partial.length === 0
        ? this.#line(chunk, start, end)
        : this.#joined(chunk, start, end);
      if (whole !== undefined) return whole;
    }
  }

  #joined(chunk: Uint8Array, start: number, end: number): Frame | undefined {
    const partial = this.#partial;
    partial.add(chunk, start, end);
    const { bytes, length } = partial;
    partial.clear();
    return this.#line(bytes, 0, length);
  }

  /** A line, or the line end behind a body: the frame where it is whole. */
  #line(bytes: Uint8Array, start: number, end: number): Frame | undefined {
    if (!this.#scanner.ascii) {
      this.#scanner.ascii = true;
      if (!isText(bytes.subarray(start, end))) throw bad(bytes, start, end);
    }
    const frame = this.#frame;
    if (frame !== undefined) {
      if (end > start) throw new SyntaxError("a body is longer than announced");
      frame.body = this.#body.take();
      this.#frame = undefined;
      return frame;
    }
    start = skipSpace(bytes, start, end);
    return start === end ? undefined : this.#parse(bytes, start, end);
  }

  #parse(bytes: Uint8Array, start: number, end: number): Frame | undefined {
    let at = start;
    let tag: string | undefined;
    if (bytes[at] === HASH) {
      const stop = wordEnd(bytes, at, end);
      tag = decodeText(bytes, at + 1, stop);
      if (!isTag(tag)) throw bad(bytes, start, end);
      at = skipSpace(bytes, stop, end);
    }
    const stop = wordEnd(bytes, at, end);
    const head = decodeText(bytes, at, stop);
    if (head !== "OK" && head !== "*" && head !== "ERR" && head !== "!") {
      throw bad(bytes, start, end);
    }
    const frame: FrameWithoutBody = {
      kind: "frame",
      tag,
      head,
      words: NO_WORDS,
      options: NO_OPTIONS,
      body: undefined,
    };
    let words: string[] | undefined;
    let options: Map<string, string> | undefined;
    at = stop;
    while ((at = skipSpace(bytes, at, end)) < end) {
      const first = bytes[at];
      if (first === OPEN) {
        const length = bodyLength(bytes, at, end);
        if (length < 0) throw bad(bytes, start, end);
        if (length > this.#maxBody) {
          throw new SyntaxError(
            `a body of ${length} bytes is announced; at most ${this.#maxBody} are read`,
          );
        }
        this.#body.begin(length, true);
        this.#frame = frame;
        break;
      }
      let from = at;
      let name: string | undefined;
      let text: string | undefined;
      if (first !== QUOTE) {
        at = bareEnd(bytes, at, end);
        if (at < end && bytes[at] === EQUALS) {
          name = decodeText(bytes, from, at);
          if (!isOptionName(name) || options?.has(name)) throw bad(bytes, start, end);
          from = ++at;
        }
      }
      if (at < end && bytes[from] === QUOTE) {
        at = quotedEnd(bytes, from, end);
        if (at > 0) text = quoted(bytes, from + 1, at - 1);
      } else {
        at = bareEnd(bytes, from, end);
        text = bare(bytes, from, at);
      }
      if (text === undefined || (at < end && !isSpace(bytes[at]))) throw bad(bytes, start, end);
      if (name === undefined) (words ??= []).push(text);
      else (options ??= new Map()).set(name, text);
    }
    if (words !== undefined) frame.words = words;
    if (options !== undefined) frame.options = options;
    return this.#frame === undefined ? frame : undefined;
  }
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && isSpace(bytes[at])) at++;
  return at;
}

function wordEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && !isSpace(bytes[at])) at++;
  return at;
}

function bareEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && !isSpace(bytes[at]) && bytes[at] !== EQUALS && bytes[at] !== QUOTE) at++;
  return at;
}

/** The bare word in `bytes[from, end)`; `undefined` where it is none. */
function bare(bytes: Uint8Array, from: number, end: number): string | undefined {
  const first = bytes[from];
  if (from === end || first === HASH || first === OPEN || bytes[end - 1] === CLOSE) {
    return undefined;
  }
  return decodeText(bytes, from, end);
}

/** Where the quoted word ends that begins at `at`; 0 where it does not. */
function quotedEnd(bytes: Uint8Array, at: number, end: number): number {
  while (++at < end) {
    if (bytes[at] === BACKSLASH) at++;
    else if (bytes[at] === QUOTE) return at + 1;
  }
  return 0;
}

/** What stands between the quotes; `undefined` where an escape is none. */
function quoted(bytes: Uint8Array, at: number, end: number): string | undefined {
  let text = "";
  for (let from = at;;) {
    while (at < end && bytes[at] !== BACKSLASH) at++;
    text += decodeText(bytes, from, at);
    if (at === end) return text;
    from = escapeEnd(bytes, at, end);
    const character = unescape(decodeText(bytes, at, from));
    if (character === undefined) return undefined;
    text += character;
    at = from;
  }
}

function bad(bytes: Uint8Array, start: number, end: number): SyntaxError {
  const text = new TextDecoder().decode(bytes.subarray(start, end));
  return new SyntaxError(`not a line of a reply: ${show(text)}`);
}

function badByte(byte: number): SyntaxError {
  return new SyntaxError(`the byte 0x${byte.toString(16).padStart(2, "0")} in a line of a reply`);
}
