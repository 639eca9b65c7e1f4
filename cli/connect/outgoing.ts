// A request as it goes over the wire, made from a line and checked as the server checks it.

import type { Greeting } from "../../client/mod.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { Framer } from "../../dialects/lineup1/framer.ts";
import { readRequest } from "../../dialects/lineup1/message.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import { Refusal } from "../../protocol/errors.ts";
import { encodeText } from "../../protocol/strings.ts";
import type { RequestLine } from "./request_line.ts";

/** A request to send. */
export interface OutgoingRequest {
  /** The line, without its end. */
  readonly line: string;
  readonly body: Uint8Array | undefined;
  /** The request as the server reads it; `undefined` if it is malformed. */
  readonly frame: Frame | undefined;
  /** Why the request is malformed. */
  readonly malformed: string | undefined;
}

/** Makes the request of a line, for a server with this greeting. A line without a tag gets `tag`. */
export function toOutgoing(
  line: RequestLine,
  body: Uint8Array | undefined,
  tag: string,
  greeting: Greeting,
): OutgoingRequest {
  const ownTag = line.tag === undefined ? `#${tag} ` : "";
  const length = body === undefined ? "" : ` {${body.length}}`;
  const text = ownTag + textOf(line, body) + length;
  const framer = new Framer("request", greeting);
  framer.push(encodeText(`${text}\n`));
  const framed = framer.next() ?? (body && pushBody(framer, body));
  return {
    line: text,
    body,
    frame: framed?.kind === "frame" ? framed : undefined,
    malformed: framed?.kind === "malformed" ? framed.message : undefined,
  };
}

/** Why the server refuses a request; `undefined` if it does not. */
export function refusalOf(command: CompiledCommand, frame: Frame): string | undefined {
  try {
    readRequest(command, frame);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

/** The line without the word for the source of its body, and without spaces around it. */
export function textOf({ text, body: source }: RequestLine, body: Uint8Array | undefined): string {
  if (body === undefined || source === undefined) return text.trim();
  const { start, end } = source.token;
  return `${text.slice(0, start).trimEnd()} ${text.slice(end).trim()}`.trim();
}

function pushBody(framer: Framer, body: Uint8Array): ReturnType<Framer["next"]> {
  framer.push(body);
  const early = framer.next();
  if (early !== undefined) return early;
  framer.push(encodeText("\n"));
  return framer.next();
}
