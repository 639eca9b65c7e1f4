import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { listenMemory, parseProxyHeader, ProxyHeaderError } from "../../net/mod.ts";
import type { LogEntry } from "../../server/mod.ts";
import { serveWhoami } from "../whoami_server.ts";
import { RawClient } from "../raw_client.ts";
import { LONG } from "../seeded_random.ts";

const text = (line: string): Uint8Array => new TextEncoder().encode(line);

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];

function v2(command: number, family: number, body: readonly number[]): Uint8Array {
  const { length } = body;
  return Uint8Array.of(...SIGNATURE, 0x20 | command, family, length >> 8, length & 255, ...body);
}

const V4 = [192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x34, 0x15, 0x57];
const V6 = [
  0x20,
  1,
  0x0d,
  0xb8,
  ...new Array(11).fill(0),
  9,
  ...new Array(16).fill(0),
  0,
  80,
  0,
  81,
];

const GOOD: readonly [bytes: Uint8Array, peer: string | undefined][] = [
  [text("PROXY TCP4 192.0.2.7 198.51.100.1 4660 5463\r\n"), "192.0.2.7:4660"],
  [text("PROXY TCP6 2001:db8::9 ::1 80 81\r\n"), "[2001:db8::9]:80"],
  [text("PROXY UNKNOWN\r\n"), undefined],
  [text("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), undefined],
  [v2(1, 0x11, V4), "192.0.2.7:4660"],
  [v2(1, 0x11, [...V4, 3, 0, 2, 1, 1]), "192.0.2.7:4660"],
  [v2(1, 0x21, V6), "[2001:db8:0:0:0:0:0:9]:80"],
  [v2(0, 0, []), undefined],
];

Deno.test("parseProxyHeader reads both versions, and waits for the last byte of each", () => {
  for (const [bytes, peer] of GOOD) {
    for (let end = 0; end < bytes.length; end++) {
      assertEquals(parseProxyHeader(bytes.subarray(0, end)), undefined, `${end} of ${bytes}`);
    }
    const more = Uint8Array.of(...bytes, ...text("PING\r\n"));
    assertEquals(parseProxyHeader(more), { peer, length: bytes.length });
  }
});

const BAD: readonly Uint8Array[] = [
  text("PING\r\n"),
  text("PROXYTCP4"),
  text("PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n"),
  text("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n"),
  text("PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n"),
  text("PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n"),
  text("PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n"),
  text("PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n"),
  text("PROXY TCP6 ::1]/@x ::1 1 2\r\n"),
  text("PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n"),
  text(`PROXY TCP4 ${"1".repeat(120)}`),
  v2(2, 0x11, V4),
  v2(1, 0x12, V4),
  v2(1, 0x11, V4.slice(0, 11)),
  v2(1, 0x21, V4),
  Uint8Array.of(...SIGNATURE, 0x11, 0x11, 0, 0),
  Uint8Array.of(...SIGNATURE, 0x21, 0x11, 0xff, 0xff),
  Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0b),
];

Deno.test("parseProxyHeader refuses bytes that are no header", () => {
  for (const bytes of BAD) assertThrows(() => parseProxyHeader(bytes), ProxyHeaderError);
});

Deno.test("parseProxyHeader throws nothing but ProxyHeaderError, for any bytes", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 60 }).map((tail) => Uint8Array.of(...SIGNATURE, ...tail)),
    fc.string({ maxLength: 120 }).map((tail) => text(`PROXY TCP4 ${tail}\r\n`)),
  );
  fc.assert(
    fc.property(bytes, (bytes) => {
      try {
        const header = parseProxyHeader(bytes);
        if (header !== undefined && header.length > bytes.length) throw new RangeError("too long");
      } catch (error) {
        if (!(error instanceof ProxyHeaderError)) throw error;
      }
    }),
    { numRuns: 1500 * LONG },
  );
});

async function proxied(
  proxyFrom: readonly string[],
  test: (address: string, log: LogEntry[]) => Promise<void>,
) {
  const log: LogEntry[] = [];
  await using server = await serveWhoami({
    listen: [{ address: "127.0.0.1:0", proxyFrom }],
    log: (entry) => void log.push(entry),
  });
  await test(server.address, log);
}

async function talk(address: string, ...sent: (string | Uint8Array)[]): Promise<string> {
  const [hostname, port] = address.slice("tcp://".length).split(":");
  const conn = await Deno.connect({ hostname, port: Number(port) });
  using wire = new RawClient(conn);
  await wire.send(...sent);
  return await wire.rest().catch((error) => `${error.name}`);
}

Deno.test("serve takes the addresses of clients from a listed proxy", () =>
  proxied(["127.0.0.1"], async (address) => {
    for (const [header, peer] of GOOD) {
      if (peer === undefined) continue;
      const lines = (await talk(address, header, "WHO\r\nQUIT\r\n")).split("\r\n");
      assertEquals(lines.slice(1, 3), [`OK ${peer}`, "OK bye"]);
    }
    const own = (await talk(address, GOOD[2][0], "WHO\r\nQUIT\r\n")).split("\r\n");
    assertStringIncludes(own[1], "OK 127.0.0.1:");
  }));

Deno.test("serve closes connections to a proxy's port without a header, or from an unlisted peer", async () => {
  await proxied(["127.0.0.1"], async (address, log) => {
    const answer = await talk(address, "PING\r\n");
    assertEquals(answer.includes("OK"), false);
    assertEquals(log.map(({ why }) => why), ["not a PROXY header"]);
  });
  await proxied(["192.0.2.1"], async (address, log) => {
    const answer = await talk(address, GOOD[0][0], "WHO\r\n");
    assertEquals(answer.includes("OK"), false);
    assertEquals(log.map(({ why }) => why), ["this address is for proxies that are listed"]);
  });
});

Deno.test("serve does not take a header where it expects none", async () => {
  const listener = listenMemory();
  const options = { listen: [listener], log: () => {} };
  await using _ = await serveWhoami(options);
  using wire = await RawClient.open(listener.connect());
  await wire.send(GOOD[0][0]);
  assertStringIncludes(await wire.line(), "ERR unknown-command");
});

Deno.test("a list of proxies: with it a stranger cannot choose its address, without it it can", async () => {
  const greeted = async (proxyFrom: string): Promise<number> => {
    await using server = await serveWhoami({
      listen: [{ address: "127.0.0.1:0", proxyFrom: [proxyFrom] }],
      connections: { connectionsPerClient: 1 },
      log: () => {},
    });
    let count = 0;
    for (let i = 0; i < 5; i++) {
      const header = `PROXY TCP4 203.0.113.${i} 127.0.0.1 1 2\r\n`;
      if ((await talk(server.address, header, "WHO\r\nQUIT\r\n")).startsWith("OK lineup/1")) {
        count++;
      }
    }
    return count;
  };
  assertEquals([await greeted("192.0.2.1"), await greeted("127.0.0.1")], [0, 5]);
});
