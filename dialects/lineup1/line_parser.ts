// From the bytes of a line to its words, options and length of body.

import { bodyLength, lengthBehind } from "./body_length.ts";
import { isTag, type Line, type Side } from "./line.ts";
import { isOptionName } from "../../protocol/names.ts";
import { escapeEnd, show, unescape } from "../../protocol/quoting.ts";
import { decodeAscii, decodeText } from "../../protocol/strings.ts";

/** A line that is not in the grammar. */
export interface BadLine {
  tag: string | undefined;
  message: string;
  /** How many bytes of body follow (-1: none); `undefined` where nobody can tell, so framing is lost. */
  length: number | undefined;
}

const NO_WORDS: readonly string[] = Object.freeze([]);
const NO_OPTIONS: ReadonlyMap<string, string> = new Map();

const LONGEST_TAG = 32;
const IN_TAG: readonly boolean[] = Array.from(
  { length: 256 },
  (_, byte) => isTag(String.fromCharCode(byte)),
);

const TAB = 0x09, SPACE = 0x20, HYPHEN = 0x2d, ZERO = 0x30, NINE = 0x39, EQUALS = 0x3d;
const BANG = 0x21, QUOTE = 0x22, HASH = 0x23, STAR = 0x2a, BACKSLASH = 0x5c;
const OPEN = 0x7b, CLOSE = 0x7d;

/** Thrown inside this file only; `unclosed` where a quote was open at the end of the line. */
class Fault {
  constructor(readonly message: string, readonly unclosed = false) {}
}

/**
 * Reads lines. One parser serves one connection; the fields hold what the last call of `parse` found, so that a
 * line costs no object beyond its words.
 */
export class LineParser implements Line {
  tag: string | undefined = undefined;
  head = "";
  words: readonly string[] = NO_WORDS;
  options: ReadonlyMap<string, string> = NO_OPTIONS;
  /** Bytes of body announced by the line, -1 for none. */
  length = -1;
  readonly #side: Side;
  /** How far the line is read, once a method returns something else. */
  #at = 0;

  constructor(side: Side) {
    this.#side = side;
  }

  /**
   * Parses `bytes[start, end)`, a line without its end, of valid UTF-8 without controls.
   * `undefined` means that the fields hold the line; an empty line leaves `head` empty.
   */
  parse(bytes: Uint8Array, start: number, end: number): BadLine | undefined {
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
      return {
        tag: this.tag,
        message: fault.message,
        length: lengthBehind(bytes, start, end, fault.unclosed),
      };
    }
  }

  #parse(bytes: Uint8Array, end: number): void {
    let at = skipSpace(bytes, this.#at, end);
    if (at === end) return;
    if (bytes[at] === HASH) at = this.#tag(bytes, at, end);
    at = this.#side === "request" ? this.#verb(bytes, at, end) : this.#status(bytes, at, end);
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
        if (this.length < 0) throw new Fault(BAD_LENGTH);
        break;
      }
      if (first === HASH) throw new Fault('Quote a word that begins with "#".');
      const stop = bareEnd(bytes, at, end);
      if (stop < end && bytes[stop] === EQUALS) {
        const name = decodeText(bytes, at, stop);
        if (!isOptionName(name)) throw new Fault(badName(name));
        const value = this.#value(bytes, stop + 1, end, name);
        at = this.#at;
        if (options?.has(name)) throw new Fault(`The option ${name} is given twice.`);
        (options ??= new Map()).set(name, value);
      } else {
        if (stop < end && bytes[stop] === QUOTE) {
          throw new Fault(`Write a quote inside a word as "\\"", with the whole word in quotes.`);
        }
        if (bytes[stop - 1] === CLOSE) throw new Fault(NO_SPACE);
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
      throw new Fault('A tag is "#" and 1 to 32 of A-Z a-z 0-9 - _ . before the verb.');
    }
    this.tag = decodeAscii(bytes, start, stop);
    return skipSpace(bytes, stop, end);
  }

  #verb(bytes: Uint8Array, at: number, end: number): number {
    let stop = at;
    let lower = false;
    for (; stop < end; stop++) {
      const byte = bytes[stop];
      if (byte >= 0x41 && byte <= 0x5a) continue;
      if (byte >= 0x61 && byte <= 0x7a) lower = true;
      else if (stop === at || !(byte === HYPHEN || (byte >= ZERO && byte <= NINE))) break;
    }
    if (stop === at || stop - at > 32 || (stop < end && !isSpace(bytes[stop]))) {
      const word = decodeText(bytes, at, wordEnd(bytes, at, end));
      throw new Fault(
        word === ""
          ? "A verb must follow the tag."
          : word.startsWith("\ufeff")
          ? "The line begins with a byte order mark (U+FEFF); send UTF-8 without one."
          : `A verb is a letter and up to 31 letters, digits or "-", not ${show(word)}.`,
      );
    }
    const verb = decodeText(bytes, at, stop);
    this.head = lower ? verb.toUpperCase() : verb;
    return stop;
  }

  #status(bytes: Uint8Array, at: number, end: number): number {
    const stop = wordEnd(bytes, at, end);
    const byte = bytes[at];
    const size = stop - at;
    if (size === 1 && byte === STAR) this.head = "*";
    else if (size === 2 && byte === 0x4f && bytes[at + 1] === 0x4b) this.head = "OK";
    else if (size === 1 && byte === BANG) this.head = "!";
    else {
      const word = decodeText(bytes, at, stop);
      if (word !== "ERR") {
        throw new Fault(`A reply begins with OK, ERR, * or !, not ${show(word)}.`);
      }
      this.head = word;
    }
    return stop;
  }

  #value(bytes: Uint8Array, at: number, end: number, name: string): string {
    if (at < end && bytes[at] === QUOTE) return this.#quoted(bytes, at, end);
    const stop = bareEnd(bytes, at, end);
    if (stop === at && (stop === end || isSpace(bytes[stop]))) {
      throw new Fault(`Write an empty value of ${name} as ${name}="".`);
    }
    if ((stop < end && !isSpace(bytes[stop])) || bytes[at] === HASH || bytes[at] === OPEN) {
      throw new Fault(
        `Quote a value of ${name} that holds "=" or a quote, or begins with "#" or "{".`,
      );
    }
    if (bytes[stop - 1] === CLOSE) throw new Fault(NO_SPACE);
    this.#at = stop;
    return decodeText(bytes, at, stop);
  }

  #quoted(bytes: Uint8Array, at: number, end: number): string {
    // Joined at once: to append to a string makes a tree of its parts in V8, 32 bytes for each escape, which stays for
    // as long as the word is kept.
    let parts: string[] | undefined;
    let from = at + 1;
    for (let i = from; i < end; i++) {
      const byte = bytes[i];
      if (byte === BACKSLASH) {
        (parts ??= []).push(decodeText(bytes, from, i));
        const stop = escapeEnd(bytes, i, end);
        const escape = decodeText(bytes, i, stop);
        const character = unescape(escape);
        if (character === undefined) throw new Fault(badEscape(escape));
        parts.push(character);
        from = stop;
        i = stop - 1;
      } else if (byte === QUOTE) {
        if (i + 1 < end && !isSpace(bytes[i + 1])) {
          throw new Fault("A space must follow the closing quote.");
        }
        this.#at = i + 1;
        const rest = decodeText(bytes, from, i);
        if (parts === undefined) return rest;
        parts.push(rest);
        return parts.join("");
      }
    }
    throw new Fault('A quoted word has no closing quote (write a quote in it as \\").', true);
  }
}

/** Whether a byte stands between words. */
function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

/** Where the next word begins; `end` where none does. */
function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && isSpace(bytes[at])) at++;
  return at;
}

/** Where the word ends that begins at `at`, whatever it holds. */
function wordEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && !isSpace(bytes[at])) at++;
  return at;
}

/** As `wordEnd`, or where a byte stands that a bare word cannot hold. */
function bareEnd(bytes: Uint8Array, at: number, end: number): number {
  for (; at < end; at++) {
    const byte = bytes[at];
    if (byte === SPACE || byte === EQUALS || byte === QUOTE || byte === TAB) break;
  }
  return at;
}

// `PUT mail{5}` would be a request without a body, and what follows it would run as requests.
const NO_SPACE = 'A space must stand before a body\'s length {n}; quote a word that ends in "}".';
const BAD_LENGTH =
  'A word that begins with "{" is a body\'s length: {n}, 1 to 10 digits, last on its line. Quote other words.';

function badName(name: string): string {
  return `${show(name)} is no option name (lower case, digits, "-"); quote a word that holds "=".`;
}

function badEscape(escape: string): string {
  return `${show(escape)} is no escape; ` +
    'these are: \\" \\\\ \\n \\r \\t \\xHH (a code point to FF) \\u{H..}.';
}
