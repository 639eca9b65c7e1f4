// The addresses that a server is told to listen at.

import {
  type Address,
  AddressError,
  formatAddress,
  isLoopback,
  parseAddress,
} from "../net/address.ts";
import { toOrigin } from "../net/origin.ts";
import type { Listener } from "../net/stream.ts";
import { listedProxies } from "./admission/proxies.ts";
import type { ProxiedAddress, ReservedAddress, ServeOptions } from "./serve_options.ts";

/** One address to serve. */
export interface ServedAddress {
  /** The address, or a listener that has one. */
  readonly place: Address | Listener;
  /** Whether a peer is a listed proxy; `undefined` where no proxies connect. */
  readonly lists?: (peer: string) => boolean;
  /** Whether it is a `ReservedAddress`. */
  readonly reserved?: boolean;
}

/** The addresses that options ask for. Throws `AddressError` for one that cannot, or must not, be served. */
export function servedAddresses(options: ServeOptions): ServedAddress[] {
  const addresses = namedAddresses(options);
  // Who must prove an identity may come from anywhere.
  const asks = options.identities !== undefined && options.anonymous === undefined;
  if (!options.insecure && !asks) addresses.forEach((each) => requireLoopback(each, options.tls));
  return addresses;
}

function namedAddresses(
  { hostname: host = "127.0.0.1", port = 5463, ...options }: ServeOptions,
): ServedAddress[] {
  // Without the brackets that an IPv6 address has in URLs.
  const hostname = host.replace(/^\[(.*)\]$/, "$1");
  const { tls, ws } = options;
  const transport = tls === undefined ? "tcp" : "tls";
  const places = (options.listen ?? [formatAddress({ transport, hostname, port })]).map(toPlace);
  if (ws?.port === undefined) return places;
  // A proxy's header stands before TLS, so the proxy speaks TLS itself.
  const isSecure = tls !== undefined && ws.proxyFrom === undefined;
  const place: Address = {
    transport: isSecure ? "wss" : "ws",
    hostname,
    port: ws.port,
    path: "/",
  };
  return [...places, ws.proxyFrom === undefined ? { place } : proxiedPlace(place, ws.proxyFrom)];
}

/** An origin in its canonical form. Throws `AddressError` for text that is none. */
export function readOrigin(text: string): string {
  const origin = toOrigin(text);
  if (origin !== undefined) return origin;
  throw new AddressError(`${text}: an origin is https://host, http://host:port, or * for any`);
}

function toPlace(each: string | Listener | ProxiedAddress | ReservedAddress): ServedAddress {
  if (typeof each === "string") return { place: parseAddress(each) };
  if ("reserved" in each) return { place: reservedSocket(each.address), reserved: true };
  if (!("proxyFrom" in each)) return { place: each };
  return proxiedPlace(parseAddress(each.address), each.proxyFrom);
}

function proxiedPlace(place: Address, proxyFrom: readonly string[]): ServedAddress {
  return { place, lists: listedProxies(proxyFrom, place) };
}

function reservedSocket(address: string): Address {
  const place = parseAddress(address);
  if (place.transport === "unix") return place;
  throw new AddressError(
    `${address}: a reserved address is unix:PATH, where the permissions of the file say who may connect`,
  );
}

/** Throws `AddressError` for an address to which other machines can connect, unless all must have certificates. */
function requireLoopback({ place }: ServedAddress, tls: ServeOptions["tls"]): void {
  if (!("transport" in place) || place.transport === "unix" || isLoopback(place.hostname)) return;
  const isEncrypted = place.transport === "tls" || place.transport === "wss";
  if (isEncrypted && requiresCertificates(tls)) return;
  throw new AddressError(
    `${
      formatAddress(place)
    }: other machines could connect there and use the server, which asks for no credentials. ` +
      `Listen at 127.0.0.1, or set insecure: true if everybody who can connect may use it.`,
  );
}

function requiresCertificates(tls: ServeOptions["tls"]): boolean {
  if (tls === undefined || tls.clientCertificate === "optional") return false;
  return "certFile" in tls ? tls.clientCaFile !== undefined : tls.clientCa !== undefined;
}
