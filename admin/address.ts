// The address of an admin port.

import {
  type Address,
  AddressError,
  formatHost,
  type HostAddress,
  parseAddress,
} from "../net/mod.ts";
import { isLoopback } from "../net/address.ts";

const DEFAULT_HOST = "127.0.0.1";

/** Reads `HOST:PORT`, `http://HOST:PORT`, or a port alone, which is on 127.0.0.1. Throws `AddressError`. */
export function parseAdminAddress(text: string): HostAddress {
  const [, rest] = /^http:\/\/(.*?)\/?$/.exec(text) ?? [, text];
  const address = read(/^[0-9]+$/.test(rest) ? `${DEFAULT_HOST}:${rest}` : rest);
  if (address?.transport === "tcp" && !rest.includes("://")) return address;
  throw new AddressError(
    `${text}: the address of an admin port is HOST:PORT, such as ${DEFAULT_HOST}:5464, or a port`,
  );
}

function read(text: string): Address | undefined {
  try {
    return parseAddress(text);
  } catch (error) {
    if (error instanceof AddressError) return undefined;
    throw error;
  }
}

/** `http://127.0.0.1:5464`. */
export function formatAdminAddress(address: { hostname: string; port: number }): string {
  return `http://${formatHost(address)}`;
}

/** Throws `AddressError` for an address to which other machines can connect. */
export function requireLocal(address: HostAddress): void {
  if (isLoopback(address.hostname)) return;
  throw new AddressError(
    `${
      formatAdminAddress(address)
    }: other machines could connect there and see the figures of the server. ` +
      `Listen at ${DEFAULT_HOST}, or set insecure: true if everybody who can connect may see them.`,
  );
}
