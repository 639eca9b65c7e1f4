// A line with its body, and its bytes. `framer.ts` reads it back.

import { formatLine, type Line } from "./line.ts";
import { encodeText } from "../../protocol/strings.ts";

/** A line of a request or reply, with its body. */
export interface Frame extends Line {
  /** Distinguishes it from the other results of a framer. */
  readonly kind: "frame";
  /** The counted body; `undefined` where the line announces none. Its buffer may contain other bytes of the same sender. */
  readonly body: Uint8Array | undefined;
}

/** Whether a frame ends the answer to a request. */
export function isFinal({ head }: Pick<Frame, "head">): boolean {
  return head === "OK" || head === "ERR";
}

/** The frame of a line, still without its body. */
export function toFrame(
  { tag, head, words, options }: Line,
): Frame & { body: Uint8Array | undefined } {
  return { kind: "frame", tag, head, words, options, body: undefined };
}

/** The parts of a frame that `encodeFrame` needs. */
export type FrameInit = Pick<Frame, "head"> & Partial<Omit<Frame, "head" | "kind">>;

/**
 * The canonical bytes of a frame. `Framer` reads them back. Throws `TypeError` for parts that the grammar cannot carry.
 *
 * @example
 * ```ts
 * import { encodeFrame } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeFrame({ head: "PUT", words: ["mail", "two words"], options: new Map([["key", "acme"]]) });
 * assertEquals(new TextDecoder().decode(bytes), 'PUT mail "two words" key=acme\n');
 * ```
 */
export function encodeFrame(frame: FrameInit, eol: "\n" | "\r\n" = "\n"): Uint8Array {
  const { tag, head, words = [], options = new Map(), body } = frame;
  const line = encodeText(formatLine({ tag, head, words, options }, body?.length) + eol);
  if (body === undefined) return line;
  const bytes = new Uint8Array(line.length + body.length + eol.length);
  bytes.set(line);
  bytes.set(body, line.length);
  bytes.set(encodeText(eol), line.length + body.length);
  return bytes;
}
