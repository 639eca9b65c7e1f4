// Replies out of bytes in any split, as a client needs it: what is no reply ends the connection, so it is thrown.

import { excerpt } from "../../protocol/quoting.ts";
import type { Fault } from "./fault.ts";
import { type Frame, toFrame } from "./frame.ts";
import { LineFramer } from "./line_framer.ts";
import { LineParser, readStatus } from "./line_parser.ts";
import type { Malformed } from "./malformed.ts";

/**
 * Reads the replies of one connection. `push` hands it bytes, `next` takes what they make up until it answers
 * `undefined`; the bytes pushed must stay as they are until then. `next` throws `SyntaxError` for what is no reply;
 * nothing can be read after that.
 *
 * It holds at most one line and one body, which is allocated as its bytes arrive.
 */
export interface ReplyReader {
  /** Longest body, in bytes. */
  maxBody: number;
  /** The line whose body is being read; its own body is still to come. */
  readonly begun: Frame | undefined;
  /** Hands in the next bytes, once `next` has answered `undefined`. */
  push(bytes: Uint8Array): void;
  /** The next line of a reply with its body; `undefined` where more bytes are needed. */
  next(): Frame | undefined;
}

/** A reader of replies. The bounds are in bytes, of a line and of a body. */
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
      // The other side sends telnet's commands, to a server.
      throw new SyntaxError((framed as Malformed).message);
    },
  };
}

/** Names the fault: the sentences of `faultText` are for people who type requests. */
function explain({ kind, word }: Fault): string {
  if (kind === "status") return `A reply begins with OK, ERR, * or !, not ${excerpt(word)}.`;
  return `The ${kind} ${kind === "byte" ? word : excerpt(word)} cannot occur in a line.`;
}
