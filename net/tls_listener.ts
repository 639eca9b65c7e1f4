// TLS connections to a server, by node:tls. Deno.listenTls leaves Nagle's algorithm on and offers no way to turn it
// off: an answer that follows another too soon would come 40 ms late.

import { createServer } from "node:tls";
import { formatAddress, type HostAddress } from "./address.ts";
import { Arrivals } from "./arrivals.ts";
import { ALPN } from "./dial_options.ts";
import type { TlsIdentity } from "./listen.ts";
import { SocketStream } from "./node.ts";
import { Opening, peerOf, startListening } from "./opening.ts";
import type { Listener } from "./stream.ts";

/** Listens for TLS. Throws what `listen` throws, and Node's errors where the certificate or key cannot be read. */
export async function listenTls(
  { hostname, port }: HostAddress,
  { cert, key }: TlsIdentity,
): Promise<Listener> {
  const arrivals = new Arrivals();
  const opening = new Opening();
  const server = createServer({ cert, key, ALPNProtocols: [ALPN], allowHalfOpen: true });
  server.on("connection", (socket) => opening.begin(socket));
  // Without this it would stay open.
  server.on("tlsClientError", (_, socket) => socket.destroy());
  server.on("secureConnection", (socket) => {
    const peer = peerOf(socket);
    opening.opened(peer);
    socket.setNoDelay(true);
    arrivals.push(new SocketStream(socket, peer));
  });
  const taken = await startListening(server, hostname, port);
  return {
    address: formatAddress({ transport: "tls", hostname, port: taken }),
    accept: () => arrivals.accept(),
    close(): void {
      if (arrivals.closed) return;
      arrivals.close();
      opening.close();
      server.close();
    },
  };
}
