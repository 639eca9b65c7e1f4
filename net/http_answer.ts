// The answer to a request of HTTP/1.1.

import { type ByteStream, writeAll } from "./stream.ts";

const PLAIN = "text/plain; charset=utf-8";

/** An answer to a request of HTTP. */
export interface HttpAnswer {
  /** The status with its reason: `200 OK`. */
  readonly status: string;
  readonly body: string | Uint8Array;
  /** The media type of the body. Default: plain text. */
  readonly type?: string;
  /** Further headers, each `name: value`, the names in lower case. */
  readonly headers?: readonly string[];
}

/** The refusal of a request, with a sentence for a person. */
export function refusing(
  status: string,
  sentence: string,
  headers?: readonly string[],
): HttpAnswer {
  return { status, body: `${sentence}\n`, headers };
}

/**
 * Sends an answer, without its body for `HEAD`. With `idle` the connection goes on, and waits so many ms for the next
 * request. Else this ends it: reads until the client has closed. Rejects where the stream does.
 */
export async function sendAnswer(
  stream: ByteStream,
  answer: HttpAnswer,
  method: string = "GET",
  idle?: number,
): Promise<void> {
  await writeAll(stream, bytesOf(answer, method, idle));
  if (idle !== undefined) return;
  await stream.closeWrite();
  // A close with unread input resets the connection, and the client might not see the answer.
  const unread = new Uint8Array(1024);
  while (await stream.read(unread) !== null);
}

function bytesOf(
  { status, body, type = PLAIN, headers = [] }: HttpAnswer,
  method: string,
  idle: number | undefined,
): Uint8Array {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const isUpgrade = headers.some((each) => each.startsWith("upgrade:"));
  const head = [
    `HTTP/1.1 ${status}`,
    // An answer that the client has already has no body, and tells nothing about it.
    ...status.startsWith("304 ")
      ? []
      : [`content-type: ${type}`, `content-length: ${bytes.length}`],
    ...idle === undefined
      ? [`connection: close${isUpgrade ? ", upgrade" : ""}`]
      : ["connection: keep-alive", `keep-alive: timeout=${Math.floor(idle / 1000)}`],
    ...headers,
    "\r\n",
  ].join("\r\n");
  const start = new TextEncoder().encode(head);
  if (method === "HEAD") return start;
  const message = new Uint8Array(start.length + bytes.length);
  message.set(start);
  message.set(bytes, start.length);
  return message;
}
