// What address.ts is for browsers: WebSocket addresses, and nothing else.

import type { Address, WebSocketAddress } from "./address.ts";

/** An address that cannot be read; the message says how one is written. */
export class AddressError extends TypeError {
  /** The name of the class. */
  override readonly name = "AddressError";
}

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

/** The address as it is shown: `ws://127.0.0.1:5480/`. */
export function formatAddress(address: Address): string {
  const { transport, path = "" } = address as WebSocketAddress;
  return `${transport}://${formatHost(address as WebSocketAddress)}${path}`;
}

/** `127.0.0.1:5480`, `[::1]:5480`. */
export function formatHost({ hostname, port }: { hostname: string; port: number }): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
