// The sockets of Node and Bun: TCP, TLS and Unix of node:net and node:tls, and WebSocket.

import { connect, type Socket } from "node:net";
import { connect as connectTls, rootCertificates } from "node:tls";
import {
  type Address,
  formatAddress,
  formatHost,
  type HostAddress,
  isWebSocket,
  type UnixAddress,
} from "./address.ts";
import type { ClientTls, DialOptions } from "./dial_options.ts";
import { NodeStream } from "./node_stream.ts";
import { nodeTlsOptions } from "./node_tls_client.ts";
import type { ByteStream } from "./stream.ts";
import { StreamError } from "./stream_error.ts";
import { connectWebSocket } from "./web_socket.ts";

/** The idle time in ms after which the system probes whether the other end is still there. */
const KEEP_ALIVE_MS = 60_000;

/** Connects to an address. Rejects with `StreamError`, or the signal's reason. */
export async function connectStream(
  address: Address,
  options: DialOptions = {},
): Promise<ByteStream> {
  const { signal } = options;
  signal?.throwIfAborted();
  if (isWebSocket(address)) {
    if (typeof WebSocket === "undefined") {
      throw new StreamError(
        "NotSupported",
        `${formatAddress(address)}: this Node has no WebSocket, version 22 has; ` +
          "use tcp://, tls:// or unix: here",
      );
    }
    const { tls } = options;
    if (address.transport === "ws" || tls === undefined) {
      return await connectWebSocket(address, options);
    }
    return await connectWebSocket(address, options, (url) => certifiedWebSocket(url, tls));
  }
  const [socket, peer, connected] = open(address, options);
  const stream = new NodeStream(socket, peer);
  const onAbort = (): void => stream.close();
  signal?.addEventListener("abort", onAbort);
  try {
    await stream.until(connected);
    return stream;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

function open(
  address: HostAddress | UnixAddress,
  { tls = {}, alpn }: DialOptions,
): [Socket, string, string] {
  if (address.transport === "unix") {
    return [connect({ path: address.path, allowHalfOpen: true }), "unix", "connect"];
  }
  const { hostname: host, port } = address;
  const options = {
    host,
    port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  };
  if (address.transport === "tcp") return [connect(options), formatHost(address), "connect"];
  const socket = connectTls({ ...options, ...nodeTlsOptions(host, tls, alpn) });
  return [socket, formatHost(address), "secureConnect"];
}

/** A WebSocket that trusts further certificates, and shows one. Throws `StreamError` in Node, whose WebSocket cannot. */
function certifiedWebSocket(
  url: string,
  { caCerts, cert, key, serverName }: ClientTls,
): WebSocket {
  if (!("Bun" in globalThis)) {
    throw new StreamError(
      "NotSupported",
      `${url}: the WebSocket of Node takes no certificates; use tls:// here, or NODE_EXTRA_CA_CERTS`,
    );
  }
  const ca = caCerts && [...rootCertificates, ...caCerts];
  const options = { tls: { ca, cert, key, serverName } };
  return new (WebSocket as new (url: string, options: object) => WebSocket)(url, options);
}
