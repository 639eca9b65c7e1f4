// The request for a WebSocket and its answer, at the server (RFC 6455, section 4.2).

import { createHash } from "node:crypto";
import { type HttpAnswer, refusing } from "./http_answer.ts";
import type { RequestHead } from "./http_head.ts";

const UNIQUE = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

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
    return refusing("426 Upgrade Required", "The version of WebSocket is 13.", [
      "sec-websocket-version: 13",
      "upgrade: websocket",
    ]);
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

function bad(sentence: string): HttpAnswer {
  return refusing("400 Bad Request", sentence);
}
