// What address.ts is for browsers: WebSocket addresses, and nothing else.

import type { Address, WebSocketAddress } from "./address.ts";

/** An address that cannot be read; the message says how one is written. */
export class AddressError extends TypeError {
  /** The name of the class. */
  override readonly name = "AddressError";
}

/** What is said of every other address. */
export const WEB_SOCKETS_ONLY =
  "a browser connects to ws:// and wss:// only, such as ws://host:port/path; start the server with --ws PORT";

const WEB_SOCKET =
  /^(wss?):\/\/(?:\[([\dA-Fa-f:.]+)\]|([^\s:/[\]@?#]+))(?::(\d{1,5}))?(\/[^\s#]*)?$/;

/** Whether an address is that of a WebSocket. */
export function isWebSocket(address: Address): address is WebSocketAddress {
  return address.transport.startsWith("ws");
}

/** Reads `ws://host:port/path` and `wss://host/path`, as that of address.ts does. Throws `AddressError`. */
export function parseAddress(text: string): Address {
  const [, transport, literal, name, digits, path = "/"] = WEB_SOCKET.exec(text) ?? [];
  const hostname = literal ?? name;
  const port = Number(digits ?? (transport === "ws" ? 80 : 443));
  if (hostname && port <= 65_535) return { transport, hostname, port, path } as WebSocketAddress;
  throw new AddressError(`${text}: ${WEB_SOCKETS_ONLY}`);
}

/** The address as it is shown: `ws://127.0.0.1:5480/`. */
export function formatAddress(address: Address): string {
  if (address.transport === "unix") return `unix:${address.path}`;
  const path = "path" in address ? address.path : "";
  return `${address.transport}://${formatHost(address)}${path}`;
}

/** `127.0.0.1:5480`, `[::1]:5480`. */
export function formatHost({ hostname, port }: { hostname: string; port: number }): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
