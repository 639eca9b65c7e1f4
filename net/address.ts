// The written form of addresses.

/** A text that is no address. The message says how an address is written. */
export class AddressError extends TypeError {
  /** The name of the class. */
  override readonly name = "AddressError";
}

/** `tcp://host:port`, `tls://host:port`. */
export interface HostAddress {
  /** Plain, or encrypted from the first byte. */
  readonly transport: "tcp" | "tls";
  /** A name or an address, IPv6 without brackets. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;
}

/** `ws://host:port/path`, `wss://host:port/path`. */
export interface WebSocketAddress {
  /** Plain, or encrypted from the first byte. */
  readonly transport: "ws" | "wss";
  /** A name or an address, IPv6 without brackets. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;
  /** Begins with a slash; holds the query too. */
  readonly path: string;
}

/** `unix:PATH`. */
export interface UnixAddress {
  /** A Unix socket. */
  readonly transport: "unix";
  /** Where it is in the file system. */
  readonly path: string;
}

/** A parsed address. */
export type Address = HostAddress | WebSocketAddress | UnixAddress;

/** Whether an address is that of a WebSocket. */
export function isWebSocket(address: Address): address is WebSocketAddress {
  return address.transport === "ws" || address.transport === "wss";
}

/** The default ports of WebSocket addresses. */
const WEB_PORTS = { ws: 80, wss: 443 } as const;

const SCHEMES = ["tcp", "tls", "ws", "wss"];
const HOST_PORT =
  /^(?:(tcp|tls|wss?):\/\/)?(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\/\[\]@?#]+))(?::([0-9]{1,5}))?(\/[^\s#]*)?$/;
const HOW = "an address is host:port, tcp://host:port, tls://host:port, unix:PATH, " +
  "ws://host:port/path or wss://host:port/path";

/**
 * Reads `host:port`, `tcp://host:port`, `tls://host:port`, `unix:PATH`, `ws://host:port/path` and `wss://host/path`;
 * an IPv6 host stands in brackets. Only WebSocket addresses have a path, and may leave out the port. Throws
 * `AddressError`.
 *
 * @example
 * ```ts
 * import { parseAddress } from "@lineup/lineup/client";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseAddress("localhost:5463"), { transport: "tcp", hostname: "localhost", port: 5463 });
 * assertEquals(parseAddress("unix:/run/lineup.sock"), { transport: "unix", path: "/run/lineup.sock" });
 * assertEquals(parseAddress("wss://example.org/queue"), {
 *   transport: "wss",
 *   hostname: "example.org",
 *   port: 443,
 *   path: "/queue",
 * });
 * ```
 */
export function parseAddress(text: string): Address {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    if (path === "") throw new AddressError(`${text}: a path must follow unix:`);
    return { transport: "unix", path };
  }
  const given = /^([a-z]+):\/\//.exec(text)?.[1];
  if (given !== undefined && !SCHEMES.includes(given)) {
    throw new AddressError(`${text}: ${given}:// is not supported; ${HOW}`);
  }
  const parts = HOST_PORT.exec(text);
  if (parts === null) throw new AddressError(`${text}: ${HOW}`);
  const [, scheme = "tcp", literal, name, digits, path] = parts;
  const hostname = literal ?? name;
  const port = Number(digits);
  if (port > 65_535) throw new AddressError(`${text}: a port is at most 65535`);
  if (scheme === "ws" || scheme === "wss") {
    return {
      transport: scheme,
      hostname,
      port: digits === undefined ? WEB_PORTS[scheme] : port,
      path: path ?? "/",
    };
  }
  if (digits === undefined || path !== undefined) throw new AddressError(`${text}: ${HOW}`);
  return { transport: scheme as "tcp" | "tls", hostname, port };
}

/**
 * The text of an address: `tcp://127.0.0.1:5463`.
 *
 * @example
 * ```ts
 * import { formatAddress } from "@lineup/lineup/client";
 * import { assertEquals } from "@std/assert";
 *
 * const address = { transport: "tcp", hostname: "::1", port: 5463 } as const;
 * assertEquals(formatAddress(address), "tcp://[::1]:5463");
 * ```
 */
export function formatAddress(address: Address): string {
  if (address.transport === "unix") return `unix:${address.path}`;
  const path = isWebSocket(address) ? address.path : "";
  return `${address.transport}://${formatHost(address)}${path}`;
}

/** `127.0.0.1:5463`, `[::1]:5463`. */
export function formatHost({ hostname, port }: { hostname: string; port: number }): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** Whether only this machine can connect to a name or an address. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(\.[0-9]{1,3}){3}$/.test(hostname);
}
