// The request for a WebSocket and its answer, at the server (RFC 6455, section 4.2).

import { createHash } from "node:crypto";
import { type ByteStream, writeAll } from "./stream.ts";

/** The most bytes of a request's head. */
const MOST_HEAD = 16_384;
const UNIQUE = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const REQUEST_LINE = /^([A-Z]{1,32}) (\S+) HTTP\/(1\.[01])$/;
/** Headers that may come only once: of two, a proxy could read the first and this server the second. */
const SINGLE = ["host", "origin", "sec-websocket-key", "sec-websocket-version"];
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** The head of a request of HTTP. */
export interface RequestHead {
  readonly method: string;
  /** The path with the query. */
  readonly target: string;
  /** The version of HTTP, `1.0` or `1.1`. */
  readonly version: string;
  /** The headers by their names in lower case. The values of a repeated header are joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
}

/** An answer that opens no WebSocket. */
export interface HttpAnswer {
  /** The status with its reason. */
  readonly status: string;
  /** The text below. */
  readonly text: string;
  readonly headers?: readonly string[];
}

/** The status for bytes that are no request, or a wrong one. */
const BAD_REQUEST = "400 Bad Request";

/**
 * Reads the head of a request, and the bytes that came behind it. Resolves with the answer to a wrong request, and with
 * `undefined` where the stream ends. Rejects where the stream does.
 */
export async function readHead(
  stream: ByteStream,
): Promise<{ head: RequestHead; rest: Uint8Array } | HttpAnswer | undefined> {
  const buffer = new Uint8Array(MOST_HEAD);
  let size = 0;
  for (;;) {
    const read = await stream.read(buffer.subarray(size));
    if (read === null) return undefined;
    const end = endOf(buffer.subarray(0, size + read), Math.max(0, size - 3));
    size += read;
    if (end > 0) {
      const head = parseHead(buffer.subarray(0, end));
      return "status" in head ? head : { head, rest: buffer.slice(end, size) };
    }
    if (size === buffer.length) {
      const text = `The head of a request has at most ${MOST_HEAD} bytes.`;
      return { status: "431 Request Header Fields Too Large", text };
    }
  }
}

/** The end of the head; 0 where it is not there yet. */
function endOf(bytes: Uint8Array, from: number): number {
  for (let at = from; (at = bytes.indexOf(0x0a, at)) >= 0; at++) {
    if (bytes[at - 1] === 0x0d && bytes[at - 2] === 0x0a && bytes[at - 3] === 0x0d) return at + 1;
  }
  return 0;
}

function parseHead(bytes: Uint8Array): RequestHead | HttpAnswer {
  const [first, ...lines] = new TextDecoder("latin1").decode(bytes).slice(0, -4).split("\r\n");
  const [, method, target, version] = REQUEST_LINE.exec(first) ?? [];
  if (method === undefined || CONTROL.test(target)) return bad("This is no request of HTTP/1.1.");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (colon < 0 || !TOKEN.test(name) || CONTROL.test(value)) {
      return bad("A line of the head is no header.");
    }
    const before = headers.get(name);
    if (before === undefined) headers.set(name, value);
    else if (SINGLE.includes(name)) return bad(`There are two headers ${name}.`);
    else headers.set(name, `${before}, ${value}`);
  }
  return { method, target, version, headers };
}

function bad(text: string): HttpAnswer {
  return { status: BAD_REQUEST, text };
}

/** Whether a request asks for a WebSocket. */
export function asksForWebSocket({ headers }: RequestHead): boolean {
  return lists(headers.get("upgrade"), "websocket") && lists(headers.get("connection"), "upgrade");
}

function lists(value: string | undefined, token: string): boolean {
  return value !== undefined &&
    value.split(",").some((each) => each.trim().toLowerCase() === token);
}

/** The answer to a request for a WebSocket: the whole text that opens it, or a refusal. */
export function answerTo({ method, version, headers }: RequestHead): string | HttpAnswer {
  if (method !== "GET") return bad("A WebSocket is asked for with GET.");
  if (version !== "1.1") return bad(`A WebSocket is asked for in HTTP/1.1, not ${version}.`);
  // The frames begin behind the head: a body would be read as frames.
  if (headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0") {
    return bad("A request for a WebSocket has no body.");
  }
  if (!headers.has("host")) return bad("There is no header host.");
  if (headers.get("sec-websocket-version") !== "13") {
    return {
      status: "426 Upgrade Required",
      text: "The version of WebSocket is 13.",
      headers: ["sec-websocket-version: 13", "upgrade: websocket"],
    };
  }
  const key = headers.get("sec-websocket-key") ?? "";
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) return bad("sec-websocket-key is 16 bytes in base64.");
  const accept = createHash("sha1").update(key + UNIQUE).digest("base64");
  return [
    "HTTP/1.1 101 Switching Protocols",
    "upgrade: websocket",
    "connection: Upgrade",
    `sec-websocket-accept: ${accept}`,
    "\r\n",
  ].join("\r\n");
}

/** Sends an answer that opens no WebSocket, and reads until the client has closed. Rejects where the stream does. */
export async function refuse(
  stream: ByteStream,
  { status, text, headers = [] }: HttpAnswer,
): Promise<void> {
  const body = new TextEncoder().encode(`${text}\n`);
  const head = [
    `HTTP/1.1 ${status}`,
    "content-type: text/plain; charset=utf-8",
    `content-length: ${body.length}`,
    headers.some((each) => each.startsWith("upgrade:"))
      ? "connection: close, upgrade"
      : "connection: close",
    ...headers,
    "\r\n",
  ].join("\r\n");
  await writeAll(stream, Uint8Array.from([...new TextEncoder().encode(head), ...body]));
  await stream.closeWrite();
  // A close with unread input resets the connection, and the client might not see the answer.
  const unread = new Uint8Array(1024);
  while (await stream.read(unread) !== null);
}
