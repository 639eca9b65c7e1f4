// Replies out of bytes in any split, as a client needs it: what `Framer` reads of replies, without what only a server
// needs (telnet, other protocols, words for people), so that it is small in a browser.

import type { Frame } from "./frame.ts";
import { PartialLine } from "./partial_line.ts";
import { show, unescape } from "./quoting.ts";
import { decodeText } from "./strings.ts";

const EMPTY = new Uint8Array(0);
const TAB = 0x09, LF = 0x0a, CR = 0x0d, SPACE = 0x20;

const NO_WORDS: readonly string[] = Object.freeze([]);
const NO_OPTIONS: ReadonlyMap<string, string> = new Map();

const HEAD = /^[ \t]*(?:#([\w.-]{1,32})[ \t]+)?(OK|ERR|\*|!)(?![^ \t])/;
// A name, a quoted text, a bare one, a length; and only a space or the end behind it. No controls (Cc) but the tab.
const WORD =
  /[ \t]+(?:(?:([a-z][a-z0-9-]*)=)?(?:"((?:[^"\\\p{Cc}]|\t|\\.)*)"|([^ "=#{\p{Cc}][^ "=\p{Cc}]*)(?<!\}))|\{(0|[1-9]\d{0,9})\}$)(?![^ \t])/suy;
const ESCAPE = /\\(?:x..|u\{[^}]*\}|.)/gsu;

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
  /** Longest body, in bytes. */
  maxBody: number;
  readonly #maxLine: number;
  readonly #partial: PartialLine;
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  /** The frame whose body is read. */
  #frame: FrameWithoutBody | undefined;
  #body = new PartialLine(0);

  /** Bounds in bytes, of a line and of a body. */
  constructor(maxLine: number, maxBody: number) {
    this.maxBody = maxBody;
    this.#maxLine = maxLine;
    // A carriage return may wait with the line for its line feed.
    this.#partial = new PartialLine(maxLine + 1);
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
      const body = this.#body;
      if (body.length < body.most) {
        const end = Math.min(this.#at + body.most - body.length, chunk.length);
        body.add(chunk, this.#at, end);
        this.#at = end;
        if (body.length < body.most) return undefined;
      }
      let bytes = chunk;
      let start = this.#at;
      const found = chunk.indexOf(LF, start);
      let end = found < 0 ? chunk.length : found;
      const last = end > start ? chunk[end - 1] : partial.bytes[partial.length - 1];
      if (partial.length + end - start - Number(last === CR) > this.#maxLine) {
        throw new SyntaxError(`a line of a reply has more than ${this.#maxLine} bytes`);
      }
      this.#at = found < 0 ? end : end + 1;
      if (partial.length > 0 || found < 0) {
        partial.add(chunk, start, end);
        if (found < 0) return undefined;
        start = 0;
        ({ bytes, length: end } = partial);
        partial.clear();
      }
      if (last === CR) end--;
      const frame = this.#frame;
      if (!frame) {
        const whole = this.#parse(bytes, start, end);
        if (whole) return whole;
      } else {
        if (end > start) throw new SyntaxError("a body is longer than announced");
        this.#frame = undefined;
        frame.body = body.bytes;
        this.#body = new PartialLine(0);
        return frame;
      }
    }
  }

  /** A line: the frame where no body follows. */
  #parse(bytes: Uint8Array, start: number, end: number): Frame | undefined {
    while (end > start && (bytes[end - 1] === SPACE || bytes[end - 1] === TAB)) end--;
    if (end === start) return undefined;
    let line: string;
    try {
      line = decodeText(bytes, start, end);
    } catch {
      throw new SyntaxError("a line of a reply is not UTF-8");
    }
    const head = HEAD.exec(line);
    if (head === null) bad(line);
    const frame: FrameWithoutBody = {
      kind: "frame",
      tag: head[1],
      head: head[2],
      words: NO_WORDS,
      options: NO_OPTIONS,
      body: undefined,
    };
    let words: string[] | undefined;
    let options: Map<string, string> | undefined;
    let at = head[0].length;
    while (at < line.length) {
      WORD.lastIndex = at;
      const word = WORD.exec(line);
      if (word === null) bad(line);
      at = WORD.lastIndex;
      const [, name, quoted, bare, digits] = word;
      if (digits) {
        const length = Number(digits);
        if (length > this.maxBody) {
          throw new SyntaxError(
            `a body of ${length} bytes is announced; at most ${this.maxBody} are read`,
          );
        }
        this.#body = new PartialLine(length);
        this.#frame = frame;
        break;
      }
      const text = bare ??
        (quoted.includes("\\")
          ? quoted.replace(ESCAPE, (escape) => unescape(escape) ?? bad(line))
          : quoted);
      if (!name) (words ??= []).push(text);
      else if (options?.has(name)) bad(line);
      else (options ??= new Map()).set(name, text);
    }
    if (words) frame.words = words;
    if (options) frame.options = options;
    return this.#frame ? undefined : frame;
  }
}

function bad(line: string): never {
  throw new SyntaxError(`not a line of a reply: ${show(line)}`);
}
