// Replies as a load generator needs them: which request is answered, how, and where the next line begins. The rest of a
// line is skipped, so that a run measures the server and not the load generator.

import { lengthBehind } from "../../dialects/lineup1/body_length.ts";
import { isOptionName } from "../../protocol/names.ts";
import { decodeText } from "../../protocol/strings.ts";

const TAB = 0x09, LF = 0x0a, CR = 0x0d, SPACE = 0x20, BANG = 0x21, HASH = 0x23, STAR = 0x2a;
const ZERO = 0x30, NINE = 0x39, E = 0x45, K = 0x4b, O = 0x4f, R = 0x52, CLOSE = 0x7d, OPEN = 0x7b;
/** The longest line and body of a reply that a client must accept (docs/PROTOCOL.md). */
const MOST_LINE = 65_536, MOST_BODY = 1 << 26;
const LONGEST_CODE = 64;
const NO_CODE = "(no-code)";

/** A reply that breaks the rules of Lineup/1. */
export class BadReply extends Error {
  override readonly name = "BadReply";
}

/** Reads the replies of one connection. */
export class Replies {
  /** Called for each final line with its tag (-1 for none) and its code (`undefined` for OK). */
  readonly #final: (tag: number, code: string | undefined) => void;
  /** The beginning of a line whose end has not come yet. */
  #partial: Uint8Array | undefined = undefined;
  /** Bytes of a body that have not come yet. */
  #body = 0;
  /** Whether the line end of a body has not come yet. */
  #bodyEnd = false;
  // The line whose body is being read.
  #isFinal = false;
  #tag = -1;
  #code: string | undefined = undefined;

  constructor(final: (tag: number, code: string | undefined) => void) {
    this.#final = final;
  }

  /** Takes the next bytes. The caller may use their buffer again. Throws `BadReply`. */
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
    const afterHead = headEnd(bytes, at);
    if (
      afterHead < 0 || (afterHead < end && bytes[afterHead] !== SPACE && bytes[afterHead] !== TAB)
    ) {
      throw new BadReply("a line that begins with none of OK, ERR, * and !");
    }
    const code = first === E ? codeAt(bytes, at, end) : undefined;
    const isFinal = first === O || first === E;
    const length = lengthIn(bytes, afterHead, end);
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
  // The report shows this text of the server, so it must have the form of a code.
  if (stop - start > LONGEST_CODE) return NO_CODE;
  const code = decodeText(bytes, start, stop);
  return isOptionName(code) ? code : NO_CODE;
}

/** The end of the status that begins at `at`; -1 if there is none. */
function headEnd(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === O) return bytes[at + 1] === K ? at + 2 : -1;
  if (first === E) return bytes[at + 1] === R && bytes[at + 2] === R ? at + 3 : -1;
  return first === STAR || first === BANG ? at + 1 : -1;
}

/** The length of the body that a line announces; -1 if there is none. Throws `BadReply` for a length out of bounds. */
function lengthIn(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== OPEN && bytes[at] !== CLOSE) at++;
  if (at >= end) return -1;
  const length = lengthBehind(bytes, start, end, false);
  if (length === undefined) throw new BadReply("the length of a body that cannot be read");
  if (length > MOST_BODY) throw new BadReply(`a body of ${length} bytes, more than ${MOST_BODY}`);
  return length;
}
