// Connections that are not yet open: a TLS handshake or the request for a WebSocket is under way. Nothing above knows
// of them, so they are bounded here.

import type { Server, Socket } from "node:net";
import { formatHost } from "./address.ts";

const OPENING_MS = 10_000;
const MOST_OPENING = 256;

type Timer = ReturnType<typeof setTimeout>;

/** The connections of a listener that are being opened. */
export class Opening {
  readonly #sockets = new Map<string, { readonly socket: Socket; readonly timer: Timer }>();

  /** A connection came. Where there are too many, the oldest goes: an honest one takes the least time. */
  begin(socket: Socket): void {
    const peer = peerOf(socket);
    for (const [oldest, { socket }] of this.#sockets) {
      if (this.#sockets.size < MOST_OPENING) break;
      this.opened(oldest);
      socket.destroy();
    }
    const timer = setTimeout(() => socket.destroy(), OPENING_MS);
    this.#sockets.set(peer, { socket, timer });
    socket.once("close", () => this.opened(peer));
    // What goes wrong shows where the socket is read.
    socket.on("error", () => {});
  }

  /** A connection is open, or over. */
  opened(peer: string): void {
    clearTimeout(this.#sockets.get(peer)?.timer);
    this.#sockets.delete(peer);
  }

  /** Ends all that are not open. */
  close(): void {
    for (const { socket } of this.#sockets.values()) socket.destroy();
  }
}

/** The other end of a socket, which names it while it lives. */
export function peerOf({ remoteAddress = "", remotePort = 0 }: Socket): string {
  return formatHost({ hostname: remoteAddress, port: remotePort });
}

/** Listens; resolves with the port. Rejects with Deno's `AddrInUse`, or Node's error. */
export function startListening(
  server: Server,
  hostname: string,
  port: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: Error & { code?: string }) => {
      const inUse = error.code === "EADDRINUSE";
      reject(inUse ? new Deno.errors.AddrInUse(error.message, { cause: error }) : error);
    });
    server.listen({ host: hostname, port }, () => {
      resolve((server.address() as { port: number }).port);
    });
  });
}
