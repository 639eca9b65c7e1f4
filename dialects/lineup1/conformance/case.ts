// What a case of conformance is: bytes for any server, and what must come back.

import { encodeText } from "../../../protocol/strings.ts";

/** A piece of what is sent: text in UTF-8, one byte, or a character so often that with `beside` bytes it is max-line. */
export type Piece = string | number | { readonly fill: string; readonly beside: number };

/** One case. It needs no command but those that every server answers, and a server that takes bodies of 6 bytes. */
export interface ConformanceCase {
  /** What it is about, and what is sent: unique. */
  readonly name: string;
  /** What is sent on a new connection, behind the greeting. */
  readonly send: readonly Piece[];
  /**
   * What must be answered: lines in their canonical form with `\n` between, `…` standing for any text, line ends
   * included. Nothing for no answer.
   */
  readonly expect: string;
  /** Whether the server ends the connection behind that. Where it does not, it must answer a PING. Default false. */
  readonly ends?: boolean;
  /** Whether the client ends its side once all is sent; then the server does too. Default false. */
  readonly half?: boolean;
  /** How every line of the answer ends. Default: either way. */
  readonly eol?: "\n" | "\r\n";
  /** The telnet commands that must come among the lines, as bytes. Default: none may come. */
  readonly telnet?: readonly number[];
  /** Whether the lines may come in any order. Default false. */
  readonly anyOrder?: boolean;
}

/** The bytes that are sent to a server that takes lines of so many bytes. */
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
