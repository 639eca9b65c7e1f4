// A byte stream over the platform's WebSocket: in browsers, Deno, and Node from version 22.

import { formatAddress, formatHost, type WebSocketAddress } from "./address.ts";
import type { DialOptions } from "./dial_options.ts";
import { guardWith } from "./guard.ts";
import { onAbort } from "./on_abort.ts";
import type { ByteStream } from "./stream.ts";
import { StreamError } from "./stream_error.ts";

/** The longest message that a client sends. Every server takes it. */
export const LONGEST_MESSAGE = 65_536;
// Writes wait while the platform holds more bytes than this.
const HIGH_WATER = 4 * LONGEST_MESSAGE;
// A WebSocket cannot be paused. It is closed when more bytes than this are unread.
const MOST_UNREAD = 16 << 20;
/** The overhead of an unread message in bytes. */
const MESSAGE_COST = 256;
const WAIT_MS = 4;

const NORMAL = 1000, BAD_DATA = 4007, TOO_BIG = 4009;
/** The codes of an ordinary end: normal, going away, no status. */
const ENDS = [NORMAL, 1001, 1005];

/**
 * Connects to a `ws://` or `wss://` address. `make` makes the WebSocket. Rejects with `StreamError`, or the signal's
 * reason.
 */
export function connectWebSocket(
  address: WebSocketAddress,
  { signal }: Pick<DialOptions, "signal"> = {},
  make: (url: string) => WebSocket = (url) => new WebSocket(url),
): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const url = formatAddress(address);
    const socket = make(url);
    socket.binaryType = "arraybuffer";
    const unlisten = onAbort(signal, () => {
      socket.close();
      reject(signal!.reason);
    });
    // A browser gives almost no reason: a page must not explore the network by it.
    socket.onerror = socket.onclose = (event: Event) => {
      unlisten();
      const { message = "" } = event as ErrorEvent;
      reject(new StreamError("ConnectionRefused", `no WebSocket at ${url} ${message}`));
    };
    socket.onopen = () => {
      unlisten();
      resolve(overWebSocket(socket, formatHost(address)));
    };
  });
}

function overWebSocket(socket: WebSocket, peer: string): ByteStream {
  let isOpen = true;
  /** The rest of the message that is being read. */
  let rest = new Uint8Array(0);
  let unread!: ReadableStreamDefaultController<Uint8Array>;
  const messages = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => void (unread = controller),
  }, { highWaterMark: MOST_UNREAD, size: ({ length }) => length + MESSAGE_COST }).getReader();
  /** The error of reads behind the last message. */
  let failure: Error | undefined;

  function end(error?: Error): void {
    socket.onmessage = socket.onclose = null;
    failure = error;
    isOpen = false;
    unread.close();
  }

  const guard = guardWith(({ message }) => {
    end(new StreamError("InvalidData", message));
    socket.close(BAD_DATA);
  });

  socket.onmessage = guard(({ data }: MessageEvent) => {
    if (typeof data === "string") throw new TypeError("the server sent text instead of bytes");
    unread.enqueue(new Uint8Array(data));
    if (unread.desiredSize! >= 0) return;
    end(new StreamError("ConnectionAborted", `${MOST_UNREAD} bytes are unread`));
    socket.close(TOO_BIG);
  });
  socket.onclose = guard(({ code, reason }: CloseEvent) => {
    const message = `the WebSocket was closed: ${reason} (${code})`;
    end(ENDS.includes(code) ? undefined : new StreamError("ConnectionReset", message));
  });

  return {
    peer,
    async read(buffer) {
      while (rest.length === 0) {
        const { done, value } = await messages.read();
        if (done && failure) throw failure;
        if (done) return null;
        rest = value;
      }
      const part = rest.subarray(0, buffer.length);
      buffer.set(part);
      rest = rest.subarray(part.length);
      return part.length;
    },
    async write(bytes) {
      // The platform has no event for a sent buffer.
      while (isOpen && socket.bufferedAmount >= HIGH_WATER) {
        await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
      }
      if (!isOpen) throw closed();
      const part = bytes.subarray(0, LONGEST_MESSAGE);
      if (part.length > 0) socket.send(part as Uint8Array<ArrayBuffer>);
      return part.length;
    },
    // A close would end both directions. An empty message ends this side only: it carries no bytes of the stream.
    // deno-lint-ignore require-await
    async closeWrite() {
      if (isOpen) socket.send(rest.subarray(0, 0));
      isOpen = false;
    },
    close() {
      isOpen = false;
      messages.cancel();
      socket.onmessage = socket.onclose = null;
      failure = closed();
      rest = rest.subarray(0, 0);
      socket.close(NORMAL);
    },
  };
}

function closed(): StreamError {
  return new StreamError("ConnectionAborted", "the connection is closed");
}
