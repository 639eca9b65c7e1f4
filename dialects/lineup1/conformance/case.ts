// A case of conformance: bytes for any server, and the answer that must come back.

import { encodeText } from "../../../protocol/strings.ts";

/** The levels of Lineup/1. Every server has `core`; each other level may be left out. */
export const conformanceLevels = [
  "core",
  "cancel",
  "deadlines",
  "timing",
  "events",
  "telnet",
] as const;

/** A level of Lineup/1. */
export type ConformanceLevel = typeof conformanceLevels[number];

/**
 * A piece of input: text in UTF-8; one byte; a character, repeated so often that with `beside` bytes it makes max-line;
 * a request that is not answered for some seconds, without its line end; or as many of these as max-in-flight allows,
 * each with a tag of its own.
 */
export type Piece =
  | string
  | number
  | { readonly fill: string; readonly beside: number }
  | { readonly slow: "one" | "max-in-flight" };

/** One case. It needs the built-in commands only, and a server that takes bodies of 6 bytes. */
export interface ConformanceCase {
  /** The rule and the input: unique. */
  readonly name: string;
  /** The level that the case belongs to. */
  readonly level: ConformanceLevel;
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
  /** The server begins to shut down once this many requests are answered. Default: it does not. */
  readonly drainAfter?: number;
}

/** The facts about a server that the input of a case may depend on. */
export interface CaseSubject {
  /** Its longest line, in bytes. */
  readonly maxLine: number;
  /** The most tagged requests in flight. Default: no bound. */
  readonly maxInFlight?: number;
  /** A request of its protocol that changes nothing and takes some seconds, such as `SLEEP 60000`. Default: none. */
  readonly slow?: string;
}

/**
 * The input as bytes; `undefined` for a server that lacks something that the case needs: a slow request, or a bound on
 * requests in flight.
 */
export function caseBytes(
  send: readonly Piece[],
  { maxLine, maxInFlight = Infinity, slow }: CaseSubject,
): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (const piece of send) {
    if (typeof piece === "number") parts.push(Uint8Array.of(piece));
    else if (typeof piece === "string") parts.push(encodeText(piece));
    else if ("fill" in piece) {
      parts.push(encodeText(piece.fill.repeat(Math.max(0, maxLine - piece.beside))));
    } else if (slow === undefined) return undefined;
    else if (piece.slow === "one") parts.push(encodeText(slow));
    else if (maxInFlight > MOST_SLOW) return undefined;
    else {
      const lines = Array.from({ length: maxInFlight }, (_, i) => `#slow-${i} ${slow}\n`);
      parts.push(encodeText(lines.join("")));
    }
  }
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The most slow requests of a case. */
const MOST_SLOW = 10_000;
