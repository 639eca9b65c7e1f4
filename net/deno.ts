// TCP and Unix sockets of Deno.

import { type Address, formatAddress } from "./address.ts";
import type { ByteStream, Listener } from "./stream.ts";

class SocketStream implements ByteStream {
  readonly peer: string;
  readonly #conn: Deno.Conn;
  #closed = false;

  constructor(conn: Deno.TcpConn | Deno.UnixConn) {
    this.#conn = conn;
    const remote = conn.remoteAddr;
    if (remote.transport === "tcp") {
      (conn as Deno.TcpConn).setNoDelay(true);
      this.peer = formatAddress({ ...remote, transport: "tcp" }).slice("tcp://".length);
    } else this.peer = "unix";
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#conn.read(buffer);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#conn.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
  }
}

/** Connects to an address. Throws Deno's errors, such as `ConnectionRefused`. */
export async function connectStream(
  address: Address,
  options: { signal?: AbortSignal } = {},
): Promise<ByteStream> {
  options.signal?.throwIfAborted();
  if (address.transport === "unix") {
    return new SocketStream(await Deno.connect({ transport: "unix", path: address.path }));
  }
  const { hostname, port } = address;
  return new SocketStream(await Deno.connect({ hostname, port, signal: options.signal }));
}

/** Listens at an address; port 0 takes a free one. Throws Deno's errors, such as `AddrInUse`. */
export async function listen(address: Address): Promise<Listener> {
  if (address.transport === "tcp") return listenTcp(address);
  await removeStale(address.path);
  return listenUnix(address.path);
}

function listenTcp({ hostname, port }: Extract<Address, { transport: "tcp" }>): Listener {
  const listener = Deno.listen({ hostname, port });
  const address = formatAddress({ transport: "tcp", hostname, port: listener.addr.port });
  return acceptFrom(listener, address, () => {});
}

function listenUnix(path: string): Listener {
  const listener = Deno.listen({ transport: "unix", path });
  return acceptFrom(listener, formatAddress({ transport: "unix", path }), () => {
    try {
      Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  });
}

// A server that was killed leaves its socket behind, and nothing can listen there again until it is gone.
async function removeStale(path: string): Promise<void> {
  try {
    const conn = await Deno.connect({ transport: "unix", path });
    conn.close();
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) {
      if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
    }
  }
}

function acceptFrom(
  listener: Deno.TcpListener | Deno.UnixListener,
  address: string,
  onClose: () => void,
): Listener {
  let closed = false;
  return {
    address,
    async accept(): Promise<ByteStream | undefined> {
      while (!closed) {
        try {
          return new SocketStream(await listener.accept());
        } catch (error) {
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
      onClose();
    },
  };
}
