// The proxies that may name the clients for which they connect.

import { type Address, AddressError, formatAddress } from "../../net/address.ts";
import { addressPrefixes } from "../../scheduling/address_prefixes.ts";
import { hostOf } from "./peer.ts";

/** The entry of a list for all peers of a Unix socket. The permissions of its file decide who may connect. */
const UNIX = "unix:";

/**
 * Returns the test whether a peer is one of the listed proxies. Throws `AddressError` where an entry of the list is no
 * address, where no listed proxy can connect to `place`, and where `place` cannot have PROXY headers.
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
