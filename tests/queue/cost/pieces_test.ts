// Input that comes byte by byte costs the same for each byte, after any number of bytes before it. The tests measure
// CPU time of the thread that reads; the least of several times counts.

import { Framer } from "@lineup/lineup/protocol";
import { assert } from "@std/assert";
import { HAS_PROC } from "../../attacks/attacked_process.ts";
import { Costed } from "./costed.ts";

/**
 * The second input is MORE times as long, and its bytes may each cost DEARER times as much. A quadratic cost is MORE
 * times.
 */
const MORE = 16;
const DEARER = 4;
const TIMES = 3;
const encoder = new TextEncoder();

interface Client {
  readonly conn: Deno.TcpConn;
  /** Sends each byte by itself. */
  send(bytes: Uint8Array): Promise<void>;
}

async function overTcp(server: Costed): Promise<Client> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  conn.setNoDelay(true);
  return {
    conn,
    async send(bytes) {
      for (let at = 0; at < bytes.length; at++) await conn.write(bytes.subarray(at, at + 1));
    },
  };
}

/** Sends a message for each byte, and many messages in a write: a write costs the system more than a message. */
async function overWebSocket(server: Costed): Promise<Client> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.webSocketPort });
  await conn.write(encoder.encode(
    `GET / HTTP/1.1\r\nHost: 127.0.0.1:${server.webSocketPort}\r\nUpgrade: websocket\r\n` +
      "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
      "Sec-WebSocket-Version: 13\r\n\r\n",
  ));
  return {
    conn,
    async send(bytes) {
      const frames = new Uint8Array(7 * bytes.length);
      for (const [at, byte] of bytes.entries()) frames.set([0x82, 0x81, 0, 0, 0, 0, byte], 7 * at);
      for (let at = 0; at < frames.length;) at += await conn.write(frames.subarray(at));
    },
  };
}

/** The CPU time of a byte in ns, for a request whose `size` bytes come one by one. */
async function costOf(
  server: Costed,
  open: (server: Costed) => Promise<Client>,
  [before, size, behind]: readonly [before: string, size: number, behind: string],
): Promise<number> {
  let least = Infinity;
  for (let time = 0; time < TIMES; time++) {
    const { conn, send } = await open(server);
    await send(encoder.encode(before));
    await server.ping();
    const start = await server.cpuAtRest();
    await send(new Uint8Array(size).fill(0x61));
    await send(encoder.encode(`${behind}\nQUIT\n`));
    let text = "";
    const buffer = new Uint8Array(4096);
    while (!text.includes("OK bye")) {
      const read = await conn.read(buffer);
      if (read === null) throw new Error(`the connection ended: ${text}`);
      text += new TextDecoder().decode(buffer.subarray(0, read));
    }
    least = Math.min(least, (await server.cpuAtRest() - start) / size);
    conn.close();
  }
  return 1e6 * least;
}

const body = (size: number) => [`PUT mail {${size}}\n`, size, ""] as const;
const line = (size: number) => ["PING ", size, ""] as const;

for (
  const [what, open, request, size] of [
    ["a body over TCP", overTcp, body, 16_384],
    ["a line over TCP", overTcp, line, 8_000],
    ["a body over WebSocket", overWebSocket, body, 131_072],
    ["a line over WebSocket", overWebSocket, line, 8_000],
  ] as const
) {
  Deno.test({
    name: `${what} that comes byte by byte costs no more for each byte the longer it is`,
    ignore: !HAS_PROC,
    async fn() {
      await using server = await Costed.start(":memory:");
      // The first request compiles the code.
      await costOf(server, open, request(size / MORE));
      const short = await costOf(server, open, request(size / MORE));
      const long = await costOf(server, open, request(size));
      assert(long < DEARER * short, `${short} ns a byte of few, ${long} of many`);
    },
  });
}

for (
  const [what, bytes] of [
    ["a body", (size: number) => `PUT mail {${size}}\n${"a".repeat(size)}\n`],
    ["a line", (size: number) => `PING ${"a".repeat(size)}\n`],
    ["telnet sequences", (size: number) => `PING${"\xff\xfb\x01".repeat(size / 3)}\n`],
  ] as const
) {
  Deno.test({
    name: `Framer reads ${what} byte by byte at the same cost for each, however many there are`,
    ignore: !HAS_PROC,
    fn() {
      const read = (all: Uint8Array, size: number): void => {
        const framer = new Framer("request", { maxLine: all.length, maxBody: size });
        let found = 0;
        for (let at = 0; at < all.length; at++) {
          framer.push(all.subarray(at, at + 1));
          while (framer.next() !== undefined) found++;
        }
        assert(found > 0);
      };
      /** The least CPU time of this thread in ms, for the same number of bytes in requests of one size. */
      const costOf = (size: number, times: number): number => {
        const all = Uint8Array.from(bytes(size), (character) => character.charCodeAt(0));
        return Math.min(...Array.from({ length: TIMES }, () => {
          const start = threadCpu();
          for (let time = 0; time < times; time++) read(all, size);
          return threadCpu() - start;
        }));
      };
      const size = 1 << 17;
      costOf(size / MORE, MORE);
      const [short, long] = [costOf(size / MORE, MORE), costOf(size, 1)];
      assert(long < DEARER * short, `${short} ms for ${MORE} requests, ${long} for one as long`);
    },
  });
}

/** The CPU time of this thread in ms. Files of tests share a process, so its own time would not do. */
function threadCpu(): number {
  return Number(Deno.readTextFileSync("/proc/thread-self/schedstat").split(" ")[0]) / 1e6;
}
