// Replies as a load generator has to know them: which request is answered, how, and where the next line begins. What
// else a line says is passed over, so that the load generator is not what is measured.

import { isOptionName } from "../../protocol/line.ts";
import { decodeText } from "../../protocol/strings.ts";

const LF = 0x0a, CR = 0x0d, SPACE = 0x20, BANG = 0x21, HASH = 0x23, STAR = 0x2a;
const ZERO = 0x30, NINE = 0x39, E = 0x45, O = 0x4f, CLOSE = 0x7d, OPEN = 0x7b;
/** Longest line of a reply (docs/PROTOCOL.md). */
const MOST_LINE = 65_536;
const LONGEST_CODE = 64;
const NO_CODE = "(no-code)";

/** A reply that is not one of Lineup/1. */
export class BadReply extends Error {
  override readonly name = "BadReply";
}

/** Reads the replies of one connection. */
export class Replies {
  /** Told of each final line: its tag (a number, -1 for none) and its code, `undefined` for `OK`. */
  readonly #final: (tag: number, code: string | undefined) => void;
  /** The beginning of a line that was cut. */
  #partial: Uint8Array | undefined = undefined;
  /** Bytes of a body that are still to come, and the line end behind it. */
  #body = 0;
  /** Whether the line end of a body is to come. */
  #bodyEnd = false;
  // Of the line whose body is read.
  #isFinal = false;
  #tag = -1;
  #code: string | undefined = undefined;

  constructor(final: (tag: number, code: string | undefined) => void) {
    this.#final = final;
  }

  /** Takes the next bytes, which may be used again afterwards. Throws `BadReply`. */
  push(bytes: Uint8Array): void {
    const { length } = bytes;
    let at = 0;
    while (at < length) {
      if (this.#bodyEnd) {
        at = this.#skipBody(bytes, at);
        continue;
      }
      let end = at;
      while (end < length && bytes[end] !== LF) end++;
      if (end === length) return this.#keep(bytes.subarray(at));
      if (this.#partial === undefined) this.#line(bytes, at, end);
      else {
        this.#keep(bytes.subarray(at, end));
        const line = this.#partial;
        this.#partial = undefined;
        this.#line(line, 0, line.length);
      }
      at = end + 1;
    }
  }

  #keep(part: Uint8Array): void {
    const before = this.#partial ?? new Uint8Array(0);
    if (before.length + part.length > MOST_LINE) throw new BadReply("a line without end");
    const line = new Uint8Array(before.length + part.length);
    line.set(before);
    line.set(part, before.length);
    this.#partial = line;
  }

  #skipBody(bytes: Uint8Array, at: number): number {
    const skipped = Math.min(this.#body, bytes.length - at);
    this.#body -= skipped;
    at += skipped;
    if (this.#body > 0 || at === bytes.length) return at;
    if (bytes[at] === LF) {
      this.#bodyEnd = false;
      if (this.#isFinal) this.#final(this.#tag, this.#code);
    } else if (bytes[at] !== CR) throw new BadReply("a body that is longer than it said");
    return at + 1;
  }

  #line(bytes: Uint8Array, start: number, end: number): void {
    if (bytes[end - 1] === CR) end--;
    let at = start;
    let tag = -1;
    if (bytes[at] === HASH) {
      tag = 0;
      for (at++; bytes[at] >= ZERO && bytes[at] <= NINE; at++) tag = tag * 10 + bytes[at] - ZERO;
      if (bytes[at++] !== SPACE) throw new BadReply("a tag that was not sent");
    }
    const first = bytes[at];
    let code: string | undefined;
    if (first === E) code = codeAt(bytes, at, end);
    else if (first !== O && first !== STAR && first !== BANG) {
      throw new BadReply("a line that begins with none of OK, ERR, * and !");
    }
    const isFinal = first === O || first === E;
    const length = bytes[end - 1] === CLOSE ? lengthAt(bytes, at, end) : -1;
    if (length >= 0) {
      this.#body = length;
      this.#bodyEnd = true;
      this.#isFinal = isFinal;
      this.#tag = tag;
      this.#code = code;
    } else if (isFinal) this.#final(tag, code);
  }
}

function codeAt(bytes: Uint8Array, at: number, end: number): string {
  const start = at + "ERR ".length;
  let stop = start;
  while (stop < end && bytes[stop] !== SPACE) stop++;
  // Whatever a server says is shown in a report: only what a code can be.
  if (stop - start > LONGEST_CODE) return NO_CODE;
  const code = decodeText(bytes, start, stop);
  return isOptionName(code) ? code : NO_CODE;
}

/** The length that a line ends in; -1 where there is none. */
function lengthAt(bytes: Uint8Array, start: number, end: number): number {
  let at = end - 2;
  let length = 0;
  for (let unit = 1; at > start && bytes[at] >= ZERO && bytes[at] <= NINE; at--, unit *= 10) {
    length += (bytes[at] - ZERO) * unit;
  }
  const digits = end - 2 - at;
  return digits > 0 && digits <= 10 && bytes[at] === OPEN && bytes[at - 1] === SPACE ? length : -1;
}
