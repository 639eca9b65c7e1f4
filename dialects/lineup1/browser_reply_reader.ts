// What reply_reader.ts is for browsers, where a small file is worth more than what copies and patterns cost.

import type { Frame } from "./frame.ts";
import { show } from "../../protocol/quoting.ts";
import type { ReplyReader } from "./reply_reader.ts";
import { decodeText } from "../../protocol/strings.ts";

const LF = 0x0a, CR = 0x0d;

const HEAD = /^[ \t]*(?:#([\w.-]{1,32})[ \t]+)?(OK|ERR|\*|!)/;
// A name, a quoted text, a bare one, a length. What does not follow a space is left over.
const WORD =
  /[ \t]+(?:(?:([a-z][a-z0-9-]*)=)?(?:"((?:[^"\\]|\\.)*)"|([^ \t"=#{][^ \t"=]*)(?<!\}))|\{(0|[1-9]\d{0,9})\}(?=[ \t]*$))/gsu;
const ESCAPE = /\\(?:(["\\nrt])|x(\w\w)|u\{(\w{1,6})\}|.)/gsu;
const SOMETHING = /[^ \t]/;
const CONTROL = /[^\P{Cc}\t]/u;

/** A reader of replies. The bounds are in bytes, of a line and of a body. Some lines end in other errors than `SyntaxError`. */
export function createReplyReader(maxLine: number, maxBody: number): ReplyReader {
  /** What is not read yet; its buffer may have room behind it. */
  let rest = new Uint8Array(0);
  /** The frame whose body is read, and how long that is. */
  let frame: Frame | undefined;
  let length = 0;

  /** Reads a line: the frame where no body follows. */
  function parse(line: string): Frame | undefined {
    const [start, tag, head] = HEAD.exec(line) ?? bad(line);
    const words: string[] = [];
    const options = new Map<string, string>();
    let size: string | undefined;
    const left = line.slice(start.length).replace(WORD, (_, name, quoted, bare, digits) => {
      const text = bare ?? quoted?.replace(ESCAPE, unescape);
      if (digits) size = digits;
      else if (!text.isWellFormed()) bad(line);
      else if (!name) words.push(text);
      else if (options.has(name)) bad(line);
      else options.set(name, text);
      return "";
    });
    if (SOMETHING.test(left) || CONTROL.test(line)) bad(line);
    const read: Frame = { kind: "frame", tag, head, words, options, body: undefined };
    if (!size) return read;
    length = Number(size);
    frame = read;
    if (length <= reader.maxBody) return undefined;
    throw new SyntaxError(`a body of more than ${reader.maxBody} bytes`);
  }

  const reader: ReplyReader = {
    maxBody,
    get begun() {
      return frame;
    },
    push(bytes) {
      const held = rest.length;
      const length = held + bytes.length;
      if (rest.byteOffset + length > rest.buffer.byteLength) {
        // Twice as much, so that what many pieces bring is not copied for each of them.
        const more = new Uint8Array(2 * length);
        more.set(rest);
        rest = more;
      }
      rest = new Uint8Array(rest.buffer, rest.byteOffset, length);
      rest.set(bytes, held);
    },
    next() {
      for (;;) {
        const found = rest.indexOf(LF, length);
        let end = found < 0 ? rest.length : found;
        if (end > length && rest[end - 1] === CR) end--;
        if (end - length > maxLine) throw new SyntaxError(`a line of more than ${maxLine} bytes`);
        if (found < 0) return undefined;
        const line = decodeText(rest, length, end);
        let whole: Frame | undefined = frame && { ...frame, body: rest.slice(0, length) };
        rest = rest.subarray(found + 1);
        if (frame && line) bad(line);
        frame = undefined;
        length = 0;
        if (SOMETHING.test(line)) whole = parse(line);
        if (whole) return whole;
      }
    },
  };
  return reader;
}

function bad(line: string): never {
  throw new SyntaxError(`not a line of a reply: ${show(line)}`);
}

/** What JSON has is written as there. Throws `RangeError` for what is no character. */
function unescape(_: string, letter?: string, short?: string, long?: string): string {
  return letter ? JSON.parse(`"\\${letter}"`) : String.fromCodePoint(Number(`0x${short ?? long}`));
}
