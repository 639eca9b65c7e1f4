// Replies out of bytes in any split, as a client needs it: what `Framer` reads of replies, without what only a server
// needs (telnet, other protocols, words for people), so that it is small in a browser.

import type { Frame } from "./frame.ts";
import { PartialLine } from "./partial_line.ts";
import { show, unescape } from "./quoting.ts";
import { decodeText } from "./strings.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
const TAB = 0x09, LF = 0x0a, CR = 0x0d, SPACE = 0x20;

const NO_WORDS: readonly string[] = Object.freeze([]);
const NO_OPTIONS: ReadonlyMap<string, string> = new Map();

const HEAD = /^[ \t]*(?:#([\w.-]{1,32})[ \t]+)?(OK|ERR|\*|!)(?![^ \t])/;
// A name, a quoted text, a bare one, a length; and only a space or the end behind it. No controls (Cc) but the tab.
const WORD =
  /[ \t]+(?:(?:([a-z][a-z0-9-]*)=)?(?:"((?:[^"\\\p{Cc}]|\t|\\.)*)"|([^ "=#{\p{Cc}][^ "=\p{Cc}]*)(?<!\}))|\{(0|[1-9]\d{0,9})\}$)(?![^ \t])/suy;
const ESCAPE = /\\(?:x..|u\{[^}]*\}|.)/gsu;

const NO_BODY = new PartialLine(0);

type FrameWithoutBody = { -readonly [K in keyof Frame]: Frame[K] };

/**
 * Reads the replies of one connection. `push` hands it bytes, `next` takes what they make up until it answers
 * `undefined`; the bytes pushed must stay as they are until then. `next` throws `SyntaxError` for what is no reply;
 * nothing can be read after that.
 *
 * It holds at most one line and one body, which is allocated as its bytes arrive. Lines end in LF or CRLF; CR NUL, which
 * a server sends to telnet only, is refused.
 */
export interface ReplyReader {
  /** Longest body, in bytes. */
  maxBody: number;
  /** Hands in the next bytes, once `next` has answered `undefined`. */
  push(bytes: Uint8Array): void;
  /** The next line of a reply with its body; `undefined` where more bytes are needed. */
  next(): Frame | undefined;
}

/** A reader of replies. The bounds are in bytes, of a line and of a body. */
export function createReplyReader(maxLine: number, maxBody: number): ReplyReader {
  // A carriage return may wait with the line for its line feed.
  const partial = new PartialLine(maxLine + 1);
  let chunk = EMPTY;
  let at = 0;
  /** The frame whose body is read. */
  let frame: FrameWithoutBody | undefined;
  let body = NO_BODY;

  /** Reads a line: the frame where no body follows. */
  function parse(bytes: Uint8Array, start: number, end: number): Frame | undefined {
    while (end > start && (bytes[end - 1] === SPACE || bytes[end - 1] === TAB)) end--;
    if (end === start) return undefined;
    let line: string;
    try {
      line = decodeText(bytes, start, end);
    } catch {
      throw new SyntaxError("a line of a reply is not UTF-8");
    }
    const head = HEAD.exec(line);
    if (!head) bad(line);
    let words: string[] | undefined;
    let options: Map<string, string> | undefined;
    let length: number | undefined;
    let at = head[0].length;
    while (at < line.length) {
      WORD.lastIndex = at;
      const word = WORD.exec(line);
      if (!word) bad(line);
      at = WORD.lastIndex;
      const [, name, quoted, bare, digits] = word;
      if (digits) {
        length = Number(digits);
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
    const read: FrameWithoutBody = {
      kind: "frame",
      tag: head[1],
      head: head[2],
      words: words ?? NO_WORDS,
      options: options ?? NO_OPTIONS,
      body: undefined,
    };
    if (length === undefined) return read;
    const { maxBody } = reader;
    if (length > maxBody) throw new SyntaxError(`a body of more than ${maxBody} bytes`);
    body = new PartialLine(length);
    frame = read;
  }

  const reader: ReplyReader = {
    maxBody,
    push(bytes) {
      chunk = bytes;
      at = 0;
    },
    next() {
      for (;;) {
        if (body.length < body.most) {
          const end = Math.min(at + body.most - body.length, chunk.length);
          body.add(chunk, at, end);
          at = end;
          if (body.length < body.most) return undefined;
        }
        let bytes = chunk;
        let start = at;
        const found = chunk.indexOf(LF, start);
        let end = found < 0 ? chunk.length : found;
        const last = end > start ? chunk[end - 1] : partial.bytes[partial.length - 1];
        if (partial.length + end - start - Number(last === CR) > maxLine) {
          throw new SyntaxError(`a line of more than ${maxLine} bytes`);
        }
        at = found < 0 ? end : end + 1;
        if (partial.length > 0 || found < 0) {
          partial.add(chunk, start, end);
          if (found < 0) return undefined;
          start = 0;
          ({ bytes, length: end } = partial);
          partial.clear();
        }
        if (last === CR) end--;
        let whole: Frame | undefined;
        if (frame) {
          if (end > start) throw new SyntaxError("a body is longer than announced");
          frame.body = body.bytes;
          whole = frame;
          frame = undefined;
          body = NO_BODY;
        } else whole = parse(bytes, start, end);
        if (whole) return whole;
      }
    },
  };
  return reader;
}

function bad(line: string): never {
  throw new SyntaxError(`not a line of a reply: ${show(line)}`);
}
