// The byte stream over a socket of node:net or node:tls.

import type { Socket } from "node:net";
import { guardWith } from "./guard.ts";
import { createReceiveBuffer, HIGH_WATER, type ReceiveBuffer } from "./receive_buffer.ts";
import type { ByteStream } from "./stream.ts";
import { StreamError, type StreamErrorName } from "./stream_error.ts";

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

/** The source of a socket's bytes, which can be held. */
export interface Held {
  pause(): unknown;
  resume(): unknown;
}

/** A byte stream over a socket. */
export class NodeStream implements ByteStream {
  readonly peer: string;
  readonly #socket: Socket;
  readonly #received: ReceiveBuffer;
  #error: StreamError | undefined = undefined;

  /** Holds `source` while many bytes are unread. Default: the socket itself. */
  constructor(socket: Socket, peer: string, source: Held = socket) {
    this.peer = peer;
    this.#socket = socket;
    this.#received = createReceiveBuffer(HIGH_WATER, () => source.pause(), () => source.resume());
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
