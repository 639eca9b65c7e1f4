import { type Address, AddressError, type WebSocketAddress } from "../../net/address.ts";
import { connectWebSocket } from "../../net/web_socket.ts";
import { fixed } from "../look_up.ts";
import type { Platform } from "./platform.ts";

/** The WebSocket of a browser: it looks names up itself, and knows no other transport. */
export const browser: Platform = {
  parseAddress,
  // deno-lint-ignore require-await
  async dial(address, options) {
    if (options.tls !== undefined) {
      throw new TypeError("tls cannot be given in a browser, which has its own certificates");
    }
    // `parseAddress` lets no other address through.
    return connectWebSocket(address as WebSocketAddress, options);
  },
  createLookUp: fixed,
};

/** Reads `ws://host:port/path` and `wss://host/path` as browsers read them. Throws `AddressError` for others. */
export function parseAddress(text: string): Address {
  try {
    const { protocol, hostname, port, pathname, search } = new URL(text);
    if (/^wss?:$/.test(protocol)) {
      return {
        transport: protocol.slice(0, -1),
        hostname: hostname.replace(/[[\]]/g, ""),
        port: Number(port || (protocol === "ws:" ? 80 : 443)),
        path: pathname + search,
      } as WebSocketAddress;
    }
  } catch {
    // Nor is it a URL.
  }
  throw new AddressError(`${text} is neither ws:// nor wss://host:port/path`);
}
