// Connections that are not yet open: a TLS handshake or the request for a WebSocket is under way. Nothing above knows
// of them, so they are bounded here.

import type { Server, Socket } from "node:net";
import { formatHost } from "./address.ts";

/** How long a connection may take to open where nobody says otherwise, in ms. */
export const OPENING_MS = 10_000;
const MOST_OPENING = 256;

/** Bounds on connections that are not open yet. */
export interface OpeningOptions {
  /**
   * For `tls://` and `ws://`: how long a connection may take to open, by its handshake or its request for a WebSocket,
   * in ms. Default 10000.
   */
  openingTime?: number;
  /** For `ws://`: how many connections may be opening; where one more comes the oldest is closed. Default 256. */
  maxOpening?: number;
  /** Is told of each connection that was closed because of these. */
  onUnopened?: () => void;
}

type Timer = ReturnType<typeof setTimeout> | undefined;

/** The connections of a listener that are being opened. */
export class Opening {
  readonly #sockets = new Map<string, { readonly socket: Socket; readonly timer: Timer }>();
  readonly #time: number;
  readonly #most: number;
  readonly #onUnopened: () => void;

  /** None is being opened yet. */
  constructor({ openingTime = OPENING_MS, maxOpening = MOST_OPENING, onUnopened }: OpeningOptions) {
    this.#time = openingTime;
    this.#most = maxOpening;
    this.#onUnopened = onUnopened ?? (() => {});
  }

  /** A connection came. Where there are too many, the oldest goes: an honest one takes the least time. */
  begin(socket: Socket): void {
    const peer = peerOf(socket);
    for (const [oldest, { socket }] of this.#sockets) {
      if (this.#sockets.size < this.#most) break;
      this.opened(oldest);
      this.#giveUp(socket);
    }
    const timer = this.#time === Infinity
      ? undefined
      : setTimeout(() => this.#giveUp(socket), this.#time);
    this.#sockets.set(peer, { socket, timer });
    socket.once("close", () => this.opened(peer));
    // What goes wrong shows where the socket is read.
    socket.on("error", () => {});
  }

  #giveUp(socket: Socket): void {
    socket.destroy();
    this.#onUnopened();
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
