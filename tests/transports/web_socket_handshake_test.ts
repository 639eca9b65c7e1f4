// The answers of a WebSocket's port to bytes that open no WebSocket.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { serve } from "../../server/mod.ts";
import { bareProtocol } from "../bare_protocol.ts";
import { RawClient } from "../raw_client.ts";

const HOST = "Host: 127.0.0.1";
const UPGRADE = "Upgrade: websocket";
const CONNECTION = "Connection: keep-alive, Upgrade";
const VERSION = "Sec-WebSocket-Version: 13";
const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const GET = "GET / HTTP/1.1";

/** Sends bytes in pieces, and reads until the end, or until `last` is there. */
async function ask(port: number, text: string, size: number, last?: string): Promise<string> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  const bytes = Uint8Array.from(text, (each) => each.charCodeAt(0));
  const writing = (async () => {
    for (let at = 0; at < bytes.length; at += size) await conn.write(bytes.subarray(at, at + size));
  })().catch(() => {});
  let answer = "";
  const buffer = new Uint8Array(65_536);
  while (last === undefined || !answer.includes(last)) {
    const read = await conn.read(buffer);
    if (read === null) break;
    answer += String.fromCharCode(...buffer.subarray(0, read));
  }
  await writing;
  return answer;
}

const refused: readonly [what: string, lines: readonly string[], status: number, text: string][] = [
  ["a page", [GET, HOST], 426, "This is a server of Lineup/1"],
  ["a page of HTTP/1.0", ["GET / HTTP/1.0"], 426, "This is a server of Lineup/1"],
  ["another page", ["GET /admin HTTP/1.1", HOST], 404, "The WebSocket is at /."],
  [
    "a WebSocket elsewhere",
    ["GET /a HTTP/1.1", HOST, UPGRADE, CONNECTION, VERSION, KEY],
    404,
    "at /.",
  ],
  ["another upgrade", [GET, HOST, "Upgrade: h2c", CONNECTION, VERSION, KEY], 426, "Lineup/1"],
  ["no connection header", [GET, HOST, UPGRADE, VERSION, KEY], 426, "Lineup/1"],
  ["POST", ["POST / HTTP/1.1", HOST, UPGRADE, CONNECTION, VERSION, KEY], 400, "with GET"],
  ["no host", [GET, UPGRADE, CONNECTION, VERSION, KEY], 400, "no header host"],
  [
    "another version",
    [GET, HOST, UPGRADE, CONNECTION, "Sec-WebSocket-Version: 8", KEY],
    426,
    "is 13",
  ],
  ["no version", [GET, HOST, UPGRADE, CONNECTION, KEY], 426, "is 13"],
  ["no key", [GET, HOST, UPGRADE, CONNECTION, VERSION], 400, "16 bytes in base64"],
  [
    "a short key",
    [GET, HOST, UPGRADE, CONNECTION, VERSION, "Sec-WebSocket-Key: YQ=="],
    400,
    "16 bytes",
  ],
  [
    "two keys",
    [GET, HOST, UPGRADE, CONNECTION, VERSION, KEY, KEY],
    400,
    "two headers sec-websocket-key",
  ],
  ["two hosts", [GET, HOST, HOST, UPGRADE, CONNECTION, VERSION, KEY], 400, "two headers host"],
  [
    "HTTP/1.0",
    ["GET / HTTP/1.0", HOST, UPGRADE, CONNECTION, VERSION, KEY],
    400,
    "in HTTP/1.1, not 1.0",
  ],
  [
    "a counted body",
    [GET, HOST, UPGRADE, CONNECTION, VERSION, KEY, "Content-Length: 10"],
    400,
    "no body",
  ],
  [
    "two lengths of a body",
    [GET, HOST, UPGRADE, CONNECTION, VERSION, KEY, "Content-Length: 0", "Content-Length: 10"],
    400,
    "no body",
  ],
  [
    "a body in chunks",
    [GET, HOST, UPGRADE, CONNECTION, VERSION, KEY, "Transfer-Encoding: chunked"],
    400,
    "no body",
  ],
  ["a header without colon", [GET, HOST, "nonsense"], 400, "no header"],
  ["a header with a space", [GET, "Host : a"], 400, "no header"],
  ["a folded header", [GET, HOST, " more"], 400, "no header"],
  ["a control in a header", [GET, HOST, "x: a\x00b"], 400, "no header"],
  ["a carriage return alone", [GET, "x: a\rb", HOST], 400, "no header"],
  ["a line feed alone", [GET, `${HOST}\nx: y`], 400, "no header"],
  ["no request", ["PING"], 400, "no request of HTTP/1.1"],
  ["HTTP/2", ["PRI * HTTP/2.0"], 400, "no request of HTTP/1.1"],
  [
    "another site",
    [GET, HOST, "Origin: http://evil.example", UPGRADE, CONNECTION, VERSION, KEY],
    403,
    "evil.example",
  ],
  ["a long head", [GET, HOST, `x: ${"y".repeat(20_000)}`], 431, "at most 16384 bytes"],
];

Deno.test("an answer says why a request opens no WebSocket", async (t) => {
  await using server = await serve(bareProtocol, {}, {
    listen: ["ws://127.0.0.1:0"],
    log: () => {},
  });
  const port = Number(new URL(server.address).port);
  for (const [what, lines, status, text] of refused) {
    await t.step(what, async () => {
      for (const size of what === "a long head" ? [1 << 20] : [1 << 20, 1]) {
        const answer = await ask(port, [...lines, "\r\n"].join("\r\n"), size);
        assert(answer.startsWith(`HTTP/1.1 ${status} `), answer);
        const [head, body] = answer.split("\r\n\r\n");
        assertStringIncludes(body, text);
        assertStringIncludes(head, `content-length: ${body.length}\r\n`);
        assertStringIncludes(head, "connection: close");
      }
    });
  }
});

Deno.test("a WebSocket opens for any cuts of its request, and bytes behind the request are read", async () => {
  await using server = await serve(bareProtocol, {}, {
    listen: ["ws://127.0.0.1:0"],
    log: () => {},
  });
  const port = Number(new URL(server.address).port);
  const lines = [
    "GET / HTTP/1.1",
    "hOST: 127.0.0.1",
    "UPGRADE: WebSocket",
    CONNECTION,
    VERSION,
    KEY,
    "Content-Length: 0",
  ];
  // PING and a line end, masked with zeros.
  const message = "\x82\x85\0\0\0\0PING\n";
  for (const size of [1 << 20, 7, 1]) {
    const answer = await ask(port, [...lines, "\r\n"].join("\r\n") + message, size, "pong");
    assert(answer.startsWith("HTTP/1.1 101 Switching Protocols\r\n"), answer);
    // The key and its answer are from RFC 6455, section 1.3.
    assertStringIncludes(answer, "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
    assertStringIncludes(answer, "OK lineup/1 bare/1.0 ");
    assertStringIncludes(answer, "OK pong");
  }
});

/** A client on whose connection a WebSocket is open and the greeting has come. */
async function webSocket(port: number): Promise<RawClient> {
  const client = new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  await client.send([GET, HOST, UPGRADE, CONNECTION, VERSION, KEY, "\r\n"].join("\r\n"));
  while (await client.line() !== "");
  assertStringIncludes((await message(client)).text, 'hint="Type HELP"');
  return client;
}

/** The next message of a server: its first byte, and its payload with a character for each byte. */
async function message(client: RawClient): Promise<{ opcode: number; text: string }> {
  const [opcode, short] = await client.bytes(2);
  // A length of 126 says that the real one follows.
  const [high, low] = short === 126 ? await client.bytes(2) : [0, short];
  return { opcode, text: String.fromCharCode(...await client.bytes(256 * high + low)) };
}

const masked = (opcode: number, payload: string): Uint8Array =>
  Uint8Array.from([
    0x80 | opcode,
    0x80 | payload.length,
    0,
    0,
    0,
    0,
    ...new TextEncoder().encode(payload),
  ]);

Deno.test("pings are answered, and a close is answered with the same code and ends the connection", async () => {
  await using server = await serve(bareProtocol, {}, {
    listen: ["ws://127.0.0.1:0"],
    log: () => {},
  });
  const port = Number(new URL(server.address).port);
  using client = await webSocket(port);
  await client.send(masked(9, "are you there?"));
  assertEquals(await message(client), { opcode: 0x8a, text: "are you there?" });
  await client.send(Uint8Array.of(0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9));
  assertEquals(await message(client), { opcode: 0x88, text: "\x03\xe9" });
  assertEquals(await client.rest(), "");
});

Deno.test("a broken rule closes the WebSocket with its code, behind the answers to earlier requests", async () => {
  await using server = await serve(bareProtocol, {}, {
    listen: ["ws://127.0.0.1:0"],
    log: () => {},
  });
  const port = Number(new URL(server.address).port);
  using client = await webSocket(port);
  await client.send(Uint8Array.from([...masked(2, "PING\n"), 0x82, 1, 0x0a]));
  assertEquals(await message(client), { opcode: 0x82, text: "OK pong\n" });
  assertEquals(await message(client), { opcode: 0x88, text: "\x03\xea" });
  assertEquals(await client.rest(), "");
});

Deno.test("a client that sends pings and reads nothing costs the server no memory", async () => {
  await using server = await serve(bareProtocol, {}, {
    listen: ["ws://127.0.0.1:0"],
    log: () => {},
  });
  const port = Number(new URL(server.address).port);
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const text = [GET, HOST, UPGRADE, CONNECTION, VERSION, KEY, "\r\n"].join("\r\n");
  await conn.write(new TextEncoder().encode(text));
  // Of this thread alone: other tests run in the same process.
  const held = (): number => {
    const { heapUsed, external } = Deno.memoryUsage();
    return heapUsed + external;
  };
  const before = held();
  const pings = new Uint8Array(1 << 16);
  const one = masked(9, "x".repeat(122));
  for (let at = 0; at + one.length <= pings.length; at += one.length) pings.set(one, at);
  const whole = pings.subarray(0, pings.length - pings.length % one.length);
  for (let sent = 0; sent < 32 << 20; sent += whole.length) {
    for (let at = 0; at < whole.length;) at += await conn.write(whole.subarray(at));
  }
  const grown = held() - before;
  assert(grown < 24 << 20, `${grown} bytes more`);
});
