// A connection's bytes to requests or replies.

import { DEFAULT_LIMITS, type WireLimits } from "../wire_limits.ts";
import { lengthBehind } from "./body_length.ts";
import { faultText } from "./fault_text.ts";
import { type Frame, toFrame } from "./frame.ts";
import type { Line, Side } from "./line.ts";
import { LineFramer } from "./line_framer.ts";
import { LineParser, readStatus } from "./line_parser.ts";
import type { Malformed } from "./malformed.ts";
import { RequestInput } from "./request_input.ts";
import type { TelnetCommand } from "./telnet.ts";
import { readVerb } from "./verb.ts";

/** What a framer yields; `F` stands for a whole line with its body. */
export type Framed<F = Frame> = F | Malformed | TelnetCommand;

/**
 * Reads one direction of a connection. `push` hands it bytes, `next` takes what they make up until it answers
 * `undefined`; the bytes pushed must stay as they are until then. After a fatal `Malformed` there is nothing more.
 *
 * It holds at most one line (`maxLine` bytes) and one body (`maxBody` bytes, allocated as its bytes arrive).
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
export class Framer<F extends { body: Uint8Array | undefined } = Frame> {
  readonly #lines: LineFramer<F>;

  /**
   * Reads requests (a server) or replies (a client). `make` makes what is yielded out of a line, whose `words` and
   * `options` it may keep. Default: a `Frame`.
   */
  constructor(side: Side, limits: Partial<WireLimits> = {}, make?: (line: Line) => F) {
    const isRequest = side === "request";
    this.#lines = new LineFramer({
      parser: new LineParser(isRequest ? readVerb : readStatus),
      make: make ?? (toFrame as (line: Line) => unknown as (line: Line) => F),
      faults: { explain: faultText, lengthBehind },
      server: isRequest ? new RequestInput() : undefined,
    }, { ...DEFAULT_LIMITS, ...limits });
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

  /** Bytes of an unfinished line or body held until the rest arrives. */
  get held(): number {
    return this.#lines.held;
  }

  /** The frame whose body is being read, without it; `undefined` between frames. */
  get begun(): F | undefined {
    return this.#lines.begun;
  }

  /** Whether the stream may end here: no line and no body is unfinished. */
  get idle(): boolean {
    return this.#lines.idle;
  }

  /** Hands in the next bytes. Throws `Error` where the bytes before were not all taken. */
  push(bytes: Uint8Array): void {
    this.#lines.push(bytes);
  }

  /** The next frame, or what came in its place; `undefined` where more bytes are needed. */
  next(): Framed<F> | undefined {
    return this.#lines.next();
  }
}
