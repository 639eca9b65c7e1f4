// The head of a request of HTTP/1.1, as a server reads it: bounded, and strict.

import { type HttpAnswer, refusing } from "./http_answer.ts";
import type { ByteStream } from "./stream.ts";

/** The most bytes of a request's head. */
const MOST_HEAD = 16_384;
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

/**
 * Reads the head of a request, and the bytes that came behind it. `before` are its first bytes, where they came behind
 * another request; `onFirst` is called once there is one. Resolves with the answer to a wrong request, and with `undefined`
 * where the stream ends. Rejects where the stream does.
 */
export async function readHead(
  stream: ByteStream,
  before: Uint8Array = new Uint8Array(),
  onFirst: () => void = () => {},
): Promise<{ head: RequestHead; rest: Uint8Array<ArrayBuffer> } | HttpAnswer | undefined> {
  const buffer = new Uint8Array(MOST_HEAD);
  buffer.set(before);
  let size = 0;
  for (;;) {
    const isFirst = size === 0;
    const read = isFirst && before.length > 0
      ? before.length
      : await stream.read(buffer.subarray(size));
    if (read === null) return undefined;
    if (isFirst) onFirst();
    const end = endOf(buffer.subarray(0, size + read), Math.max(0, size - 3));
    size += read;
    if (end > 0) {
      const head = parseHead(buffer.subarray(0, end));
      return "status" in head ? head : { head, rest: buffer.slice(end, size) };
    }
    if (size === buffer.length) {
      const text = `The head of a request has at most ${MOST_HEAD} bytes.`;
      return refusing("431 Request Header Fields Too Large", text);
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
  if (method === undefined || CONTROL.test(target)) {
    return refusing("400 Bad Request", "This is no request of HTTP/1.1.");
  }
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (colon < 0 || !TOKEN.test(name) || CONTROL.test(value)) {
      return refusing("400 Bad Request", "A line of the head is no header.");
    }
    const before = headers.get(name);
    if (before === undefined) headers.set(name, value);
    else if (SINGLE.includes(name)) {
      return refusing("400 Bad Request", `There are two headers ${name}.`);
    } else headers.set(name, `${before}, ${value}`);
  }
  return { method, target, version, headers };
}
