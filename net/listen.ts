// Where connections arrive in Deno.

import { type Address, AddressError, formatAddress, type HostAddress } from "./address.ts";
import { SocketStream } from "./deno.ts";
import type { ByteStream, Listener } from "./stream.ts";

/** What the listener of an address may need beside it. */
export interface ListenOptions {
  /** For `tls://` and `wss://`: the server's certificate, with those of its issuers behind it, and its key, as PEM. */
  tls?: TlsIdentity;
  /**
   * For `ws://` and `wss://`: the pages that may connect, by their origin (`https://example.org`), or `*`. Default:
   * those of the listener's own host and port, and what is no browser.
   */
  origins?: readonly string[];
}

/** Who a server is, in PEM. */
export interface TlsIdentity {
  /** The certificate, and behind it those of its issuers. */
  cert: string;
  /** Its private key. */
  key: string;
}

/**
 * Listens at an address; port 0 takes a free one. Throws Deno's errors, such as `AddrInUse`, and `AddressError` where
 * the address needs a certificate and there is none.
 */
export async function listen(address: Address, options: ListenOptions = {}): Promise<Listener> {
  switch (address.transport) {
    case "tcp":
      return listenTcp(address);
    case "tls": {
      const { listenTls } = await import("./tls_listener.ts");
      return await listenTls(address, identity(address, options));
    }
    case "unix":
      await removeStale(address.path);
      return listenUnix(address.path);
    case "ws":
    case "wss": {
      // Loaded only where it is used: it takes as long to load as all the rest of a server.
      const { listenWebSocket } = await import("./web_socket_listener.ts");
      const tls = address.transport === "wss" ? identity(address, options) : undefined;
      return await listenWebSocket(address, { origins: options.origins ?? [], tls });
    }
  }
}

function identity(address: Address, { tls }: ListenOptions): TlsIdentity {
  if (tls !== undefined) return tls;
  throw new AddressError(`${formatAddress(address)}: needs a certificate and its key`);
}

function listenTcp({ hostname, port }: HostAddress): Listener {
  const listener = Deno.listen({ hostname, port });
  const address = formatAddress({ transport: "tcp", hostname, port: listener.addr.port });
  return acceptFrom(listener, address, () => {});
}

function listenUnix(path: string): Listener {
  const listener = Deno.listen({ transport: "unix", path });
  const address = formatAddress({ transport: "unix", path });
  return acceptFrom(listener, address, () => {
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
