// Which proxies may name the clients that they connect for.

import { type Address, AddressError, formatAddress } from "../../net/address.ts";
import { addressPrefixes } from "../../scheduling/address_prefixes.ts";
import { hostOf } from "./peer.ts";

/** In a list: all who may connect to a Unix socket by the permissions of its file. */
const UNIX = "unix:";

/**
 * Whether a peer is one of the listed proxies, for an address that they connect to. Throws `AddressError` where an entry
 * of the list is no address, where no listed proxy can connect to `place`, and where `place` cannot have PROXY headers.
 */
export function listedProxies(
  list: readonly string[],
  place: Address,
): (peer: string) => boolean {
  const { transport } = place;
  if (transport === "tls" || transport === "wss") {
    throw new AddressError(
      `${formatAddress(place)}: a PROXY header comes on tcp:// and unix: only, and on ws://; ` +
        "have the proxy speak TLS",
    );
  }
  const hosts = new Set(list.filter((each) => each !== UNIX).map(canonical));
  if (transport === "unix") {
    if (list.includes(UNIX)) return (peer) => hostOf(peer) === undefined;
    throw new AddressError(`${formatAddress(place)}: no listed proxy connects there; list unix:`);
  }
  if (hosts.size === 0) {
    throw new AddressError(`${formatAddress(place)}: no listed proxy connects there`);
  }
  return (peer) => {
    const host = hostOf(peer);
    return host !== undefined && hosts.has(canonical(host));
  };
}

/** One spelling for each address. */
function canonical(host: string): string {
  try {
    const [narrowest] = addressPrefixes(host);
    if (narrowest.endsWith("/32")) return narrowest;
    return new URL(`http://[${host.split("%")[0]}]`).hostname;
  } catch {
    throw new AddressError(
      `${JSON.stringify(host)}: a proxy is an IP address, or unix: for those at a Unix socket`,
    );
  }
}
