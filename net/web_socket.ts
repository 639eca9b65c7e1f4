// A byte stream over the platform's WebSocket: in browsers, Deno, and Node from version 22.

import { formatAddress, formatHost, type WebSocketAddress } from "./address.ts";
import type { DialOptions } from "./dial_options.ts";
import { createInbox } from "./inbox.ts";
import type { ByteStream } from "./stream.ts";
import { StreamError } from "./stream_error.ts";

/** The longest message that is sent; servers take at least this. */
export const LONGEST_MESSAGE = 65_536;
// Beyond this many bytes that the platform holds, writes wait.
const HIGH_WATER = 4 * LONGEST_MESSAGE;
// A WebSocket cannot be asked to bring no more. Beyond this many unread bytes it is closed.
const MOST_UNREAD = 16 << 20;
const SHORTEST_WAIT = 1, LONGEST_WAIT = 32;

const NORMAL = 1000, TOO_BIG = 4009;
/** Normal, going away, no status. */
const ENDS = [NORMAL, 1001, 1005];

/** Connects to a `ws://` or `wss://` address. Rejects with `StreamError`, or the signal's reason. */
export function connectWebSocket(
  address: WebSocketAddress,
  { signal }: Pick<DialOptions, "signal"> = {},
): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const url = formatAddress(address);
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    const onAbort = (): void => {
      socket.close();
      reject(signal!.reason);
    };
    signal?.addEventListener("abort", onAbort);
    const settle = (): void => signal?.removeEventListener("abort", onAbort);
    // An error event says next to nothing, so that pages cannot look around in networks; the close event follows it.
    let why = "";
    socket.onerror = (event) => {
      const { message } = event as ErrorEvent;
      if (message) why = `: ${message}`;
    };
    socket.onclose = () => {
      settle();
      reject(new StreamError("ConnectionRefused", `no WebSocket at ${url}${why}`));
    };
    socket.onopen = () => {
      settle();
      resolve(overWebSocket(socket, formatHost(address)));
    };
  });
}

function overWebSocket(socket: WebSocket, peer: string): ByteStream {
  const inbox = createInbox(MOST_UNREAD, () => {
    const message = `more than ${MOST_UNREAD} bytes came that nobody read`;
    inbox.end(new StreamError("ConnectionAborted", message));
    socket.close(TOO_BIG, "the client does not read");
  });
  let ended = false;
  const isOpen = (): boolean => !ended && socket.readyState === WebSocket.OPEN;

  socket.onmessage = ({ data }) =>
    inbox.push(typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data));
  socket.onclose = ({ code, reason }) => {
    if (ENDS.includes(code)) return inbox.end();
    const why = reason === "" ? `code ${code}` : `${reason} (${code})`;
    inbox.end(new StreamError("ConnectionReset", `the WebSocket was closed: ${why}`));
  };

  return {
    peer,
    read: inbox.read,
    async write(bytes) {
      // Nothing tells when the platform has sent what it holds.
      for (
        let wait = SHORTEST_WAIT;
        isOpen() && socket.bufferedAmount >= HIGH_WATER;
        wait = Math.min(2 * wait, LONGEST_WAIT)
      ) await new Promise((resolve) => setTimeout(resolve, wait));
      if (!isOpen()) throw new StreamError("BrokenPipe", "the connection is closed");
      const part = bytes.subarray(0, LONGEST_MESSAGE);
      if (part.length > 0) socket.send(part as Uint8Array<ArrayBuffer>);
      return part.length;
    },
    // A WebSocket ends both directions at once. An empty message, which carries no bytes, says that it was the last.
    // deno-lint-ignore require-await
    async closeWrite() {
      if (isOpen()) socket.send(new Uint8Array(0));
      ended = true;
    },
    close() {
      ended = true;
      inbox.close();
      socket.close(NORMAL);
    },
  };
}
