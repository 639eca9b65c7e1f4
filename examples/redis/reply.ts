// Replies as typed frames: RESP2, and the types that RESP3 adds.

import type { Sink } from "@lineup/lineup/dialects";
import { Refusal } from "@lineup/lineup/protocol";
import { bytesOf, isAscii } from "./binary.ts";

/** A word of the server, such as OK: a simple string. Any other string is sent with its length. */
export class Simple {
  constructor(readonly text: string) {}
}

/** The reply of a command that has nothing to tell. */
export const OK = new Simple("OK");

/** Text for people. */
export class Verbatim {
  constructor(readonly text: string) {}
}

/** An array that is not there, which RESP2 writes unlike a string that is not there. */
export const NO_ARRAY = Symbol("no array");

/** The largest reply, in bytes. A request of a few bytes could ask for any number. */
const MOST_BYTES = 8 << 20;

/** Collects a reply, so that one that cannot be written adds nothing. */
export class ReplyWriter {
  readonly #resp3: boolean;
  #parts: [text: string, bytes: Uint8Array][] = [];
  #text = "";
  #size = 0;

  constructor(resp3: boolean) {
    this.#resp3 = resp3;
  }

  /** Adds the reply to the output. */
  moveTo(out: Sink): void {
    for (const [text, bytes] of this.#parts) out.add(text, bytes);
    out.add(this.#text);
  }

  /**
   * Adds a value: a string, an integer, a number, a boolean, `null`, or an array, set or map of these. Throws a `Refusal`
   * where the reply gets too large, and `TypeError` for another value.
   */
  add(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.#string(value);
      case "number":
        return Number.isInteger(value) ? this.#line(`:${value}`) : this.#double(value);
      case "bigint":
        return this.#line(`:${value}`);
      case "boolean":
        return this.#line(this.#resp3 ? value ? "#t" : "#f" : value ? ":1" : ":0");
      case "undefined":
        return this.#null("$-1");
      case "symbol":
        if (value === NO_ARRAY) return this.#null("*-1");
        break;
      case "object":
        if (value === null) return this.#null("$-1");
        if (value instanceof Simple) return this.#line(`+${value.text}`);
        if (value instanceof Verbatim) return this.#verbatim(value.text);
        if (Array.isArray(value)) return this.#all("*", value.length, value);
        if (value instanceof Set) return this.#all(this.#resp3 ? "~" : "*", value.size, value);
        if (value instanceof Map) return this.#map(value);
    }
    throw new TypeError(`no frame can carry a ${typeof value}`);
  }

  #line(text: string): void {
    this.#count(text.length + 2);
    this.#text += text + "\r\n";
  }

  #string(text: string): void {
    this.#count(text.length + 16);
    if (isAscii(text)) this.#text += `$${text.length}\r\n${text}\r\n`;
    else {
      this.#parts.push([`${this.#text}$${text.length}\r\n`, bytesOf(text)]);
      this.#text = "\r\n";
    }
  }

  #null(resp2: string): void {
    this.#line(this.#resp3 ? "_" : resp2);
  }

  #double(value: number): void {
    if (this.#resp3) this.#line(`,${value}`);
    else this.#string(String(value));
  }

  #verbatim(text: string): void {
    if (!this.#resp3) return this.#string(text);
    this.#line(`=${text.length + 4}`);
    this.#line(`txt:${text}`);
  }

  #all(type: string, count: number, values: Iterable<unknown>): void {
    this.#line(`${type}${count}`);
    for (const value of values) this.add(value);
  }

  #map(map: ReadonlyMap<unknown, unknown>): void {
    this.#line(this.#resp3 ? `%${map.size}` : `*${2 * map.size}`);
    for (const [key, value] of map) {
      this.add(key);
      this.add(value);
    }
  }

  #count(bytes: number): void {
    this.#size += bytes;
    if (this.#size <= MOST_BYTES) return;
    throw new Refusal("body-too-large", `the reply is longer than ${MOST_BYTES} bytes`);
  }
}
