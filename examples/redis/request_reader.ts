// Reads requests: arrays of strings with their lengths in front, or lines for people.

import { binaryString } from "./binary.ts";
import { splitWords } from "./inline.ts";

const CR = 0x0d, LF = 0x0a, ZERO = 0x30, MINUS = 0x2d, ARRAY = 0x2a, STRING = 0x24;
/** The most strings of one request, as in older versions of Redis. */
const MOST_STRINGS = 1 << 20;
/** The memory of a string beside its bytes. Without it, empty strings would be free. */
const STRING_BYTES = 40;
/** The most digits of a number in a header. */
const MOST_DIGITS = 15;
/** Up to this many strings, an array is made as long as it gets: one that grows is several times as large. */
const FEW = 64;
const NOTHING = new Uint8Array(0);
const NO_STRINGS: string[] = [];

/** Input that is no request. The beginning of the next request is lost. */
export class ProtocolFault {
  constructor(readonly message: string) {}
}

/** The result of reading a header: more bytes are needed. */
const MORE = -1;
/** The result of reading a header: its number is wrong. */
const WRONG = -2;
/** The result of reading a header: its number is negative. */
const NEGATIVE = -3;

/** Reads the requests of one connection. */
export class RequestReader {
  readonly #mostLine: number;
  readonly #mostString: number;
  #bytes: Uint8Array = NOTHING;
  #at = 0;
  #end = 0;
  /** Whether `#bytes` is a copy: the bytes of a read are overwritten once they are taken. */
  #isCopy = false;
  #strings: string[] = NO_STRINGS;
  /** The number of those that were read. */
  #taken = 0;
  /** The memory of these. */
  #size = 0;
  /** The number of strings that are missing. */
  #missing = 0;
  /** The length of the string that is read now; `MORE` before its header. */
  #length = MORE;
  /** Where the search for the end of a line goes on. */
  #searched = 0;
  #isLost = false;

  /** Bounds a line for people, and a string. All strings of a request take as much as both at most. */
  constructor(mostLine: number, mostString: number) {
    this.#mostLine = mostLine;
    this.#mostString = mostString;
  }

  /** The memory of an unfinished request. */
  get held(): number {
    return this.#size + this.#end - this.#at;
  }

  /** Whether the input ends within a request. */
  get midRequest(): boolean {
    return this.#missing > 0 || this.#at < this.#end;
  }

  /** Takes the next bytes. `next` copies those that it leaves. */
  push(bytes: Uint8Array): void {
    if (this.#isLost) return;
    const rest = this.#end - this.#at;
    if (rest === 0) {
      this.#bytes = bytes;
      this.#at = 0;
      this.#end = bytes.length;
      this.#isCopy = false;
      return;
    }
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The next request, as its strings; `undefined` where more bytes are needed, or after a fault. */
  next(): readonly string[] | ProtocolFault | undefined {
    while (this.#at < this.#end || this.#missing > 0) {
      if (this.#missing === 0) {
        if (this.#bytes[this.#at] !== ARRAY) {
          const words = this.#readLine();
          if (words === undefined) break;
          if (words instanceof ProtocolFault) return this.#fail(words);
          if (words.length === 0) continue;
          return words;
        }
        const count = this.#readHeader();
        if (count === MORE) break;
        if (count === NEGATIVE || count === 0) continue;
        if (count === WRONG || count > MOST_STRINGS) return this.#fail("invalid multibulk length");
        this.#missing = count;
        this.#strings = count <= FEW ? new Array(count) : [];
        this.#taken = 0;
      }
      const fault = this.#readStrings();
      if (fault !== undefined) return this.#fail(fault);
      if (this.#missing > 0) break;
      const strings = this.#strings;
      this.#strings = NO_STRINGS;
      this.#size = 0;
      return strings;
    }
    this.#keep();
    return undefined;
  }

  /** Reads strings of an array as long as there are bytes. Returns what is wrong with one. */
  #readStrings(): string | undefined {
    while (this.#missing > 0) {
      if (this.#length === MORE) {
        if (this.#at === this.#end) return undefined;
        const type = this.#bytes[this.#at];
        if (type !== STRING) return `expected '$', got '${String.fromCharCode(type)}'`;
        const length = this.#readHeader();
        if (length === MORE) return undefined;
        if (length < 0 || length > this.#mostString) return "invalid bulk length";
        this.#size += STRING_BYTES;
        if (this.#size + length > this.#mostString + this.#mostLine) return "too big request";
        this.#length = length;
      }
      const start = this.#at;
      const end = start + this.#length;
      if (end + 2 > this.#end) return undefined;
      if (this.#bytes[end] !== CR || this.#bytes[end + 1] !== LF) {
        return "a string is longer than its length";
      }
      this.#strings[this.#taken++] = binaryString(this.#bytes, start, end);
      this.#size += this.#length;
      this.#at = end + 2;
      this.#length = MORE;
      this.#missing--;
    }
    return undefined;
  }

  /** Reads the number behind a type, and the end of its line. */
  #readHeader(): number {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    const isNegative = at < this.#end && bytes[at] === MINUS;
    if (isNegative) at++;
    const start = at;
    let value = 0;
    for (; at < this.#end; at++) {
      const digit = bytes[at] - ZERO;
      if (digit < 0 || digit > 9) break;
      value = 10 * value + digit;
      const isPadded = at > start && bytes[start] === ZERO;
      if (isPadded || at - start >= MOST_DIGITS) return WRONG;
    }
    if (at === this.#end) return MORE;
    if (bytes[at] !== CR || at === start || (isNegative && value === 0)) return WRONG;
    if (at + 1 === this.#end) return MORE;
    if (bytes[at + 1] !== LF) return WRONG;
    this.#at = at + 2;
    return isNegative ? NEGATIVE : value;
  }

  /** Reads a line of words; `undefined` where more bytes are needed. */
  #readLine(): string[] | ProtocolFault | undefined {
    const from = this.#at + this.#searched;
    const end = this.#bytes.subarray(0, this.#end).indexOf(LF, from);
    if ((end < 0 ? this.#end : end) - this.#at > this.#mostLine) {
      return new ProtocolFault("too big inline request");
    }
    this.#searched = end < 0 ? this.#end - this.#at : 0;
    if (end < 0) return undefined;
    const start = this.#at;
    this.#at = end + 1;
    const isCrlf = end > start && this.#bytes[end - 1] === CR;
    const words = splitWords(binaryString(this.#bytes, start, isCrlf ? end - 1 : end));
    return words ?? new ProtocolFault("unbalanced quotes in request");
  }

  #fail(fault: string | ProtocolFault): ProtocolFault {
    this.#isLost = true;
    this.#bytes = NOTHING;
    this.#strings = NO_STRINGS;
    this.#at =
      this.#end =
      this.#size =
      this.#missing =
        0;
    return typeof fault === "string" ? new ProtocolFault(fault) : fault;
  }

  /** Copies the bytes that are left, and lets all others go. */
  #keep(): void {
    const isEmpty = this.#at === this.#end;
    if (this.#isCopy && !isEmpty) return;
    this.#bytes = isEmpty ? NOTHING : this.#bytes.slice(this.#at, this.#end);
    this.#end -= this.#at;
    this.#at = 0;
    this.#isCopy = !isEmpty;
  }

  /** Makes room behind the bytes that are left. Doubles it, so that each byte is copied a few times at most. */
  #reserve(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const rest = this.#end - this.#at;
    const bytes = new Uint8Array(Math.max(rest + count, 2 * rest));
    bytes.set(this.#bytes.subarray(this.#at, this.#end));
    this.#bytes = bytes;
    this.#at = 0;
    this.#end = rest;
  }
}
