// Finds the client of a peer by its address.

import { addressPrefixes } from "../../scheduling/address_prefixes.ts";

/** The address of a peer without its port; `undefined` where the peer has no address. */
export function hostOf(peer: string): string | undefined {
  const [, v6, v4] = /^(?:\[(.+)\]|([^:]+)):[0-9]+$/.exec(peer) ?? [];
  return v6 ?? v4;
}

/** The prefixes of a peer's address, the narrowest first; none where the peer has no address. */
export function prefixesOf(peer: string): string[] {
  const host = hostOf(peer);
  return host === undefined ? [] : addressPrefixes(host);
}

/** The client that a peer counts as: an IPv4 address or an IPv6 /64; without an address the peer itself. */
export function clientOf(peer: string): string {
  return prefixesOf(peer)[0] ?? peer;
}

/** Whether a peer is on this machine. */
export function isLocal(peer: string): boolean {
  const [prefix] = prefixesOf(peer);
  return prefix === undefined || prefix.startsWith("127.") || peer.startsWith("[::1]:");
}
