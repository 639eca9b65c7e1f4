// What a browser has: WebSocket.

import type { Address } from "./address.ts";
import { formatAddress, isWebSocket, WEB_SOCKETS_ONLY } from "./browser_address.ts";
import type { DialOptions } from "./dial_options.ts";
import type { ByteStream } from "./stream.ts";
import { StreamError } from "./stream_error.ts";
import { connectWebSocket } from "./web_socket.ts";

/** Connects to a `ws://` or `wss://` address. Rejects with `StreamError`: `NotSupported` for other addresses. */
// deno-lint-ignore require-await
export async function connectStream(
  address: Address,
  options: DialOptions = {},
): Promise<ByteStream> {
  if (isWebSocket(address)) return connectWebSocket(address, options);
  throw new StreamError("NotSupported", `${formatAddress(address)}: ${WEB_SOCKETS_ONLY}`);
}
