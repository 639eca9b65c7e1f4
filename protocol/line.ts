// One line of Lineup/1, between bytes and words: the only place that knows quotes, options and lengths.

import { decodeText } from "./strings.ts";

/** What a line of the grammar says; the body it announces comes after it. */
export interface Line {
  /** The tag without its `#`; `undefined` where there is none. */
  tag: string | undefined;
  /** A verb in upper case (requests), or `OK`, `ERR`, `*`, `!` (replies). */
  head: string;
  /** The positional words, unquoted, in order. */
  words: readonly string[];
  /** The options by name, unquoted. */
  options: ReadonlyMap<string, string>;
}

/** A line that is not in the grammar. */
export interface BadLine {
  tag: string | undefined;
  message: string;
  /** How many bytes of body follow (-1: none); `undefined` where nobody can tell, so framing is lost. */
  length: number | undefined;
}

const NO_WORDS: readonly string[] = Object.freeze([]);
const NO_OPTIONS: ReadonlyMap<string, string> = new Map();

const SPACE = 0x20, TAB = 0x09, QUOTE = 0x22, HASH = 0x23, STAR = 0x2a, EQUALS = 0x3d;
const BANG = 0x21, BACKSLASH = 0x5c, OPEN = 0x7b, CLOSE = 0x7d, ZERO = 0x30;

/** What follows a tag: a verb of a request, or the status of a reply. */
export type Side = "request" | "reply";

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
    if (bytes[at] === HASH) {
      const stop = wordEnd(bytes, at, end);
      const tag = decodeText(bytes, at + 1, stop);
      if (!isTag(tag)) {
        throw new Fault('A tag is "#" and 1 to 32 of A-Z a-z 0-9 - _ . before the verb.');
      }
      this.tag = tag;
      at = skipSpace(bytes, stop, end);
    }
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
        this.length = length(bytes, at, end);
        break;
      }
      if (first === HASH) throw new Fault('Quote a word that begins with "#".');
      const stop = bareEnd(bytes, at, end);
      if (stop < end && bytes[stop] === EQUALS) {
        const name = decodeText(bytes, at, stop);
        if (!isOptionName(name)) {
          throw new Fault(
            `${
              show(name)
            } is no option name (lower case, digits, "-"); quote a word that holds "=".`,
          );
        }
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

  #verb(bytes: Uint8Array, at: number, end: number): number {
    let stop = at;
    let lower = false;
    for (; stop < end; stop++) {
      const byte = bytes[stop];
      if (byte >= 0x41 && byte <= 0x5a) continue;
      if (byte >= 0x61 && byte <= 0x7a) lower = true;
      else if (stop === at || !(byte === 0x2d || (byte >= ZERO && byte <= 0x39))) break;
    }
    if (stop === at || stop - at > 32 || (stop < end && !isSpace(bytes[stop]))) {
      const word = decodeText(bytes, at, wordEnd(bytes, at, end));
      throw new Fault(
        word === ""
          ? "A verb must follow the tag."
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
    let text = "";
    let from = at + 1;
    for (let i = from; i < end; i++) {
      const byte = bytes[i];
      if (byte === BACKSLASH) {
        text += decodeText(bytes, from, i);
        const stop = escapeEnd(bytes, i, end);
        text += unescape(decodeText(bytes, i, stop));
        from = stop;
        i = stop - 1;
      } else if (byte === QUOTE) {
        if (i + 1 < end && !isSpace(bytes[i + 1])) {
          throw new Fault("A space must follow the closing quote.");
        }
        this.#at = i + 1;
        return text + decodeText(bytes, from, i);
      }
    }
    throw new Fault('A quoted word has no closing quote (write a quote in it as \\").', true);
  }
}

// `PUT mail{5}` would be a request without a body, and what follows it would run as requests.
const NO_SPACE = 'A space must stand before a body\'s length {n}; quote a word that ends in "}".';

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
  for (; at < end; at++) {
    const byte = bytes[at];
    if (byte === SPACE || byte === EQUALS || byte === QUOTE || byte === TAB) break;
  }
  return at;
}

function length(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  let i = at + 1;
  for (; i < end && bytes[i] >= ZERO && bytes[i] <= 0x39; i++) value = value * 10 + bytes[i] - ZERO;
  const digits = i - at - 1;
  if (
    digits < 1 || digits > 10 || (bytes[at + 1] === ZERO && digits > 1) || bytes[i] !== CLOSE ||
    skipSpace(bytes, i + 1, end) !== end || i >= end
  ) {
    throw new Fault(
      'A word that begins with "{" is a body\'s length: {n}, 1 to 10 digits, last on its line. Quote other words.',
    );
  }
  return value;
}

/** The body that a bad line announces: it must be skipped, or its bytes would run as commands. */
function lengthBehind(
  bytes: Uint8Array,
  start: number,
  end: number,
  unclosed: boolean,
): number | undefined {
  while (end > start && isSpace(bytes[end - 1])) end--;
  let quoted = false;
  let brace = -1;
  for (let i = start; i < end; i++) {
    if (bytes[i] === QUOTE) quoted = !quoted;
    else if (quoted && bytes[i] === BACKSLASH) i++;
    else if (!quoted && bytes[i] === OPEN && (i === start || isSpace(bytes[i - 1]))) {
      if (brace >= 0) return undefined;
      brace = i;
    }
  }
  // Whoever ended the line in a brace may have meant a length.
  if (quoted || unclosed || brace < 0) {
    return brace >= 0 || bytes[end - 1] === CLOSE ? undefined : -1;
  }
  try {
    return length(bytes, brace, end);
  } catch {
    return undefined;
  }
}

function escapeEnd(bytes: Uint8Array, at: number, end: number): number {
  const kind = bytes[at + 1];
  let stop = at + 2;
  if (kind === 0x78) stop = at + 4;
  else if (kind === 0x75) {
    while (stop < end && stop < at + 9 && bytes[stop] !== CLOSE) stop++;
    stop++;
  }
  while (stop < end && (bytes[stop] & 0xc0) === 0x80) stop++;
  return Math.min(stop, end);
}

const ESCAPES: Record<string, string> = {
  '\\"': '"',
  "\\\\": "\\",
  "\\n": "\n",
  "\\r": "\r",
  "\\t": "\t",
};

function unescape(escape: string): string {
  const plain = ESCAPES[escape];
  if (plain !== undefined) return plain;
  const digits = /^\\(?:x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,6})\})$/.exec(escape);
  const point = digits === null ? NaN : parseInt(digits[1] ?? digits[2], 16);
  if (!(point <= 0x10ffff) || (point >= 0xd800 && point <= 0xdfff)) {
    throw new Fault(
      `${
        show(escape)
      } is no escape; these are: \\" \\\\ \\n \\r \\t \\xHH (a code point to FF) \\u{H..}.`,
    );
  }
  return String.fromCodePoint(point);
}

/** A piece of what was received, short and safe to show in a message. */
export function show(text: string): string {
  const points = [...text];
  return quote(points.length > 40 ? points.slice(0, 40).join("") + "…" : text);
}

const TAG = /^[A-Za-z0-9._-]{1,32}$/;
const OPTION_NAME = /^[a-z][a-z0-9-]*$/;
const VERB = /^[A-Z][A-Z0-9-]{0,31}$/;
// deno-lint-ignore no-control-regex
const BARE = /^(?![#{]|HTTP\/)[^\x00-\x20"=\x7f-\x9f\ud800-\udfff]+(?<!\})$/u;
// deno-lint-ignore no-control-regex
const TO_ESCAPE = /["\\\x00-\x1f\x7f-\x9f]/g;

/** Whether `text` can be a tag. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Whether `text` can be the name of an option or of a reply's field. */
export function isOptionName(text: string): boolean {
  return OPTION_NAME.test(text);
}

/** Whether `text` is a verb in its canonical, upper case form. */
export function isVerb(text: string): boolean {
  return VERB.test(text);
}

function escape(character: string): string {
  const code = character.charCodeAt(0);
  switch (code) {
    case 0x0a:
      return "\\n";
    case 0x0d:
      return "\\r";
    case 0x09:
      return "\\t";
    case QUOTE:
    case BACKSLASH:
      return "\\" + character;
    default:
      return "\\x" + code.toString(16).padStart(2, "0");
  }
}

/** `text` in quotes, whatever it holds. Throws `TypeError` at a lone surrogate. */
export function quote(text: string): string {
  if (!text.isWellFormed()) {
    throw new TypeError("text holds a lone surrogate, which UTF-8 cannot carry");
  }
  return `"${text.replace(TO_ESCAPE, escape)}"`;
}

/** The canonical form of a word or a value: bare where the grammar allows it, else quoted. */
export function formatWord(text: string): string {
  return BARE.test(text) ? text : quote(text);
}

/**
 * The canonical form of a line without its end. Throws `TypeError` for what the grammar cannot carry, so that
 * nothing a caller passes can add a line or a word.
 */
export function formatLine(line: Line, bodyLength: number = -1): string {
  let text = "";
  if (line.tag !== undefined) {
    if (!isTag(line.tag)) throw new TypeError(`${show(line.tag)} cannot be a tag`);
    text = `#${line.tag} `;
  }
  const { head } = line;
  if (head !== "OK" && head !== "*" && head !== "!" && !isVerb(head)) {
    throw new TypeError(`${show(head)} cannot begin a line`);
  }
  text += head;
  for (const word of line.words) text += " " + formatWord(word);
  for (const [name, value] of line.options) {
    if (!isOptionName(name)) throw new TypeError(`${show(name)} cannot be the name of an option`);
    text += ` ${name}=${formatWord(value)}`;
  }
  if (bodyLength >= 0) text += ` {${bodyLength}}`;
  return text;
}
