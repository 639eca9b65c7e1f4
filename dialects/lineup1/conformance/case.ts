// A case of conformance: bytes for any server, and the answer that must come back.

import { encodeText } from "../../../protocol/strings.ts";

/** A piece of input: text in UTF-8, one byte, or a character, repeated so often that with `beside` bytes it makes max-line. */
export type Piece = string | number | { readonly fill: string; readonly beside: number };

/** One case. It needs the built-in commands only, and a server that takes bodies of 6 bytes. */
export interface ConformanceCase {
  /** The rule and the input: unique. */
  readonly name: string;
  /** The input on a new connection, behind the greeting. */
  readonly send: readonly Piece[];
  /**
   * The answer: lines in their canonical form with `\n` between them; `…` stands for any text, line ends included. Empty
   * where no answer may come.
   */
  readonly expect: string;
  /** Whether the server ends the connection behind that. If not, it must answer a PING. Default false. */
  readonly ends?: boolean;
  /** Whether the client ends its side behind the input; the server must do so too. Default false. */
  readonly half?: boolean;
  /** The end of every line of the answer. Default: either. */
  readonly eol?: "\n" | "\r\n";
  /** The telnet commands that must come among the lines, as bytes. Default: none may come. */
  readonly telnet?: readonly number[];
  /** Whether the lines may come in any order. Default false. */
  readonly anyOrder?: boolean;
}

/** The input as bytes, for a server that takes lines of `maxLine` bytes. */
export function caseBytes(
  send: readonly Piece[],
  { maxLine }: { readonly maxLine: number },
): Uint8Array {
  const parts = send.map((piece) => {
    if (typeof piece === "string") return encodeText(piece);
    if (typeof piece === "number") return Uint8Array.of(piece);
    return encodeText(piece.fill.repeat(Math.max(0, maxLine - piece.beside)));
  });
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
