// A request or reply with its body, and as bytes. `framer.ts` reads it back.

import { formatLine, type Line } from "./line.ts";
import { encodeText } from "../../protocol/strings.ts";

/** A whole request or reply line with its body. */
export interface Frame extends Line {
  /** Tells it from the others that a framer yields. */
  readonly kind: "frame";
  /** The counted body; `undefined` where the line announced none. Its buffer may hold other bytes of the same sender. */
  readonly body: Uint8Array | undefined;
}

/** The frame of a line, without the body that may follow it. */
export function toFrame(
  { tag, head, words, options }: Line,
): Frame & { body: Uint8Array | undefined } {
  return { kind: "frame", tag, head, words, options, body: undefined };
}

/** A frame without what a reader adds to it; words, options and body may be left out. */
export type FrameInit = Pick<Frame, "head"> & Partial<Omit<Frame, "head" | "kind">>;

/**
 * The canonical bytes of a frame, which `Framer` reads back as it was. Throws `TypeError` for what the grammar
 * cannot carry.
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
