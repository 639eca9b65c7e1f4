// Splits the bytes of a connection into requests or replies.

import { DEFAULT_LIMITS, type WireLimits } from "../wire_limits.ts";
import { type Frame, toFrame } from "./frame.ts";
import type { Side } from "./line.ts";
import { LineFramer } from "./line_framer.ts";
import { LineParser, readStatus } from "./line_parser.ts";
import type { Malformed } from "./malformed.ts";
import { createRequestFramer, TOLERANT } from "./request_framer.ts";
import type { TelnetCommand } from "./telnet.ts";

/** A result of a framer. */
export type Framed = Frame | Malformed | TelnetCommand;

/**
 * Reads one direction of a connection. `push` takes bytes; `next` returns results until it returns `undefined`, and the
 * bytes must not change before that. Nothing follows a fatal `Malformed`.
 *
 * Its memory is at most one line (`maxLine` bytes) and one body (`maxBody` bytes, allocated as its bytes arrive).
 *
 * @example
 * ```ts
 * import { Framer } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const framer = new Framer("request");
 * framer.push(new TextEncoder().encode('#1 put mail {5}\r\nhello\r\n'));
 * assertEquals(framer.next(), {
 *   kind: "frame",
 *   tag: "1",
 *   head: "PUT",
 *   words: ["mail"],
 *   options: new Map(),
 *   body: new TextEncoder().encode("hello"),
 * });
 * assertEquals(framer.next(), undefined);
 * ```
 */
export class Framer {
  readonly #lines: LineFramer<Frame>;

  /** Reads requests (a server) or replies (a client). */
  constructor(side: Side, limits: Partial<WireLimits> = {}) {
    const all = { ...DEFAULT_LIMITS, ...limits };
    if (side === "request") this.#lines = createRequestFramer(all, toFrame);
    else {
      const parser = new LineParser(readStatus);
      this.#lines = new LineFramer({ parser, make: toFrame, faults: TOLERANT }, all);
    }
  }

  /** Longest body, in bytes, from the next line on. */
  get maxBody(): number {
    return this.#lines.maxBody;
  }

  set maxBody(most: number) {
    this.#lines.maxBody = most;
  }

  /** Whether the last line ended in CRLF (or telnet's CR NUL); true before the first. */
  get crlf(): boolean {
    return this.#lines.crlf;
  }

  /** The memory of an unfinished line or body, in bytes. */
  get held(): number {
    return this.#lines.held;
  }

  /** The frame whose body is being read, still without the body; `undefined` between frames. */
  get begun(): Frame | undefined {
    return this.#lines.begun;
  }

  /** Whether the input may end here: no line and no body is unfinished. */
  get idle(): boolean {
    return this.#lines.idle;
  }

  /** Takes the next bytes. Throws `Error` unless `next` has returned `undefined` before. */
  push(bytes: Uint8Array): void {
    this.#lines.push(bytes);
  }

  /** The next result; `undefined` where more bytes are needed. */
  next(): Framed | undefined {
    return this.#lines.next();
  }
}
