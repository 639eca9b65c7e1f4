// TLS of node:tls over the connections of another listener. `Deno.listenTls` cannot ask clients for certificates. The
// listener of node:tls accepts nothing any more once file descriptors have run out, and reads on while nobody takes the
// bytes.

import { acceptInto, AcceptQueue } from "./accept_queue.ts";
import type { ListenOptions } from "./listen_options.ts";
import type { TlsIdentity } from "./tls_identity.ts";
import { type Handshake, nodeTlsServer } from "./node_tls_server.ts";
import { PendingHandshakes } from "./pending_handshakes.ts";
import type { ByteStream, Listener } from "./stream.ts";

/** Serves TLS on the connections of `sockets`. Throws the errors of node:tls for a wrong certificate or key. */
export function listenNodeTls(
  sockets: Pick<Listener, "accept" | "close">,
  address: string,
  identity: TlsIdentity,
  options: ListenOptions,
): Listener {
  const arrivals = new AcceptQueue();
  const opening = new PendingHandshakes(options);
  let handshake: Handshake = nodeTlsServer(identity, options.alpn);

  async function begin(stream: ByteStream): Promise<void> {
    opening.begin(stream);
    try {
      const opened = await handshake(stream);
      if (opening.end(stream)) arrivals.push(opened);
    } catch (error) {
      stream.close();
      // The server tells of it, as of each connection that fails.
      if (opening.end(stream)) arrivals.push(failed(stream.peer, error));
    }
  }

  acceptInto(arrivals, sockets, begin);
  return {
    address,
    accept: () => arrivals.accept(),
    // deno-lint-ignore require-await
    async renew(renewed): Promise<void> {
      handshake = nodeTlsServer(renewed, options.alpn);
    },
    close(): void {
      if (arrivals.closed) return;
      arrivals.close();
      opening.close();
      sockets.close();
    },
  };
}

/** A connection that failed before it was open. */
function failed(peer: string, error: unknown): ByteStream {
  const fail = (): Promise<never> => Promise.reject(error);
  return { peer, read: fail, write: fail, closeWrite: fail, close: () => {} };
}
