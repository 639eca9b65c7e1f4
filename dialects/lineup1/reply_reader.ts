// Reads replies for a client. A bad reply ends the connection, so it is an exception.

import { excerpt } from "../../protocol/quoting.ts";
import type { Fault } from "./fault.ts";
import { type Frame, toFrame } from "./frame.ts";
import { LineFramer } from "./line_framer.ts";
import { LineParser, readStatus } from "./line_parser.ts";
import type { Malformed } from "./malformed.ts";

/**
 * Reads the replies of one connection. `push` takes bytes; `next` returns replies until it returns `undefined`, and the
 * bytes must not change before that. `next` throws `SyntaxError` for a bad reply; nothing can be read after that.
 *
 * Its memory is at most one line and one body, which is allocated as its bytes arrive.
 */
export interface ReplyReader {
  /** Longest body, in bytes. */
  maxBody: number;
  /** The reply whose body is being read, still without the body. */
  readonly begun: Frame | undefined;
  /** Takes the next bytes, once `next` has returned `undefined`. */
  push(bytes: Uint8Array): void;
  /** The next reply line with its body; `undefined` where more bytes are needed. */
  next(): Frame | undefined;
}

/**
 * Makes a reader of replies. `maxLine` and `maxBody` are in bytes.
 *
 * @example
 * ```ts
 * import { createReplyReader, encodeText } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const replies = createReplyReader(8192, 1024);
 * replies.push(encodeText("#a OK pong\n"));
 * const reply = replies.next();
 * assertEquals([reply?.tag, reply?.head, reply?.words], ["a", "OK", ["pong"]]);
 * ```
 */
export function createReplyReader(maxLine: number, maxBody: number): ReplyReader {
  const parts = { parser: new LineParser(readStatus), make: toFrame, faults: { explain } };
  const framer = new LineFramer(parts, { maxLine, maxBody, maxDiscard: 0 });
  return {
    get maxBody() {
      return framer.maxBody;
    },
    set maxBody(most) {
      framer.maxBody = most;
    },
    get begun() {
      return framer.begun;
    },
    push(bytes) {
      framer.push(bytes);
    },
    next() {
      const framed = framer.next();
      if (framed === undefined || framed.kind === "frame") return framed;
      // Only a client sends telnet commands.
      throw new SyntaxError((framed as Malformed).message);
    },
  };
}

/** Names the fault: the sentences of `faultText` are for people who type requests. */
function explain({ kind, word }: Fault): string {
  if (kind === "status") return `A reply begins with OK, ERR, * or !, not ${excerpt(word)}.`;
  return `The ${kind} ${kind === "byte" ? word : excerpt(word)} cannot occur in a line.`;
}
