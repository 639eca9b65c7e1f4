// PROXY headers over every transport: from listed and unlisted peers, and where none is expected; in every version,
// whole and in parts, malformed and too slow.

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { LogEntry, ServeOptions } from "@lineup/lineup/server";
import { serveWhoami } from "../whoami_server.ts";
import { AddressError } from "@lineup/lineup/client";
import { listenMemory, parseAddress, proxied } from "../../net/mod.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { RawClient } from "../raw_client.ts";
import { identity } from "./tls.ts";

const encoder = new TextEncoder();
const text = (line: string): Uint8Array => encoder.encode(line);
const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];

function v2(command: number, family: number, body: readonly number[]): Uint8Array {
  const { length } = body;
  return Uint8Array.of(...SIGNATURE, 0x20 | command, family, length >> 8, length & 255, ...body);
}

const V4 = [192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x34, 0x15, 0x57];
const V6 = [0x20, 1, 0x0d, 0xb8, ...Array(11).fill(0), 9, ...Array(16).fill(0), 0, 80, 0, 81];
const PATHS = [...text("/run/client.sock"), ...Array(92 + 108).fill(0)];
const OWN = "the proxy itself";

/** Valid headers, and the peer that each names. */
const GOOD: Readonly<Record<string, readonly [header: Uint8Array, peer: string]>> = {
  "1 TCP4": [text("PROXY TCP4 192.0.2.7 198.51.100.1 4660 5463\r\n"), "192.0.2.7:4660"],
  "1 TCP6": [text("PROXY TCP6 2001:db8::9 ::1 80 81\r\n"), "[2001:db8::9]:80"],
  "1 UNKNOWN": [text("PROXY UNKNOWN\r\n"), OWN],
  "1 UNKNOWN with more": [text("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), OWN],
  "2 TCP4": [v2(1, 0x11, V4), "192.0.2.7:4660"],
  "2 TCP4 with more": [v2(1, 0x11, [...V4, 3, 0, 2, 1, 1]), "192.0.2.7:4660"],
  "2 TCP6": [v2(1, 0x21, V6), "[2001:db8:0:0:0:0:0:9]:80"],
  "2 a Unix socket": [v2(1, 0x31, PATHS), "unix"],
  "2 unspecified": [v2(1, 0x00, []), OWN],
  "2 LOCAL": [v2(0, 0x00, []), OWN],
  "2 LOCAL with addresses": [v2(0, 0x11, V4), OWN],
};

/** Bytes that are no header, and the reason in the log. */
const BAD: Readonly<Record<string, readonly [bytes: Uint8Array, why: string]>> = {
  "no header": [text("PING\r\n"), "not a PROXY header"],
  "a name that begins like it": [text("PROXYTCP4 1\r\n"), "not a PROXY header"],
  "1 of an unknown family": [text("PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n"), "not a PROXY line"],
  "1 without a port": [text("PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n"), "not a PROXY line"],
  "1 with a wrong address": [text("PROXY TCP4 1.2.3.400 5.6.7.8 1 2\r\n"), "not a PROXY line"],
  "1 with a wrong destination": [text("PROXY TCP4 1.2.3.4 nowhere 1 2\r\n"), "not a PROXY line"],
  "1 with a wrong port": [text("PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n"), "not a PROXY line"],
  "1 without an end": [text(`PROXY TCP4 ${"1".repeat(120)}`), "a PROXY line has no end"],
  "2 of version 3": [Uint8Array.of(...SIGNATURE, 0x31, 0x11, 0, 0), "an unknown version"],
  "2 of an unknown command": [v2(2, 0x11, V4), "an unknown version"],
  "2 for UDP": [v2(1, 0x12, V4), "PROXY 2 for something else"],
  "2 with half an address": [v2(1, 0x11, V4.slice(0, 6)), "PROXY 2 for something else"],
  "2 that is too long": [Uint8Array.of(...SIGNATURE, 0x21, 0x11, 0xff, 0xff), "a PROXY header of"],
  "a signature that goes on otherwise": [Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0b), "not a PROXY"],
};

/** A transport in these tests. */
interface Kind {
  /** The address to listen at, which may be in a directory. */
  readonly place: (directory: string) => string;
  /** Lists of proxies with and without the peer of this test. */
  readonly listed: readonly string[];
  readonly unlisted: readonly string[] | undefined;
  /** The peer of a connection that names no client. */
  readonly own: RegExp;
  /** The request behind the header: WHO answers with the peer. */
  readonly asks: Uint8Array;
  /** The answers to headers of versions 1 and 2 where none is expected. */
  readonly confused: readonly [first: RegExp, second: RegExp];
}

/** A request for a WebSocket and a message of these lines. */
function overWebSocket(lines: string): Uint8Array {
  const request = "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\n" +
    "connection: upgrade\r\nsec-websocket-version: 13\r\n" +
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const message = text(lines);
  // A mask of 0 changes nothing.
  return Uint8Array.of(...text(request), 0x82, 0x80 | message.length, 0, 0, 0, 0, ...message);
}

const KINDS: Readonly<Record<string, Kind>> = {
  tcp: {
    place: () => "tcp://127.0.0.1:0",
    listed: ["192.0.2.1", "127.0.0.1"],
    unlisted: ["192.0.2.1"],
    own: /^127\.0\.0\.1:[0-9]+$/,
    asks: text("WHO\r\nQUIT\r\n"),
    confused: [/ERR unknown-command /, /ERR bad-syntax /],
  },
  ws: {
    place: () => "ws://127.0.0.1:0/",
    listed: ["192.0.2.1", "127.0.0.1"],
    unlisted: ["192.0.2.1"],
    own: /^127\.0\.0\.1:[0-9]+$/,
    asks: overWebSocket("WHO\r\nQUIT\r\n"),
    confused: [/^HTTP\/1\.1 400 /, /^HTTP\/1\.1 400 /],
  },
  unix: {
    place: (directory) => `unix:${directory}/s`,
    listed: ["192.0.2.1", "unix:"],
    unlisted: undefined,
    own: /^unix$/,
    asks: text("WHO\r\nQUIT\r\n"),
    confused: [/ERR unknown-command /, /ERR bad-syntax /],
  },
};

interface ProxiedServer {
  /** Sends the parts, and reads until the end. */
  readonly talk: (...parts: Uint8Array[]) => Promise<string>;
  /** The reasons for which connections were dropped. */
  readonly dropped: string[];
}

async function withServer(
  { place }: Kind,
  proxyFrom: readonly string[] | undefined,
  test: (server: ProxiedServer) => Promise<void>,
  options: ServeOptions = {},
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const dropped: string[] = [];
  const log = ({ message, why }: LogEntry): void => {
    if (message.startsWith("connection dropped")) dropped.push(String(why));
  };
  try {
    const address = place(directory);
    await using server = await serveWhoami({
      listen: [proxyFrom === undefined ? address : { address, proxyFrom }],
      log,
      ...options,
    });
    const at = parseAddress(server.addresses.at(-1)!);
    const talk = async (...parts: Uint8Array[]): Promise<string> => {
      using conn = at.transport === "unix"
        ? await Deno.connect({ transport: "unix", path: at.path })
        : await Deno.connect({ hostname: at.hostname, port: at.port });
      let answer = "";
      const decoder = new TextDecoder();
      const buffer = new Uint8Array(4096);
      try {
        for (const part of parts) await conn.write(part);
        await conn.closeWrite();
        for (let read; (read = await conn.read(buffer)) !== null;) {
          answer += decoder.decode(buffer.subarray(0, read), { stream: true });
        }
      } catch {
        // The server has closed the connection with unread bytes.
      }
      return answer;
    };
    await test({ talk, dropped });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

for (const [name, kind] of Object.entries(KINDS)) {
  Deno.test(`PROXY over ${name}: the server takes the peer of a client from a listed proxy`, () =>
    withServer(kind, kind.listed, async ({ talk, dropped }) => {
      for (const [header, [bytes, peer]] of Object.entries(GOOD)) {
        const answer = await talk(bytes, kind.asks);
        const [, who] = /OK (\S+)\r\n.*OK bye/s.exec(answer) ?? [, answer];
        if (peer === OWN) assertMatch(who, kind.own, header);
        else assertEquals(who, peer, header);
      }
      assertEquals(dropped, []);
    }));

  Deno.test(`PROXY over ${name}: other bytes than a header end a listed proxy's connection without an answer`, async () => {
    for (const [what, [bytes, why]] of Object.entries(BAD)) {
      // Each case has its own server: a log takes ten such entries a second.
      await withServer(kind, kind.listed, async ({ talk, dropped }) => {
        assertEquals(await talk(bytes, kind.asks), "", what);
        assertEquals(dropped.map((each) => each.slice(0, why.length)), [why], what);
      });
    }
    await withServer(kind, kind.listed, async ({ talk, dropped }) => {
      assertEquals(await talk(), "");
      assertEquals(dropped, ["the connection ended before its PROXY header"]);
    });
  });

  Deno.test(`PROXY over ${name}: connections of an unlisted peer are closed without an answer, with any header`, async () => {
    // At a Unix socket, every peer that may open its file is a listed proxy.
    if (kind.unlisted === undefined) return;
    await withServer(kind, kind.unlisted, async ({ talk, dropped }) => {
      for (const [header, [bytes]] of Object.entries(GOOD)) {
        assertEquals(await talk(bytes, kind.asks), "", header);
      }
      assertEquals(new Set(dropped), new Set(["this address is for proxies that are listed"]));
    });
  });

  Deno.test(`PROXY over ${name}: no header is read where none is expected`, () =>
    withServer(kind, undefined, async ({ talk }) => {
      for (const [header, [bytes]] of Object.entries(GOOD)) {
        const answer = await talk(bytes, kind.asks);
        assertMatch(answer, kind.confused[header.startsWith("1") ? 0 : 1], header);
        assert(!answer.includes("192.0.2.7"), header);
      }
    }));
}

Deno.test("PROXY over ws: the port for WebSockets has its own list of proxies", () => {
  const ws: Kind = { ...KINDS.ws, place: () => "tcp://127.0.0.1:0" };
  return withServer(ws, undefined, async ({ talk }) => {
    assertStringIncludes(await talk(GOOD["2 TCP4"][0], ws.asks), "OK 192.0.2.7:4660\r\n");
    assertEquals(await talk(ws.asks), "");
  }, { ws: { port: 0, proxyFrom: ["127.0.0.1"] } });
});

Deno.test("PROXY over tls: no header is read before TLS", () =>
  withServer(
    { ...KINDS.tcp, place: () => "tls://127.0.0.1:0" },
    undefined,
    async ({ talk, dropped }) => {
      for (const [header, [bytes]] of Object.entries(GOOD)) {
        const answer = await talk(bytes, KINDS.tcp.asks);
        assert(!answer.includes("OK"), `${header}: ${answer}`);
      }
      assertEquals(dropped, []);
    },
    { tls: identity },
  ));

/** A server behind proxies, over memory and on a virtual clock. */
async function inMemory(most = 256) {
  const clock = new VirtualClock();
  const below = listenMemory();
  const refused: string[] = [];
  const listener = proxied(below, {
    lists: () => true,
    maxOpening: most,
    after: (ms, action) => clock.after(ms, action),
    turn: () => Promise.resolve(),
    onUnopened: (_peer, why) => refused.push(why),
  });
  const server = await serveWhoami({
    listen: [listener],
    clock,
    log: () => {},
  });
  return {
    clock,
    refused,
    connect: () => below.connect(),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("PROXY headers may come in any two parts, together with requests", async () => {
  await using server = await inMemory();
  for (const [name, [header, peer]] of Object.entries(GOOD)) {
    const sent = Uint8Array.of(...header, ...text("WHO\r\nQUIT\r\n"));
    for (let at = 1; at < sent.length; at++) {
      using wire = new RawClient(server.connect());
      await wire.send(sent.subarray(0, at));
      await server.clock.elapse(1);
      await wire.send(sent.subarray(at));
      const [, answer] = (await wire.rest()).split("\r\n");
      assertEquals(answer, `OK ${peer === OWN ? "memory" : peer}`, `${name}, cut at ${at}`);
    }
  }
  assertEquals(server.refused, []);
});

Deno.test("PROXY headers that take too long end their own connections only", async () => {
  await using server = await inMemory();
  const [header] = GOOD["2 TCP4"];
  const slow = [0, 1, 12, header.length - 1].map((length) => {
    const wire = new RawClient(server.connect());
    return { wire, sent: wire.send(header.subarray(0, length)) };
  });
  for (const { sent } of slow) await sent;
  await server.clock.elapse(9_999);
  using quick = new RawClient(server.connect());
  await quick.send(header, "WHO\r\n");
  assertStringIncludes(await quick.line(), "OK lineup/1");
  assertEquals(await quick.line(), "OK 192.0.2.7:4660");
  assertEquals(server.refused, []);
  await server.clock.elapse(1);
  for (const { wire } of slow) assertEquals(await wire.rest(), "");
  assertEquals(server.refused, Array(4).fill("it took longer than 10000 ms"));
  await quick.send("WHO\r\n");
  assertEquals(await quick.line(), "OK 192.0.2.7:4660");
});

Deno.test("the oldest connection without its PROXY header is closed where there are too many", async () => {
  await using server = await inMemory(3);
  const silent = Array.from({ length: 5 }, () => new RawClient(server.connect()));
  await server.clock.elapse(1);
  for (const wire of silent.slice(0, 2)) assertEquals(await wire.rest(), "");
  assertEquals(server.refused, Array(2).fill("others came meanwhile"));
  await silent[4].send(GOOD["1 TCP4"][0]);
  assertStringIncludes(await silent[4].line(), "OK lineup/1");
  for (const wire of silent) wire.close();
});

Deno.test("a list of proxies that no peer can match is refused at the start, with a reason", async () => {
  const cases: readonly [address: string, proxyFrom: string[], says: string][] = [
    ["tls://127.0.0.1:0", ["127.0.0.1"], "a PROXY header comes on tcp://"],
    ["unix:/tmp/never", ["127.0.0.1"], "no listed proxy connects there; list unix:"],
    ["127.0.0.1:0", ["unix:"], "no listed proxy connects there"],
    ["127.0.0.1:0", [], "no listed proxy connects there"],
    ["127.0.0.1:0", ["proxy.example.org"], '"proxy.example.org": a proxy is an IP address'],
    ["127.0.0.1:0", [""], '"": a proxy is an IP address'],
    ["127.0.0.1:0", ["10.0.0.0/8"], '"10.0.0.0/8": a proxy is an IP address'],
  ];
  for (const [address, proxyFrom, says] of cases) {
    const options = { listen: [{ address, proxyFrom }] };
    await assertRejects(
      () => serveWhoami(options),
      AddressError,
      says,
    );
  }
});

Deno.test("an IPv6 proxy is listed by its address, in any spelling, and the next address is not", async () => {
  const kind: Kind = { ...KINDS.tcp, place: () => "tcp://[::1]:0" };
  const [header] = GOOD["2 TCP4"];
  await withServer(kind, ["0:0::0:1"], async ({ talk }) => {
    assertStringIncludes(await talk(header, kind.asks), "OK 192.0.2.7:4660\r\n");
  });
  await withServer(kind, ["::2"], async ({ talk }) => {
    assertEquals(await talk(header, kind.asks), "");
  });
});

Deno.test("a client behind a proxy is counted by its own address, and never has the connections of this machine", () =>
  withServer(KINDS.unix, ["unix:"], async ({ talk }) => {
    const who = (address: string): Promise<string> =>
      talk(text(`PROXY TCP4 ${address} 127.0.0.1 1 2\r\n`), KINDS.unix.asks);
    assertMatch(await who("127.0.0.1"), /^ERR busy "There are 2 connections/);
    assertMatch(await talk(GOOD["2 LOCAL"][0], KINDS.unix.asks), /^ERR busy /);
  }, { connections: { connections: 2, connectionsReserved: 2 } }));
