// The first line of a connection: the server says who it is, or why it does not want to.

import type { Frame } from "../protocol/frame.ts";
import type { Framer } from "../protocol/framer.ts";
import type { ByteStream } from "../net/stream.ts";
import { ConnectionLost, ProtocolError, toRefusal } from "./errors.ts";

const READ_SIZE = 65_536;

/** What a server says of itself when it greets. */
export interface Greeting {
  /** Its protocol's name. */
  readonly name: string;
  /** Its protocol's version. */
  readonly version: string;
  /** Longest line it takes, in bytes. */
  readonly maxLine: number;
  /** Longest body it takes, in bytes. */
  readonly maxBody: number;
}

/**
 * Reads the greeting, and hands on the bytes that came behind it. Throws `ConnectionLost`, `ProtocolError` where the
 * server speaks something else, or `Refusal`.
 */
export async function readGreeting(
  stream: ByteStream,
  framer: Framer,
): Promise<{ greeting: Greeting; rest: Uint8Array }> {
  const buffer = new Uint8Array(READ_SIZE);
  for (;;) {
    const read = await stream.read(buffer);
    if (read === null) throw new ConnectionLost("the server closed the connection", "no");
    // The framer must have taken all that it was given before the session pushes what comes behind the line.
    const end = buffer.subarray(0, read).indexOf(0x0a);
    framer.push(buffer.subarray(0, end < 0 ? read : end + 1));
    const framed = framer.next();
    if (framed === undefined) continue;
    if (framed.kind !== "frame") {
      const why = framed.kind === "malformed" ? framed.message : "telnet commands";
      throw new ProtocolError(`the server does not speak Lineup/1: ${why}`);
    }
    if (framed.head === "ERR") throw toRefusal(framed);
    return { greeting: toGreeting(framed), rest: buffer.slice(end + 1, read) };
  }
}

function toGreeting({ head, words, options }: Frame): Greeting {
  const [wire, protocol] = words;
  const parts = /^([a-z][a-z0-9-]*)\/([0-9.]+)$/.exec(protocol ?? "");
  const maxLine = Number(options.get("max-line"));
  const maxBody = Number(options.get("max-body"));
  if (head !== "OK" || wire !== "lineup/1" || parts === null || !(maxLine > 0) || !(maxBody >= 0)) {
    throw new ProtocolError("the server does not speak Lineup/1: its greeting says something else");
  }
  return { name: parts[1], version: parts[2], maxLine, maxBody };
}
