// Addresses as people write them.

/** An address that cannot be read; the message says how one is written. */
export class AddressError extends TypeError {
  /** The name of the class. */
  override readonly name = "AddressError";
}

/** An address in parts. */
export type Address =
  | { readonly transport: "tcp"; readonly hostname: string; readonly port: number }
  | { readonly transport: "unix"; readonly path: string };

/**
 * Reads `host:port`, `tcp://host:port`, `[::1]:port`, `unix:PATH`. Throws `AddressError`.
 *
 * @example
 * ```ts
 * import { parseAddress } from "@lineup/lineup/client";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseAddress("localhost:5463"), { transport: "tcp", hostname: "localhost", port: 5463 });
 * assertEquals(parseAddress("unix:/run/lineup.sock"), { transport: "unix", path: "/run/lineup.sock" });
 * ```
 */
export function parseAddress(text: string): Address {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    if (path === "") throw new AddressError(`${text}: a path must follow unix:`);
    return { transport: "unix", path };
  }
  const scheme = /^([a-z]+):\/\//.exec(text)?.[1];
  if (scheme !== undefined && scheme !== "tcp") {
    throw new AddressError(
      `${text}: ${scheme}:// is not supported; use tcp://host:port or unix:PATH`,
    );
  }
  const parts = /^(?:tcp:\/\/)?(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\/\[\]]+)):([0-9]{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  if (parts === null || port > 65535) {
    throw new AddressError(`${text}: an address is host:port, tcp://host:port or unix:PATH`);
  }
  return { transport: "tcp", hostname: parts[1] ?? parts[2], port };
}

/** The address as it is shown: `tcp://127.0.0.1:5463`. */
export function formatAddress(address: Address): string {
  if (address.transport === "unix") return `unix:${address.path}`;
  const { hostname, port } = address;
  return `tcp://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
