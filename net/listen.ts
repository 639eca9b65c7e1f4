// The listeners of Deno: TCP, TLS, Unix and WebSocket.

import {
  type Address,
  AddressError,
  formatAddress,
  type HostAddress,
  parseAddress,
} from "./address.ts";
import { SocketStream, TlsStream } from "./deno.ts";
import type { ListenOptions, TlsIdentity } from "./listen_options.ts";
import { OPENING_MS } from "./pending_handshakes.ts";
import { proxied } from "./proxied_listener.ts";
import type { ByteStream, Listener } from "./stream.ts";
import { bindUnix } from "./unix_socket.ts";
import { listenWebSocket } from "./web_socket_listener.ts";

/**
 * Listens at an address; port 0 takes a free one. Throws Deno's errors, such as `AddrInUse`; `AddressError` for
 * `tls://` without a certificate, and for `wss://`; `RangeError` for a `maxMessage` that is too small.
 */
export async function listen(address: Address, options: ListenOptions = {}): Promise<Listener> {
  switch (address.transport) {
    case "tcp":
      return behindProxies(listenTcp(address), options);
    case "tls":
      return listenTls(address, identity(address, options), options);
    case "unix":
      return behindProxies(await listenUnix(address.path, options), options);
    case "ws": {
      const sockets = behindProxies(listenTcp({ ...address, transport: "tcp" }), options);
      const { port } = parseAddress(sockets.address) as HostAddress;
      return listenWebSocket(sockets, { ...address, port }, options);
    }
    case "wss":
      throw new AddressError(
        `${
          formatAddress(address)
        }: a server listens at ws:// only; have a proxy before it speak TLS`,
      );
  }
}

function behindProxies(listener: Listener, { proxy }: ListenOptions): Listener {
  return proxy === undefined ? listener : proxied(listener, proxy);
}

function identity(address: Address, { tls }: ListenOptions): TlsIdentity {
  if (tls !== undefined) return tls;
  throw new AddressError(`${formatAddress(address)}: needs a certificate and its key`);
}

function listenTcp({ hostname, port }: HostAddress): Listener {
  const listener = Deno.listen({ hostname, port });
  const address = formatAddress({ transport: "tcp", hostname, port: listener.addr.port });
  return acceptFrom(listener, address, (conn) => new SocketStream(conn));
}

// Deno keeps the socket of a closed connection until its handshake has ended or its client is gone. This bound leaves
// descriptors for other listeners and for files.
const MOST_HANDSHAKES = 1024;

// Nagle's algorithm stays on: Deno cannot turn it off here. node:tls could, but it reads on in Deno while nobody takes
// the bytes, so that a client could fill the memory.
function listenTls(
  { hostname, port }: HostAddress,
  { cert, key }: TlsIdentity,
  { alpn, openingTime = OPENING_MS, onUnopened, after }: ListenOptions,
): Listener {
  const alpnProtocols = alpn === undefined ? undefined : [alpn];
  const listener = Deno.listenTls({ hostname, port, cert, key, alpnProtocols });
  const address = formatAddress({ transport: "tls", hostname, port: listener.addr.port });
  let handshakes = 0;
  let goOn = (): void => {};
  const accept = async (): Promise<Deno.TlsConn> => {
    if (handshakes >= MOST_HANDSHAKES) await new Promise<void>((resolve) => goOn = resolve);
    return await listener.accept();
  };
  const close = (): void => {
    listener.close();
    goOn();
  };
  return acceptFrom({ accept, close }, address, (conn) => {
    const onLate = (): void => onUnopened?.(stream.peer, "its TLS handshake took too long");
    const stream: TlsStream = new TlsStream(conn, openingTime, onLate, after);
    handshakes++;
    stream.settled.then(() => {
      handshakes--;
      goOn();
    });
    return stream;
  });
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
