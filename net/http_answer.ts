// The answer to a request of HTTP/1.1. Each connection has one request and one answer.

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
 * Sends an answer, without its body for `HEAD`, and reads until the client has closed. Rejects where the stream does.
 */
export async function sendAnswer(
  stream: ByteStream,
  { status, body, type = PLAIN, headers = [] }: HttpAnswer,
  method: string = "GET",
): Promise<void> {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const head = [
    `HTTP/1.1 ${status}`,
    `content-type: ${type}`,
    `content-length: ${bytes.length}`,
    headers.some((each) => each.startsWith("upgrade:"))
      ? "connection: close, upgrade"
      : "connection: close",
    ...headers,
    "\r\n",
  ].join("\r\n");
  const start = new TextEncoder().encode(head);
  const message = new Uint8Array(start.length + (method === "HEAD" ? 0 : bytes.length));
  message.set(start);
  if (method !== "HEAD") message.set(bytes, start.length);
  await writeAll(stream, message);
  await stream.closeWrite();
  // A close with unread input resets the connection, and the client might not see the answer.
  const unread = new Uint8Array(1024);
  while (await stream.read(unread) !== null);
}
