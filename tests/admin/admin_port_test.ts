import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { type AdminOptions, type AdminServer, serveAdmin } from "@lineup/lineup/admin";
import { AddressError, connect } from "@lineup/lineup/client";
import type { Server } from "@lineup/lineup/server";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { protocol, TestServer } from "../test_server.ts";

async function openAdmin(
  server: Server | PromiseLike<Server>,
  options: AdminOptions = {},
): Promise<AdminServer> {
  return await serveAdmin(server, { address: "127.0.0.1:0", log: () => {}, ...options });
}

/** Sends text to an admin port, and nothing more, and resolves with all that it answers. */
async function exchange({ address }: AdminServer, text: string): Promise<string> {
  using connection = await dial(address);
  await connection.write(new TextEncoder().encode(text));
  await connection.closeWrite();
  return await new Response(connection.readable).text();
}

function dial(address: string): Promise<Deno.TcpConn> {
  const { hostname, port } = new URL(address);
  return Deno.connect({ hostname, port: Number(port) });
}

async function textOf(address: string, path: string): Promise<string> {
  const response = await fetch(address + path);
  return `${response.status} ${await response.text()}`;
}

const statusOf = (answer: string): string => answer.slice("HTTP/1.1 ".length).split("\r\n", 1)[0];

/** A request for a WebSocket at /lineup. */
const opening = (...headers: string[]): string =>
  [
    "GET /lineup HTTP/1.1",
    "upgrade: websocket",
    "connection: upgrade",
    "sec-websocket-version: 13",
    "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
    ...headers,
    "\r\n",
  ].join("\r\n");

Deno.test("the admin port tells whether the server is ready, from before it starts until after its end", async () => {
  const starting = Promise.withResolvers<Server>();
  let reason: string | undefined;
  await using admin = await openAdmin(starting.promise, { unready: () => reason });
  assertEquals(await textOf(admin.address, "/healthz"), "200 ok\n");
  assertEquals(await textOf(admin.address, "/readyz"), "503 not ready: starting\n");
  const early = await exchange(admin, opening("host: 127.0.0.1"));
  assertEquals(statusOf(early), "503 Service Unavailable");

  const test = await TestServer.open();
  starting.resolve(test.server);
  await starting.promise;
  assertEquals(await textOf(admin.address, "/readyz"), "200 ready\n");
  reason = "the store fails";
  assertEquals(await textOf(admin.address, "/readyz"), "503 not ready: the store fails\n");
  reason = undefined;

  using client = await test.client();
  await client.send("HOLD a\n");
  const { go } = await test.held("a");
  const down = test.server.shutdown();
  assertEquals(await textOf(admin.address, "/readyz"), "503 not ready: draining\n");
  assertEquals(await textOf(admin.address, "/healthz"), "200 ok\n");
  assertStringIncludes(
    await exchange(admin, opening("host: 127.0.0.1")),
    "The server is draining.",
  );
  go("done");
  await client.rest();
  client.close();
  await down;
  assertEquals(await textOf(admin.address, "/readyz"), "503 not ready: closed\n");
});

Deno.test("a WebSocket at /lineup is a connection of the server like all others", async () => {
  await using test = await TestServer.open();
  await using admin = await openAdmin(test.server);
  const address = `${admin.address.replace("http:", "ws:")}/lineup`;
  await using client = await connect(protocol, address);
  assertEquals(await client.SAY({ word: "hello" }), { word: "hello" });
  const error = await assertRejects(() => client.SECRET());
  assertEquals((error as { code?: string }).code, "unauthenticated");
  // The drain of the server ends it.
  await test.server.shutdown();
  await assertRejects(() => client.SAY({ word: "late" }, { within: 1000 }));
});

Deno.test("the admin port answers GET and HEAD at the paths that it has, and nothing else", async () => {
  await using test = await TestServer.open();
  await using admin = await openAdmin(test.server, {
    assets: [
      { path: "/", type: "text/html; charset=utf-8", body: "<p>Page</p>" },
      {
        path: "/app.js",
        type: "text/javascript",
        body: () => Promise.resolve(Uint8Array.of(49)),
        headers: ["cache-control: max-age=60"],
      },
      { path: "/broken", type: "text/plain", body: () => Promise.reject(new Error("no file")) },
    ],
  });
  const get = (head: string, ...headers: string[]): Promise<string> =>
    exchange(admin, [`${head} HTTP/1.1`, "host: localhost", ...headers, "\r\n"].join("\r\n"));
  const page = await get("GET /?tab=queues");
  assertMatch(page, /^HTTP\/1\.1 200 OK\r\n/);
  assertStringIncludes(page, "content-type: text/html; charset=utf-8\r\ncontent-length: 11\r\n");
  assertStringIncludes(page, "content-security-policy: default-src 'self'; frame-ancestors 'none'");
  assertStringIncludes(page, "x-content-type-options: nosniff\r\n");
  assertMatch(page, /\r\n\r\n<p>Page<\/p>$/);
  const head = await get("HEAD /");
  assertStringIncludes(head, "content-length: 11\r\n");
  assertMatch(head, /\r\n\r\n$/);
  const script = await get("GET /app.js");
  assertStringIncludes(script, "cache-control: max-age=60\r\n");
  assertEquals(script.match(/cache-control/g)?.length, 1);
  assertEquals(statusOf(await get("GET /broken")), "500 Internal Server Error");
  const missing = await get("GET /metric");
  assertEquals(statusOf(missing), "404 Not Found");
  assertMatch(missing, /The paths are \/healthz, \/readyz,/);
  const post = await get("POST /", "content-length: 2");
  assertEquals(statusOf(post), "405 Method Not Allowed");
  assertStringIncludes(post, "\r\nallow: GET, HEAD\r\n");
  assertEquals(statusOf(await get("GET /lineup")), "426 Upgrade Required");
  assertEquals(
    statusOf(await get(`GET /${"a".repeat(20_000)}`)),
    "431 Request Header Fields Too Large",
  );
  assertEquals(statusOf(await exchange(admin, "PUT mail hello\r\n\r\n")), "400 Bad Request");
  assertEquals(statusOf(await exchange(admin, "GET / HTTP/1.1\r\n\r\n")), "400 Bad Request");
  assertEquals(statusOf(await exchange(admin, "GET / HTTP/1.0\r\n\r\n")), "200 OK");
});

Deno.test("pages of other sites reach the admin port by no name and by no origin", async () => {
  await using test = await TestServer.open();
  await using own = await openAdmin(test.server);
  await using listed = await openAdmin(test.server, { origins: ["https://admin.example.org"] });
  const { port } = new URL(own.address);
  const get = async (admin: AdminServer, ...headers: string[]): Promise<string> => {
    const text = ["GET /readyz HTTP/1.1", ...headers, "\r\n"].join("\r\n");
    return (await exchange(admin, text)).slice(9, 12);
  };
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, "[::1]", "10.0.0.7:80"]) {
    assertEquals(await get(own, `host: ${host}`), "200", host);
  }
  // The owner of the name lets it lead to this machine (DNS rebinding).
  for (const host of [`evil.example:${port}`, "127.0.0.1.evil.example", "a@localhost", "", "/"]) {
    assertEquals(await get(own, `host: ${host}`), "421", host);
  }
  const host = `host: 127.0.0.1:${port}`;
  assertEquals(await get(own, host, `origin: http://127.0.0.1:${port}`), "200");
  assertEquals(await get(own, host, "origin: http://evil.example"), "403");
  assertEquals(await get(own, host, "origin: null"), "403");
  const upgrade = async (admin: AdminServer, ...headers: string[]): Promise<string> =>
    statusOf(await exchange(admin, opening(...headers)));
  assertEquals(await upgrade(own, host, "origin: http://evil.example"), "403 Forbidden");
  assertEquals(await upgrade(own, `host: evil.example:${port}`), "421 Misdirected Request");
  assertEquals(
    await upgrade(own, "host: 127.0.0.1:1", `origin: http://127.0.0.1:2`),
    "403 Forbidden",
  );
  assertEquals(await get(own, "host: admin.example.org"), "421");
  assertEquals(await get(listed, "host: admin.example.org"), "200");
  const origin = "origin: https://admin.example.org";
  assertEquals(await get(listed, "host: admin.example.org", origin), "200");
});

Deno.test("a client that sends or reads too slowly is closed, and others are served meanwhile", async () => {
  const clock = new VirtualClock();
  await using test = await TestServer.open();
  await using admin = await openAdmin(test.server, {
    clock,
    assets: [{ path: "/big", type: "text/plain", body: "x".repeat(16 << 20) }],
  });
  using slow = await dial(admin.address);
  await slow.write(new TextEncoder().encode("GET /healthz HT"));
  using deaf = await dial(admin.address);
  await deaf.write(new TextEncoder().encode("GET /big HTTP/1.0\r\n\r\n"));
  // The first bytes of the answer are here, the others wait for the reader.
  await deaf.read(new Uint8Array(16));
  assertEquals(await textOf(admin.address, "/healthz"), "200 ok\n");
  clock.advance(10_000);
  assertEquals(await slow.read(new Uint8Array(16)), null);
  let read = 0;
  const buffer = new Uint8Array(1 << 20);
  // The close with unread bytes may reset the connection.
  for (let n; (n = await deaf.read(buffer).catch(() => null)) !== null;) read += n;
  assertEquals(read < 16 << 20, true);
  // Of more connections than may wait for an answer, the oldest is closed.
  const many = await Promise.all(Array.from({ length: 257 }, () => dial(admin.address)));
  try {
    assertEquals(await textOf(admin.address, "/healthz"), "200 ok\n");
    const ends = many.map((each) => each.read(new Uint8Array(1)).catch(() => null));
    assertEquals(await Promise.race(ends), null);
    await admin.close();
    assertEquals(new Set(await Promise.all(ends)), new Set([null]));
  } finally {
    for (const each of many) each.close();
  }
});

/** A request for /healthz. */
const healthz = (...headers: string[]): string =>
  ["GET /healthz HTTP/1.1", "host: localhost", ...headers, "\r\n"].join("\r\n");
const KEPT = /\r\nconnection: keep-alive\r\nkeep-alive: timeout=75\r\n/;
const CLOSED = /\r\nconnection: close\r\n/;

/** Reads one answer of a connection: its head, and as many bytes as that says. */
async function answerOf(connection: Deno.TcpConn): Promise<string> {
  let text = "";
  for (;;) {
    const [head, body] = text.split("\r\n\r\n");
    const length = /content-length: (\d+)/.exec(head)?.[1];
    if (body !== undefined && body.length === Number(length)) return text;
    const buffer = new Uint8Array(1);
    const read = await connection.read(buffer);
    if (read === null) return `${text}|end`;
    text += new TextDecoder().decode(buffer);
  }
}

const write = (connection: Deno.TcpConn, text: string): Promise<number> =>
  connection.write(new TextEncoder().encode(text));

Deno.test("a connection of the admin port takes one request after the other, until its client ends it", async () => {
  await using test = await TestServer.open();
  await using admin = await openAdmin(test.server);
  using connection = await dial(admin.address);
  for (let n = 0; n < 3; n++) {
    await write(connection, healthz());
    assertMatch(await answerOf(connection), KEPT);
  }
  // Two at once are answered in order; a refusal by its path or name does not end the connection.
  await write(connection, "HEAD /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await write(connection, "GET /none HTTP/1.1\r\nhost: evil.example\r\n\r\n" + healthz());
  let head = "";
  while (!head.endsWith("\r\n\r\n")) {
    const byte = new Uint8Array(1);
    assertEquals(await connection.read(byte), 1);
    head += String.fromCharCode(byte[0]);
  }
  assertMatch(head, KEPT);
  assertMatch(await answerOf(connection), /^HTTP\/1\.1 421 /);
  assertMatch(await answerOf(connection), /^HTTP\/1\.1 200 .*ok\n$/s);
  await write(connection, healthz("connection: close"));
  assertMatch(await answerOf(connection), CLOSED);
  assertEquals(await answerOf(connection), "|end");
  // A request with a body, of HTTP/1.0, or that is none: what is behind it is no request.
  const ends = [
    healthz("content-length: 5") + "GET /",
    healthz("transfer-encoding: chunked"),
    "POST /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "GET /healthz HTTP/1.0\r\n\r\n",
    "GET\r\n\r\n",
  ];
  for (const end of ends) {
    const all = await exchange(admin, end + healthz());
    assertMatch(all, CLOSED, end);
    assertEquals(all.match(/HTTP\/1\.1 /g)?.length, 1, end);
  }
});

Deno.test("a connection that waits for its next request is closed after a while, and first where there are too many", async () => {
  const clock = new VirtualClock();
  await using test = await TestServer.open();
  await using admin = await openAdmin(test.server, { clock });
  const used = async (): Promise<Deno.TcpConn> => {
    const connection = await dial(admin.address);
    await write(connection, healthz());
    assertMatch(await answerOf(connection), KEPT);
    return connection;
  };
  // A request that is begun has the time of each, not that of a pause.
  using slow = await used();
  await write(slow, "GET /heal");
  let isOver = false;
  const end = answerOf(slow).finally(() => isOver = true);
  for (let passed = 0; !isOver; passed += 10_000) {
    assertEquals(await textOf(admin.address, "/healthz"), "200 ok\n");
    assert(passed < 70_000);
    clock.advance(10_000);
  }
  assertEquals(await end, "|end");
  using idle = await used();
  clock.advance(74_999);
  await write(idle, healthz());
  assertMatch(await answerOf(idle), KEPT);
  clock.advance(75_000);
  assertEquals(await answerOf(idle), "|end");

  const many: Deno.TcpConn[] = [];
  try {
    for (let n = 0; n < 256; n++) many.push(await used());
    // The first one is in use again, so the second has waited longest.
    await write(many[0], healthz());
    await answerOf(many[0]);
    many.push(await used());
    assertEquals(await answerOf(many[1]), "|end");
    await write(many[0], healthz());
    assertMatch(await answerOf(many[0]), KEPT);
    // The close of the port ends all.
    await admin.close();
    assertEquals(await answerOf(many[0]), "|end");
  } finally {
    for (const each of many) each.close();
  }
});

Deno.test("the admin port listens on this machine, unless everybody may see it", async () => {
  await using test = await TestServer.open();
  for (const address of ["0.0.0.0:0", "[::]:0", "10.0.0.7:5464", "example.org:5464"]) {
    const error = await assertRejects(() => serveAdmin(test.server, { address }), AddressError);
    assertStringIncludes(error.message, "other machines could connect there");
  }
  for (const address of ["", "unix:/tmp/x", "tcp://127.0.0.1:1", "127.0.0.1", "127.0.0.1:99999"]) {
    const error = await assertRejects(() => serveAdmin(test.server, { address }), AddressError);
    assertStringIncludes(error.message, "the address of an admin port is HOST:PORT");
  }
  await using open = await openAdmin(test.server, { address: "http://0.0.0.0:0", insecure: true });
  assertMatch(open.address, /^http:\/\/0\.0\.0\.0:[0-9]+$/);
  await using other = await openAdmin(test.server, { address: "0" });
  assertMatch(other.address, /^http:\/\/127\.0\.0\.1:[0-9]+$/);
  const taken = other.address;
  const error = await assertRejects(
    () => serveAdmin(test.server, { address: taken }),
    Deno.errors.AddrInUse,
  );
  assertStringIncludes(error.message, `cannot listen at ${taken}: `);
});
