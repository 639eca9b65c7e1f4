// The requests of one connection of the admin port: one after the other, each with bounds.

import { type HttpAnswer, sendAnswer } from "../net/http_answer.ts";
import { readHead, type RequestHead } from "../net/http_head.ts";
import type { PendingHandshakes } from "../net/pending_handshakes.ts";
import type { ByteStream } from "../net/stream.ts";

/** How long a connection waits for its next request, in ms: longer than browsers and scrapers pause. */
export const IDLE_MS = 75_000;

/** Headers of each answer: no browser takes it for another type, and no other site can use it. */
const COMMON_HEADERS = [
  "x-content-type-options: nosniff",
  "cross-origin-resource-policy: same-origin",
];

/** A request and the bytes that came behind it. */
export interface HeadAndRest {
  readonly head: RequestHead;
  readonly rest: Uint8Array;
}

/** The end of requests. */
export interface RequestHandlers {
  /** Answers a request. */
  answer(head: RequestHead, peer: string): Promise<HttpAnswer>;
  /** Takes the connection where the request asks for that. Resolves with the reason why not; `undefined` where it did. */
  takeOver(stream: ByteStream, request: HeadAndRest): Promise<HttpAnswer | undefined>;
  /** Whether a request asks for the connection itself. */
  asksForAll(head: RequestHead): boolean;
}

/**
 * Answers the requests of a connection until either side ends it. `exchanges` bounds the time of each request with its
 * answer, that between two of them, and the number of connections: of too many, the one that has waited longest is closed.
 */
export async function serveRequests(
  stream: ByteStream,
  exchanges: PendingHandshakes,
  { answer, takeOver, asksForAll }: RequestHandlers,
): Promise<void> {
  const begin = (): void => exchanges.begin(stream);
  begin();
  try {
    for (let rest = new Uint8Array();;) {
      const request = await readHead(stream, rest, begin);
      if (request === undefined) break;
      if (!("head" in request)) {
        await send(stream, request);
        break;
      }
      const { head } = request;
      if (asksForAll(head)) {
        const why = await takeOver(stream, request);
        if (why === undefined) return;
        await send(stream, why, head.method);
        break;
      }
      const idle = isLast(head) ? undefined : IDLE_MS;
      await send(stream, await answer(head, stream.peer), head.method, idle);
      if (idle === undefined) break;
      rest = request.rest;
      if (rest.length === 0) exchanges.begin(stream, idle);
    }
  } catch {
    // The connection is lost, or took too long and is closed.
  }
  exchanges.end(stream);
  stream.close();
}

function send(
  stream: ByteStream,
  answer: HttpAnswer,
  method?: string,
  idle?: number,
): Promise<void> {
  const headers = [...COMMON_HEADERS, ...answer.headers ?? []];
  return sendAnswer(stream, { ...answer, headers }, method, idle);
}

/** Whether the connection ends with the answer: the client wants that, or sends a body, which nobody reads here. */
function isLast({ method, version, headers }: RequestHead): boolean {
  const options = headers.get("connection")?.toLowerCase().split(/[\s,]+/);
  return version !== "1.1" || options?.includes("close") === true ||
    !["GET", "HEAD"].includes(method) || headers.has("transfer-encoding") ||
    (headers.get("content-length") ?? "0") !== "0";
}
