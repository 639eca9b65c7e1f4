// A byte stream over the platform's WebSocket: in browsers, Deno, and Node from version 22.

import { formatAddress, formatHost, type WebSocketAddress } from "./address.ts";
import type { DialOptions } from "./dial_options.ts";
import { Inbox } from "./inbox.ts";
import type { ByteStream } from "./stream.ts";
import { StreamError } from "./stream_error.ts";

/** The longest message that is sent; servers take at least this. */
export const LONGEST_MESSAGE = 65_536;
// Beyond this many bytes that the platform holds, writes wait.
const HIGH_WATER = 4 * LONGEST_MESSAGE;
// A WebSocket cannot be asked to bring no more. Beyond this many unread bytes it is closed.
const MOST_UNREAD = 16 << 20;
const SHORTEST_WAIT = 1, LONGEST_WAIT = 32;

const NORMAL = 1000, GOING_AWAY = 1001, NO_STATUS = 1005, TOO_BIG = 4009;

/** Connects to a `ws://` or `wss://` address. Rejects with `StreamError`, or the signal's reason. */
export function connectWebSocket(
  address: WebSocketAddress,
  { signal }: Pick<DialOptions, "signal"> = {},
): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const socket = new WebSocket(formatAddress(address));
    socket.binaryType = "arraybuffer";
    const onAbort = (): void => {
      settle();
      socket.close();
      reject(signal!.reason);
    };
    const settle = (): void => {
      signal?.removeEventListener("abort", onAbort);
      socket.onopen = socket.onclose = socket.onerror = null;
    };
    signal?.addEventListener("abort", onAbort);
    // An error event says next to nothing, so that pages cannot look around in networks; the close event follows it.
    let why = "";
    socket.onerror = (event) => why = (event as ErrorEvent).message ?? "";
    socket.onclose = () => {
      settle();
      const message = `no WebSocket at ${formatAddress(address)}`;
      reject(new StreamError("ConnectionRefused", why === "" ? message : `${message}: ${why}`));
    };
    socket.onopen = () => {
      settle();
      resolve(new WebSocketStream(socket, formatHost(address)));
    };
  });
}

class WebSocketStream implements ByteStream {
  readonly peer: string;
  readonly #socket: WebSocket;
  readonly #inbox = new Inbox({ pause: () => {}, resume: () => {} });
  readonly #encoder = new TextEncoder();
  #ended = false;
  #closed = false;
  #wakeWriter: (() => void) | undefined = undefined;

  constructor(socket: WebSocket, peer: string) {
    this.peer = peer;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#came(data);
    socket.onclose = ({ code, reason }) => this.#over(code, reason);
  }

  #came(data: string | ArrayBuffer): void {
    const bytes = typeof data === "string" ? this.#encoder.encode(data) : new Uint8Array(data);
    this.#inbox.push(bytes);
    if (this.#inbox.held <= MOST_UNREAD) return;
    const message = `more than ${MOST_UNREAD} bytes came that nobody read`;
    this.#inbox.fail(new StreamError("ConnectionAborted", message));
    this.#socket.close(TOO_BIG, "the client does not read");
    this.#wakeWriter?.();
  }

  #over(code: number, reason: string): void {
    if (code === NORMAL || code === GOING_AWAY || code === NO_STATUS) this.#inbox.end();
    else {
      const why = reason === "" ? `code ${code}` : `${reason} (${code})`;
      this.#inbox.fail(new StreamError("ConnectionReset", `the WebSocket was closed: ${why}`));
    }
    this.#wakeWriter?.();
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#inbox.read(buffer);
  }

  async write(bytes: Uint8Array): Promise<number> {
    // Nothing tells when the platform has sent what it holds.
    for (let wait = SHORTEST_WAIT; this.#full; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait);
        this.#wakeWriter = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wakeWriter = undefined;
    }
    if (this.#ended || this.#socket.readyState !== WebSocket.OPEN) {
      throw new StreamError("BrokenPipe", "the connection is closed");
    }
    const part = bytes.subarray(0, LONGEST_MESSAGE);
    if (part.length > 0) this.#socket.send(part as Uint8Array<ArrayBuffer>);
    return part.length;
  }

  get #full(): boolean {
    return this.#socket.readyState === WebSocket.OPEN && this.#socket.bufferedAmount >= HIGH_WATER;
  }

  // A WebSocket ends both directions at once. An empty message, which carries no bytes, says that it was the last.
  closeWrite(): Promise<void> {
    if (!this.#ended && this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(new Uint8Array(0));
    }
    this.#ended = true;
    return Promise.resolve();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = this.#ended = true;
    this.#inbox.close();
    this.#socket.close(NORMAL);
    this.#wakeWriter?.();
  }
}
