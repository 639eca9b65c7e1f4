// The text of one message as it comes, and the rules for it.

import { type CommandFault, fault } from "./command_fault.ts";

const CR = 0x0d, LF = 0x0a, DOT = 0x2e;

/** The longest line of a message, without its CR LF (RFC 5322). */
export const LONGEST_LINE = 998;
const LEAST = 4096;

/** The place in a line. A dot counts at the start of a line alone, and only CR LF ends a line. */
const enum Place {
  Start,
  Within,
  Cr,
  Dot,
  DotCr,
}

const FAULTS = {
  bareLineEnd: fault(
    "bad-message",
    "A line of a message ends in CR LF; a CR or LF alone is refused.",
  ),
  nul: fault("bad-message", "A message has no NUL."),
  longLine: fault("bad-message", `A line of a message has at most ${LONGEST_LINE} bytes.`),
  tooLarge: fault("body-too-large", "The message is too large."),
};

/**
 * The bytes of a message. A message with a fault is read to its end and not kept: its sender has it in one piece, and no
 * part of it can be taken for commands.
 */
export class MessageText {
  /** The first thing that is wrong. */
  fault: CommandFault | undefined = undefined;
  /** The number of its bytes that have come, kept or not. */
  size = 0;
  readonly #most: number;
  #bytes = new Uint8Array(0);
  #length = 0;
  #place = Place.Start;
  /** The length of the line so far. */
  #line = 0;

  /** A message of at most `most` bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The memory that it holds. */
  get held(): number {
    return this.#bytes.length;
  }

  /** The number of its bytes. */
  get length(): number {
    return this.#length;
  }

  /** The bytes. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Adds bytes of the message. */
  add(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) this.#check(bytes[i]);
    this.#keep(bytes);
  }

  /** The message is whole: a CR at its end has no LF. */
  end(): void {
    if (this.#place === Place.Cr) this.#fail(FAULTS.bareLineEnd);
  }

  /** Adds bytes up to CR LF . CR LF, without the dots that were put before dots. */
  addDotted(bytes: Uint8Array): { readonly taken: number; readonly ends: boolean } {
    let kept = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if (this.#place === Place.Start && byte === DOT) {
        this.#keep(bytes.subarray(kept, i));
        kept = i + 1;
        this.#place = Place.Dot;
      } else if (this.#place === Place.Dot && byte === CR) {
        this.#keep(bytes.subarray(kept, i));
        kept = i + 1;
        this.#place = Place.DotCr;
      } else if (this.#place === Place.DotCr && byte === LF) {
        return { taken: i + 1, ends: true };
      } else {
        // A CR behind the dot alone: the message is refused, so that it need not be kept.
        if (this.#place === Place.DotCr) this.#fail(FAULTS.bareLineEnd);
        this.#check(byte);
      }
    }
    this.#keep(bytes.subarray(kept));
    return { taken: bytes.length, ends: false };
  }

  #check(byte: number): void {
    const isAfterCr = this.#place === Place.Cr;
    if (isAfterCr !== (byte === LF)) this.#fail(FAULTS.bareLineEnd);
    if (byte === 0) this.#fail(FAULTS.nul);
    if (++this.size > this.#most) this.#fail(FAULTS.tooLarge);
    if (byte === CR) this.#place = Place.Cr;
    else if (byte === LF && isAfterCr) {
      this.#place = Place.Start;
      this.#line = 0;
    } else {
      this.#place = Place.Within;
      if (++this.#line > LONGEST_LINE) this.#fail(FAULTS.longLine);
    }
  }

  #fail(fault: CommandFault): void {
    this.fault ??= fault;
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
  }

  #keep(bytes: Uint8Array): void {
    if (this.fault !== undefined) return;
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(Math.max(LEAST, 2 * length), this.#most));
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }
}
