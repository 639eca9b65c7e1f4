// WebSocket connections to a server. Deno's own server WebSocket cannot be asked to stop reading, so that a client
// could fill the memory; the library `ws` can, and tells when what it was given has been sent. Plain ones only: below
// node:https, Deno does not stop reading either.

import { createServer, type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { setImmediate } from "node:timers";
// @ts-types="npm:@types/ws@8.18.2"
import { type WebSocket, WebSocketServer } from "ws";
import { formatAddress, type WebSocketAddress } from "./address.ts";
import { Arrivals } from "./arrivals.ts";
import { createInbox, HIGH_WATER, type Inbox } from "./inbox.ts";
import { Opening, peerOf, startListening } from "./opening.ts";
import { mayConnect } from "./origin.ts";
import type { ListenOptions } from "./listen.ts";
import type { ByteStream, Listener } from "./stream.ts";
import { StreamError } from "./stream_error.ts";
import { LONGEST_MESSAGE } from "./web_socket.ts";

const CLOSE_MS = 1000;
// What the system takes at once is called back within the same turn of the event loop: a stream to a client that reads
// fast would keep everybody else waiting, were there no other turn between.
const BURST = 4 * LONGEST_MESSAGE;
const NORMAL = 1000, GOING_AWAY = 1001, NO_STATUS = 1005;

/** Listens for WebSockets. Throws what `listen` throws, and Node's errors where the certificate or key cannot be read. */
export async function listenWebSocket(
  { hostname, port, path }: WebSocketAddress,
  options: ListenOptions,
): Promise<Listener> {
  const { origins = [], maxMessage = LONGEST_MESSAGE, onLongMessage = () => {} } = options;
  if (!(maxMessage >= LONGEST_MESSAGE)) {
    throw new RangeError(`maxMessage must be at least ${LONGEST_MESSAGE}, not ${maxMessage}`);
  }
  const server = createServer();
  const opener = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // For ws 0 is none.
    maxPayload: maxMessage === Infinity ? 0 : maxMessage,
    perMessageDeflate: false,
    // A client that sends pings and does not read would fill the memory with pongs.
    autoPong: false,
  });
  const arrivals = new Arrivals();
  const endCode = (): number => arrivals.closed ? GOING_AWAY : NORMAL;
  const opening = new Opening(options);
  server.on("connection", (socket) => opening.begin(socket));
  server.on("request", (request, response) => {
    const found = pathOf(request) === path;
    response.writeHead(found ? 426 : 404, {
      "content-type": "text/plain; charset=utf-8",
      "connection": found ? "close, upgrade" : "close",
      ...(found ? { upgrade: "websocket" } : {}),
    });
    response.end(found ? ABOUT : `There is nothing here. The WebSocket is at ${path}.\n`);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    const { origin, host } = request.headers;
    socket.on("error", () => {});
    if (pathOf(request) !== path) {
      return refuse(socket, 404, `There is nothing here. The WebSocket is at ${path}.`);
    }
    if (!mayConnect({ origin, host }, hostname, origins)) {
      const message =
        `Pages of ${origin} may not connect; the server can allow it with --ws-origin.`;
      return refuse(socket, 403, message);
    }
    const peer = peerOf(request.socket);
    opener.handleUpgrade(request, socket, Buffer.from(head), (webSocket) => {
      opening.opened(peer);
      webSocket.on("error", (error: Error & { code?: string }) => {
        if (error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") onLongMessage();
      });
      arrivals.push(new ServedWebSocket(webSocket, peer, endCode));
    });
  });
  const taken = await startListening(server, hostname, port);
  return {
    address: formatAddress({ transport: "ws", hostname, port: taken, path }),
    accept: () => arrivals.accept(),
    close(): void {
      if (arrivals.closed) return;
      arrivals.close();
      opening.close();
      server.close();
    },
  };
}

const ABOUT = "This is a server of Lineup/1, a protocol of text lines, over WebSocket. " +
  "Each message carries some bytes of the stream.\nTry: lineup connect with this address, ws: in front.\n";

function pathOf({ url = "" }: IncomingMessage): string {
  return url;
}

function refuse(socket: Duplex, status: number, message: string): void {
  const body = new TextEncoder().encode(`${message}\n`);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: text/plain; charset=utf-8",
    `content-length: ${body.length}`,
    "connection: close",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  socket.end(body);
}

class ServedWebSocket implements ByteStream {
  readonly peer: string;
  readonly gone: Promise<void>;
  readonly #socket: WebSocket;
  readonly #inbox: Inbox;
  readonly #endCode: () => number;
  #burst = 0;
  #closed = false;

  constructor(socket: WebSocket, peer: string, endCode: () => number) {
    this.peer = peer;
    this.#socket = socket;
    this.#endCode = endCode;
    this.#inbox = createInbox(HIGH_WATER, () => socket.pause(), () => socket.resume());
    socket.on("message", (data) => this.#came(data as Buffer));
    socket.on("ping", (data) => {
      if (socket.bufferedAmount < LONGEST_MESSAGE) socket.pong(data, undefined, () => {});
    });
    socket.on("error", ({ message }) => {
      this.#inbox.end(new StreamError("InvalidData", `not what WebSocket asks for: ${message}`));
    });
    this.gone = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("close", (code) => {
      if (code === NORMAL || code === GOING_AWAY || code === NO_STATUS) this.#inbox.end();
      else this.#inbox.end(new StreamError("ConnectionReset", `closed with code ${code}`));
    });
  }

  #came(bytes: Uint8Array): void {
    // An empty message carries no bytes: it says that it was the last.
    if (bytes.length === 0) this.#inbox.end();
    else this.#inbox.push(bytes);
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#inbox.read(buffer);
  }

  write(bytes: Uint8Array): Promise<number> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const onClose = (): void => reject(gone());
      if (socket.readyState !== socket.OPEN) return onClose();
      const part = bytes.subarray(0, LONGEST_MESSAGE);
      if (part.length === 0) return resolve(0);
      // Where the connection is lost, what waits is not always called back.
      socket.once("close", onClose);
      socket.send(part, { binary: true }, (error) => {
        socket.off("close", onClose);
        if (error) return reject(new StreamError("BrokenPipe", error.message, { cause: error }));
        this.#burst += part.length;
        if (this.#burst < BURST) return resolve(part.length);
        this.#burst = 0;
        setImmediate(() => resolve(part.length));
      });
    });
  }

  /** The last a server says is the close of the WebSocket: its clients need nothing more to see the end. */
  closeWrite(): Promise<void> {
    this.#socket.close(this.#endCode());
    return Promise.resolve();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inbox.close();
    const socket = this.#socket;
    // Behind what the client does not read, a close frame would not get anywhere.
    if (socket.bufferedAmount > 0) return socket.terminate();
    if (socket.readyState === socket.CLOSED) return;
    if (socket.readyState === socket.OPEN) socket.close(this.#endCode());
    const timer = setTimeout(() => socket.terminate(), CLOSE_MS);
    socket.once("close", () => clearTimeout(timer));
  }
}

function gone(): StreamError {
  return new StreamError("BrokenPipe", "the connection is closed");
}
