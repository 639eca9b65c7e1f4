// Parses the bytes of a line: its words, options and length of body.

import { bodyLength } from "./body_length.ts";
import { Fault } from "./fault.ts";
import { isTag, type Line } from "./line.ts";
import { isOptionName } from "../../protocol/names.ts";
import { escapeEnd, unescape } from "../../protocol/quoting.ts";
import { decodeAscii, decodeText } from "../../protocol/strings.ts";

const NO_WORDS: readonly string[] = Object.freeze([]);
const NO_OPTIONS: ReadonlyMap<string, string> = new Map();

const LONGEST_TAG = 32;
const IN_TAG: readonly boolean[] = Array.from(
  { length: 256 },
  (_, byte) => isTag(String.fromCharCode(byte)),
);

const TAB = 0x09, SPACE = 0x20, EQUALS = 0x3d;
const BANG = 0x21, QUOTE = 0x22, HASH = 0x23, STAR = 0x2a, BACKSLASH = 0x5c;
const OPEN = 0x7b, CLOSE = 0x7d;

/** Reads the head of a line and sets it. Returns the position behind it. Throws `Fault`. */
export type ReadHead = (bytes: Uint8Array, at: number, end: number, line: Line) => number;

/**
 * Parses lines. One parser serves one connection; its fields are the result of the last `parse`, so that a line costs no
 * object beside its words.
 */
export class LineParser implements Line {
  tag: string | undefined = undefined;
  head = "";
  words: readonly string[] = NO_WORDS;
  options: ReadonlyMap<string, string> = NO_OPTIONS;
  /** The announced length of the body; -1 for none. */
  length = -1;
  readonly #readHead: ReadHead;
  /** The position behind the last part, for methods that return something else. */
  #at = 0;

  constructor(readHead: ReadHead) {
    this.#readHead = readHead;
  }

  /**
   * Parses `bytes[start, end)`: a line without its end, in UTF-8 without control characters. Sets the fields; an empty line
   * leaves `head` empty. Returns the fault of a line outside the grammar.
   */
  parse(bytes: Uint8Array, start: number, end: number): Fault | undefined {
    this.tag = undefined;
    this.head = "";
    this.words = NO_WORDS;
    this.options = NO_OPTIONS;
    this.length = -1;
    this.#at = start;
    try {
      this.#parse(bytes, end);
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      return fault;
    }
  }

  #parse(bytes: Uint8Array, end: number): void {
    let at = skipSpace(bytes, this.#at, end);
    if (at === end) return;
    if (bytes[at] === HASH) at = this.#tag(bytes, at, end);
    at = this.#readHead(bytes, at, end, this);
    let words: string[] | undefined;
    let options: Map<string, string> | undefined;
    while ((at = skipSpace(bytes, at, end)) < end) {
      const first = bytes[at];
      if (first === QUOTE) {
        (words ??= []).push(this.#quoted(bytes, at, end));
        at = this.#at;
        continue;
      }
      if (first === OPEN) {
        this.length = bodyLength(bytes, at, end);
        if (this.length < 0) throw new Fault("body-length");
        break;
      }
      if (first === HASH) throw new Fault("hash-sign");
      const stop = bareEnd(bytes, at, end);
      if (stop < end && bytes[stop] === EQUALS) {
        const name = decodeText(bytes, at, stop);
        if (!isOptionName(name)) throw new Fault("option-name", name);
        const value = this.#value(bytes, stop + 1, end, name);
        at = this.#at;
        if (options?.has(name)) throw new Fault("repeated-option", name);
        (options ??= new Map()).set(name, value);
      } else {
        if (stop < end && bytes[stop] === QUOTE) {
          throw new Fault("inner-quote");
        }
        if (bytes[stop - 1] === CLOSE) throw new Fault("closing-brace");
        (words ??= []).push(decodeText(bytes, at, stop));
        at = stop;
      }
    }
    if (words !== undefined) this.words = words;
    if (options !== undefined) this.options = options;
  }

  #tag(bytes: Uint8Array, at: number, end: number): number {
    const start = at + 1;
    let stop = start;
    while (stop < end && IN_TAG[bytes[stop]]) stop++;
    const length = stop - start;
    if (length === 0 || length > LONGEST_TAG || (stop < end && !isSpace(bytes[stop]))) {
      throw new Fault("tag");
    }
    this.tag = decodeAscii(bytes, start, stop);
    return skipSpace(bytes, stop, end);
  }

  #value(bytes: Uint8Array, at: number, end: number, name: string): string {
    if (at < end && bytes[at] === QUOTE) return this.#quoted(bytes, at, end);
    const stop = bareEnd(bytes, at, end);
    if (stop === at && (stop === end || isSpace(bytes[stop]))) {
      throw new Fault("empty-value", name);
    }
    if ((stop < end && !isSpace(bytes[stop])) || bytes[at] === HASH || bytes[at] === OPEN) {
      throw new Fault("value", name);
    }
    if (bytes[stop - 1] === CLOSE) throw new Fault("closing-brace");
    this.#at = stop;
    return decodeText(bytes, at, stop);
  }

  #quoted(bytes: Uint8Array, at: number, end: number): string {
    // Join all parts at once: V8 would keep a tree of appended strings, 32 bytes for each escape, as long as the word.
    let parts: string[] | undefined;
    let from = at + 1;
    for (let i = from; i < end; i++) {
      const byte = bytes[i];
      if (byte === BACKSLASH) {
        (parts ??= []).push(decodeText(bytes, from, i));
        const stop = escapeEnd(bytes, i, end);
        const escape = decodeText(bytes, i, stop);
        const character = unescape(escape);
        if (character === undefined) throw new Fault("escape", escape);
        parts.push(character);
        from = stop;
        i = stop - 1;
      } else if (byte === QUOTE) {
        if (i + 1 < end && !isSpace(bytes[i + 1])) {
          throw new Fault("quote-end");
        }
        this.#at = i + 1;
        const rest = decodeText(bytes, from, i);
        if (parts === undefined) return rest;
        parts.push(rest);
        return parts.join("");
      }
    }
    throw new Fault("open-quote");
  }
}

/** Reads the status of a reply. */
export function readStatus(bytes: Uint8Array, at: number, end: number, line: Line): number {
  const stop = wordEnd(bytes, at, end);
  const byte = bytes[at];
  const size = stop - at;
  if (size === 1 && byte === STAR) line.head = "*";
  else if (size === 2 && byte === 0x4f && bytes[at + 1] === 0x4b) line.head = "OK";
  else if (size === 1 && byte === BANG) line.head = "!";
  else {
    const word = decodeText(bytes, at, stop);
    if (word !== "ERR") {
      throw new Fault("status", word);
    }
    line.head = word;
  }
  return stop;
}

/** Whether a byte separates words. */
export function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

/** The position of the next word; `end` where there is none. */
function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && isSpace(bytes[at])) at++;
  return at;
}

/** The end of the word at `at`, of any bytes. */
export function wordEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && !isSpace(bytes[at])) at++;
  return at;
}

/** The end of the bare word at `at`: before white space, or before a byte that a bare word cannot have. */
function bareEnd(bytes: Uint8Array, at: number, end: number): number {
  for (; at < end; at++) {
    const byte = bytes[at];
    if (byte === SPACE || byte === EQUALS || byte === QUOTE || byte === TAB) break;
  }
  return at;
}
