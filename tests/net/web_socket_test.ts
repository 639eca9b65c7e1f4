import { assert } from "@std/assert";
import type { WebSocketAddress } from "../../net/address.ts";
import { connectWebSocket, LONGEST_MESSAGE } from "../../net/web_socket.ts";

/** A WebSocket of a platform whose network takes bytes when the test says so. */
class SlowWebSocket {
  binaryType = "blob";
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;

  constructor() {
    queueMicrotask(() => this.onopen!());
  }

  send({ length }: Uint8Array): void {
    this.bufferedAmount += length;
  }

  close(): void {}
}

const ADDRESS: WebSocketAddress = {
  transport: "ws",
  hostname: "192.0.2.1",
  port: 80,
  path: "/",
};

Deno.test("a write to a WebSocket waits while the platform holds much that is not sent", async () => {
  const socket = new SlowWebSocket();
  const stream = await connectWebSocket(ADDRESS, {}, () => socket as unknown as WebSocket);
  const bytes = new Uint8Array(10 * LONGEST_MESSAGE);
  let written = 0;
  let more = Promise.withResolvers<void>();
  const writing = (async () => {
    while (written < bytes.length) {
      written += await stream.write(bytes.subarray(written));
      more.resolve();
    }
  })();
  while (written < bytes.length) {
    await more.promise;
    // Writes that need not wait come before any timer.
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert(socket.bufferedAmount <= 4 * LONGEST_MESSAGE, `${socket.bufferedAmount} bytes are held`);
    more = Promise.withResolvers();
    socket.bufferedAmount = 0;
  }
  await writing;
  stream.close();
});
