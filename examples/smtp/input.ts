// The bytes of one SMTP connection: command lines, messages that end in a dot, and counted chunks.

import type { MessageText } from "./message_text.ts";

const CR = 0x0d, LF = 0x0a;
const EMPTY = new Uint8Array(0);

/** A command line; what is wrong with it; or that more bytes are needed. */
export type CommandLine =
  | { readonly line: Uint8Array }
  | { readonly fault: "bare-line-end" | "line-too-long" }
  | undefined;

/** The input of a connection. The session says which part comes next. */
export class SmtpInput {
  readonly #maxLine: number;
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  /** The beginning of a command line whose end has not come. */
  readonly #partial: Uint8Array;
  #length = 0;

  /** The input of a connection whose commands have at most `maxLine` bytes. */
  constructor(maxLine: number) {
    this.#maxLine = maxLine;
    this.#partial = new Uint8Array(maxLine + 1);
  }

  /** Whether a command line has begun. */
  get midLine(): boolean {
    return this.#length > 0;
  }

  /** The number of bytes that have come and were not read. */
  get unread(): number {
    return this.#chunk.length - this.#at;
  }

  /** Takes the next bytes; all before were read. */
  push(bytes: Uint8Array): void {
    this.#chunk = bytes;
    this.#at = 0;
  }

  /** Drops all bytes. */
  drop(): void {
    this.#chunk = EMPTY;
    this.#at = this.#length = 0;
  }

  /** Reads a line. Only CR LF ends one: a CR or LF alone could be the end of a line to one of two servers. */
  line(): CommandLine {
    for (; this.#at < this.#chunk.length; this.#at++) {
      const byte = this.#chunk[this.#at];
      const isAfterCr = this.#length > 0 && this.#partial[this.#length - 1] === CR;
      if (isAfterCr !== (byte === LF)) return { fault: "bare-line-end" };
      if (isAfterCr) {
        const line = this.#partial.slice(0, this.#length - 1);
        this.#at++;
        this.#length = 0;
        return { line };
      }
      if (this.#length === this.#maxLine && byte !== CR) return { fault: "line-too-long" };
      this.#partial[this.#length++] = byte;
    }
    return undefined;
  }

  /** Reads a message up to the line with a dot. Returns whether its end has come. */
  message(into: MessageText): boolean {
    const { taken, ends } = into.addDotted(this.#chunk.subarray(this.#at));
    this.#at += taken;
    return ends;
  }

  /** Reads at most `length` bytes of a counted chunk into a message, or drops them. Returns their number. */
  counted(length: number, into: MessageText | undefined): number {
    const bytes = this.#chunk.subarray(this.#at, this.#at + length);
    this.#at += bytes.length;
    into?.add(bytes);
    return bytes.length;
  }
}
