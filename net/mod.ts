/**
 * Byte streams: TCP, TLS and Unix sockets of Deno, WebSocket, and pairs in memory.
 *
 * @module
 */

export {
  type Address,
  AddressError,
  formatAddress,
  formatHost,
  type HostAddress,
  parseAddress,
  type UnixAddress,
  type WebSocketAddress,
} from "./address.ts";
export { connectStream } from "./deno.ts";
export type { ClientTls, DialOptions } from "./dial_options.ts";
export { listen } from "./listen.ts";
export type { ListenOptions } from "./listen_options.ts";
export type { TlsIdentity } from "./tls_identity.ts";
export { listenMemory, type MemoryListener, memoryPair } from "./memory.ts";
export { Output } from "./output.ts";
export type { PeerCertificate } from "./peer_certificate.ts";
export { proxied, type ProxyOptions } from "./proxied_listener.ts";
export {
  parseProxyHeader,
  type ProxyHeader,
  ProxyHeaderError,
  readProxyHeader,
} from "./proxy_protocol.ts";
export { type ByteStream, type Listener, writeAll } from "./stream.ts";
export { isLost, StreamError, type StreamErrorName } from "./stream_error.ts";
