// The first line of a connection: the server says who it is, or why it does not want to.

import type { ByteStream } from "../net/stream.ts";
import type { Executed } from "../protocol/errors.ts";
import type { Frame } from "../dialects/lineup1/frame.ts";
import type { ReplyReader } from "../dialects/lineup1/reply_reader.ts";
import { ConnectionLost, ProtocolError, toRefusal } from "./errors.ts";

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
 * Reads the greeting; what came behind it stays with the reader. Throws `ConnectionLost`, `ProtocolError` where the
 * server speaks something else, or `Refusal`.
 */
export async function readGreeting(
  stream: ByteStream,
  reader: ReplyReader,
  buffer: Uint8Array,
): Promise<Greeting> {
  for (;;) {
    feed(reader, buffer, await stream.read(buffer), "no");
    const frame = nextFrame(reader);
    if (frame?.head === "ERR") throw toRefusal(frame);
    if (frame) return toGreeting(frame);
  }
}

/** Hands over what was read. Throws `ConnectionLost` where that is the end. */
export function feed(
  reader: ReplyReader,
  buffer: Uint8Array,
  read: number | null,
  executed: Executed,
): void {
  if (read === null) throw new ConnectionLost("the server closed the connection", executed);
  reader.push(buffer.subarray(0, read));
}

/** The next line of a reply, if it is there. Throws `ProtocolError` for what is none. */
export function nextFrame(reader: ReplyReader): Frame | undefined {
  try {
    return reader.next();
  } catch (cause) {
    throw notLineup((cause as Error).message, cause);
  }
}

/** What to throw where a server says what it cannot. */
export function notLineup(why: string, cause?: unknown): ProtocolError {
  return new ProtocolError(`the server does not speak Lineup/1: ${why}`, { cause });
}

/** What is wrong with a first line that is no greeting of Lineup/1. */
export function wrongGreeting(head: string, wire: string | undefined): string {
  const isOther = head === "OK" && wire !== "lineup/1" && /^lineup\/[\w.]{1,20}$/.test(wire ?? "");
  return isOther ? `it greets with ${wire}` : "no greeting";
}

function toGreeting({ head, words, options }: Frame): Greeting {
  const [wire, protocol] = words;
  const [name, version] = protocol?.split("/") ?? [];
  const maxLine = Number(options.get("max-line"));
  const maxBody = Number(options.get("max-body"));
  if (head !== "OK" || wire !== "lineup/1" || !version) {
    throw notLineup(wrongGreeting(head, wire));
  }
  if (!(maxLine > 0 && maxBody >= 0)) {
    throw notLineup(`the greeting says max-line=${maxLine} and max-body=${maxBody}`);
  }
  return { name, version, maxLine, maxBody };
}

/** Sees that the server speaks a protocol: a minor version adds, a major one changes. Throws `ProtocolError`. */
export function needProtocol(
  greeting: Greeting,
  { name, version }: { readonly name: string; readonly version: string },
): void {
  if (greeting.name === name && parseInt(greeting.version) === parseInt(version)) return;
  throw new ProtocolError(
    `the server speaks ${greeting.name}/${greeting.version}, not ${name}/${version}`,
  );
}
