/**
 * Byte streams: TCP and Unix sockets of Deno, and pairs in memory.
 *
 * @module
 */

export { type Address, AddressError, formatAddress, parseAddress } from "./address.ts";
export { connectStream, listen } from "./deno.ts";
export { listenMemory, type MemoryListener, memoryPair } from "./memory.ts";
export { Output } from "./output.ts";
export {
  parseProxyHeader,
  type ProxyHeader,
  ProxyHeaderError,
  readProxyHeader,
} from "./proxy_protocol.ts";
export { type ByteStream, type Listener, writeAll } from "./stream.ts";
