// The sockets of Node and Bun: TCP, TLS and Unix of node:net and node:tls, and WebSocket.

import { connect, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, rootCertificates } from "node:tls";
import {
  type Address,
  formatAddress,
  formatHost,
  type HostAddress,
  isWebSocket,
  type UnixAddress,
} from "./address.ts";
import type { DialOptions } from "./dial_options.ts";
import { guardWith } from "./guard.ts";
import { createReceiveBuffer, HIGH_WATER, type ReceiveBuffer } from "./receive_buffer.ts";
import type { ByteStream } from "./stream.ts";
import { StreamError, type StreamErrorName } from "./stream_error.ts";
import { connectWebSocket } from "./web_socket.ts";

/** The names of `StreamError` by Node's codes. */
const NAMES: Readonly<Record<string, StreamErrorName>> = {
  ECONNABORTED: "ConnectionAborted",
  ECONNREFUSED: "ConnectionRefused",
  ECONNRESET: "ConnectionReset",
  EAI_AGAIN: "NotFound",
  ENOENT: "NotFound",
  ENOTFOUND: "NotFound",
  EPIPE: "BrokenPipe",
  ERR_STREAM_DESTROYED: "BrokenPipe",
  ERR_STREAM_WRITE_AFTER_END: "BrokenPipe",
  ETIMEDOUT: "TimedOut",
};

/** The idle time in ms after which the system probes whether the other end is still there. */
const KEEP_ALIVE_MS = 60_000;

/** Connects to an address. Rejects with `StreamError`, or the signal's reason. */
export async function connectStream(
  address: Address,
  options: DialOptions = {},
): Promise<ByteStream> {
  const { signal } = options;
  signal?.throwIfAborted();
  if (isWebSocket(address)) {
    if (typeof WebSocket === "undefined") {
      throw new StreamError(
        "NotSupported",
        `${formatAddress(address)}: this Node has no WebSocket, version 22 has; ` +
          "use tcp://, tls:// or unix: here",
      );
    }
    return await connectWebSocket(address, options);
  }
  const [socket, peer, connected] = open(address, options);
  const stream = new SocketStream(socket, peer);
  const onAbort = (): void => stream.close();
  signal?.addEventListener("abort", onAbort);
  try {
    await stream.until(connected);
    return stream;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

function open(
  address: HostAddress | UnixAddress,
  { tls = {}, alpn }: DialOptions,
): [Socket, string, string] {
  if (address.transport === "unix") {
    return [connect({ path: address.path, allowHalfOpen: true }), "unix", "connect"];
  }
  const { hostname: host, port } = address;
  const options = {
    host,
    port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  };
  if (address.transport === "tcp") return [connect(options), formatHost(address), "connect"];
  const { caCerts, serverName = host } = tls;
  const socket = connectTls({
    ...options,
    ALPNProtocols: alpn === undefined ? undefined : [alpn],
    ca: caCerts && [...rootCertificates, ...caCerts],
    // SNI takes no IP addresses (RFC 6066). The certificate is still checked against the address.
    servername: isIP(serverName) === 0 ? serverName : "",
    checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
  });
  return [socket, formatHost(address), "secureConnect"];
}

class SocketStream implements ByteStream {
  readonly peer: string;
  readonly #socket: Socket;
  readonly #received: ReceiveBuffer;
  #error: StreamError | undefined = undefined;

  constructor(socket: Socket, peer: string) {
    this.peer = peer;
    this.#socket = socket;
    this.#received = createReceiveBuffer(HIGH_WATER, () => socket.pause(), () => socket.resume());
    const fail = (error: Error): void => {
      this.#error ??= toStreamError(error);
      this.#received.end(this.#error);
      socket.destroy();
    };
    const guard = guardWith(fail);
    socket.on("data", guard((bytes: Uint8Array) => this.#received.push(bytes)));
    socket.on("end", guard(() => this.#received.end()));
    socket.on("error", fail);
    socket.on("close", guard(() => this.#received.end(this.#error ?? closed())));
  }

  /** Resolves at an event of the socket. Rejects with `StreamError` where the socket closes first. */
  until(event: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once(event, resolve);
      this.#socket.once("close", () => reject(this.#error ?? closed()));
    });
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#received.read(buffer);
  }

  write(bytes: Uint8Array): Promise<number> {
    // Deno's node:tls fails at an empty write.
    if (bytes.length === 0) return Promise.resolve(0);
    return new Promise((resolve, reject) => {
      const socket = this.#socket;
      const onClose = (): void => reject(this.#error ?? closed());
      if (socket.destroyed || socket.writableEnded) return onClose();
      // A destroyed socket does not always call the callbacks of pending writes.
      socket.once("close", onClose);
      socket.write(bytes, (error) => {
        socket.off("close", onClose);
        if (error) reject(toStreamError(error));
        else resolve(bytes.length);
      });
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) resolve();
      else this.#socket.end(() => resolve());
    });
  }

  close(): void {
    this.#received.close();
    this.#socket.destroy();
  }
}

function closed(): StreamError {
  return new StreamError("ConnectionAborted", "the connection is closed");
}

function toStreamError(error: Error & { code?: string }): StreamError {
  const name = NAMES[error.code ?? ""] ??
    (/^(ERR_(SSL|TLS)|.*CERT|UNABLE_)/.test(error.code ?? "") ? "InvalidData" : "ConnectionReset");
  return new StreamError(name, error.message || error.code || name, { cause: error });
}
