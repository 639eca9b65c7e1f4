// The listeners of Deno: TCP, TLS, Unix and WebSocket.

import {
  type Address,
  AddressError,
  formatAddress,
  type HostAddress,
  parseAddress,
} from "./address.ts";
import { SocketStream } from "./deno.ts";
import type { ListenOptions } from "./listen_options.ts";
import type { TlsIdentity } from "./tls_identity.ts";
import { proxied } from "./proxied_listener.ts";
import type { ByteStream, Listener } from "./stream.ts";
import { listenDenoTls } from "./tls_listener.ts";
import { bindUnix } from "./unix_socket.ts";
import { listenWebSocket } from "./web_socket_listener.ts";

/**
 * Listens at an address; port 0 takes a free one. Throws Deno's errors, such as `AddrInUse`; `AddressError` for
 * `tls://` and `wss://` without a certificate; `RangeError` for a `maxMessage` that is too small.
 */
export async function listen(address: Address, options: ListenOptions = {}): Promise<Listener> {
  switch (address.transport) {
    case "tcp":
      return behindProxies(listenTcp(address, options), options);
    case "tls":
      return await listenTls(address, identity(address, options), options);
    case "unix":
      return behindProxies(await listenUnix(address.path, options), options);
    case "ws": {
      const sockets = behindProxies(listenTcp({ ...address, transport: "tcp" }, options), options);
      const { port } = parseAddress(sockets.address) as HostAddress;
      return listenWebSocket(sockets, { ...address, port }, options);
    }
    case "wss": {
      const { hostname, port } = address;
      const sockets = await listenTls(
        { transport: "tls", hostname, port },
        identity(address, options),
        // Clients name a version of HTTP, or nothing.
        { ...options, alpn: undefined },
      );
      const { port: taken } = parseAddress(sockets.address) as HostAddress;
      return listenWebSocket(sockets, { ...address, port: taken }, options);
    }
  }
}

function behindProxies(listener: Listener, { proxy }: ListenOptions): Listener {
  return proxy === undefined ? listener : proxied(listener, proxy);
}

function identity(address: Address, { tls }: ListenOptions): TlsIdentity {
  if (tls !== undefined) return tls;
  throw new AddressError(`${formatAddress(address)}: needs a certificate and its key`);
}

/** How many connections may wait for a listener of a shared port: their server may have to wait for another one first. */
const SHARED_BACKLOG = 4096;

/** The options of Deno for a port that is shared. Throws `NotSupported` where Deno cannot share it. */
function sharing({ sharePort }: ListenOptions): { reusePort?: true; tcpBacklog?: number } {
  if (!sharePort) return {};
  // Deno ends the process that shares a port without the flag.
  if (SHARES_PORTS) return { reusePort: true, tcpBacklog: SHARED_BACKLOG };
  throw new Deno.errors.NotSupported(
    'to share a port, deno needs its flag unstable-net, or "unstable": ["net"] in deno.json, on Linux',
  );
}

function listenTcp({ hostname, port }: HostAddress, options: ListenOptions): Listener {
  const listener = Deno.listen({ hostname, port, ...sharing(options) });
  const address = formatAddress({ transport: "tcp", hostname, port: listener.addr.port });
  return acceptFrom(listener, address, (conn) => new SocketStream(conn));
}

/** Whether listeners can share a port: on Linux, where Deno's unstable functions of the network are there. */
const SHARES_PORTS = Deno.build.os === "linux" && "listenDatagram" in Deno;

// Deno's TLS takes half of the time. That of node:tls can ask for certificates, and renews its own everywhere.
async function listenTls(
  place: HostAddress,
  identity: TlsIdentity,
  options: ListenOptions,
): Promise<Listener> {
  if (identity.clientCa === undefined && (SHARES_PORTS || !options.renewable)) {
    sharing(options);
    return listenDenoTls(place, identity, options);
  }
  // Most servers do without node:tls, which takes time to load.
  const { listenNodeTls } = await import("./node_tls_listener.ts");
  const sockets = listenTcp({ ...place, transport: "tcp" }, options);
  const { port } = parseAddress(sockets.address) as HostAddress;
  const address = formatAddress({ ...place, port });
  try {
    return listenNodeTls(sockets, address, identity, options);
  } catch (error) {
    sockets.close();
    throw error;
  }
}

async function listenUnix(path: string, { socketMode, peer }: ListenOptions): Promise<Listener> {
  const listener = await bindUnix(path, socketMode);
  const address = formatAddress({ transport: "unix", path });
  return acceptFrom(listener, address, (conn) => new SocketStream(conn, peer));
}

function acceptFrom<Conn extends Deno.Conn>(
  listener: { accept(): Promise<Conn>; close(): void },
  address: string,
  toStream: (conn: Conn) => ByteStream,
): Listener {
  let closed = false;
  return {
    address,
    async accept(): Promise<ByteStream | undefined> {
      while (!closed) {
        let conn: Conn | undefined;
        try {
          conn = await listener.accept();
          return toStream(conn);
        } catch (error) {
          if (conn !== undefined) {
            // The client was gone before the options of its socket were set.
            conn.close();
            continue;
          }
          if (closed) return undefined;
          // The client was gone before it was accepted.
          if (error instanceof Deno.errors.ConnectionAborted) continue;
          if (error instanceof Deno.errors.ConnectionReset) continue;
          throw error;
        }
      }
    },
    close(): void {
      if (closed) return;
      closed = true;
      listener.close();
    },
  };
}
