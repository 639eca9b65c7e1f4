// A request of Lineup/1, from its line to its answer.

import type { WireRequest } from "../dialect.ts";
import type { ClassName } from "../../protocol/spec.ts";
import type { Line } from "./line.ts";

// A word takes 40 bytes of heap beside its characters.
const WORD = 40;
/** Up to this length, count two bytes a character: to find out whether one is enough costs more. */
const SHORT = 64;
const LATIN1 = /^[\0-\xff]*$/;

const NO_WORDS: readonly string[] = Object.freeze([]);
const NO_OPTIONS: ReadonlyMap<string, string> = new Map();

/** A request. It has its raw arguments until `forget`. */
export class RequestFrame implements WireRequest {
  readonly correlation: string | undefined;
  readonly verb: string;
  words: readonly string[];
  options: ReadonlyMap<string, string>;
  body: Uint8Array | undefined = undefined;
  timeout: number | undefined = undefined;
  class: ClassName | undefined = undefined;
  trace: string | undefined = undefined;

  constructor({ tag, head, words, options }: Line) {
    this.correlation = tag;
    this.verb = head;
    this.words = words;
    this.options = options;
  }

  get kind(): "request" {
    return "request";
  }

  get plain(): boolean {
    return this.options.size === 0;
  }

  get bytes(): number {
    let bytes = this.body?.length ?? 0;
    for (const word of this.words) bytes += bytesOfWord(word);
    if (this.options.size === 0) return bytes;
    for (const value of this.options.values()) bytes += bytesOfWord(value);
    return bytes;
  }

  forget(): void {
    this.words = NO_WORDS;
    this.options = NO_OPTIONS;
    this.body = undefined;
  }
}

/** Makes a request of a line, for `Framer`. */
export function requestFrame(line: Line): RequestFrame {
  return new RequestFrame(line);
}

function bytesOfWord(word: string): number {
  const { length } = word;
  return WORD + (length > SHORT && LATIN1.test(word) ? length : 2 * length);
}
