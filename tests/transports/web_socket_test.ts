import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connect } from "../../client/mod.ts";
import {
  AddressError,
  connectStream,
  listen,
  parseAddress,
  StreamError,
  type WebSocketAddress,
} from "../../net/mod.ts";
import { connectWebSocket as connectInBrowser } from "../../net/web_socket.ts";
import { mayConnect } from "../../net/origin.ts";
import { serve, type ServeOptions, type Server } from "../../server/mod.ts";
import { bareProtocol } from "../bare_protocol.ts";
import { RawClient } from "../raw_client.ts";

async function withServer(
  test: (address: string, server: Server) => Promise<void>,
  options: ServeOptions = {},
): Promise<void> {
  await using server = await serve(bareProtocol, {}, { listen: [], ws: { port: 0 }, ...options });
  await test(server.address, server);
}

/** A WebSocket and its messages. */
class Page implements Disposable {
  readonly socket: WebSocket;
  readonly closed: Promise<CloseEvent>;
  text = "";
  #more = Promise.withResolvers<void>();

  constructor(address: string) {
    this.socket = new WebSocket(address);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => {
      assert(data instanceof ArrayBuffer, "a server sends binary messages");
      this.text += new TextDecoder().decode(data);
      this.#more.resolve();
      this.#more = Promise.withResolvers();
    };
    this.closed = new Promise((resolve) => this.socket.onclose = resolve);
  }

  async got(text: string): Promise<void> {
    while (!this.text.includes(text)) await this.#more.promise;
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

/** A figure of STATS, asked by a page. */
async function figure(page: Page, name: string): Promise<string> {
  page.text = "";
  page.socket.send("STATS\n");
  await page.got("OK count=");
  return new RegExp(`^\\* ${name} (.*)\\r?\\n`, "m").exec(page.text)![1].trimEnd();
}

async function openPage(address: string): Promise<Page> {
  const page = new Page(address);
  await page.got("\r\n");
  return page;
}

Deno.test("messages are pieces of the stream, text or binary, for any cuts", () =>
  withServer(async (address) => {
    using page = await openPage(address);
    assert(page.text.startsWith("OK lineup/1 bare/1.0 "), page.text);
    page.socket.send("PING o");
    page.socket.send(new TextEncoder().encode("ne\nPING tw"));
    page.socket.send("o\nPING é\n");
    await page.got("OK one\nOK two\nOK é\n");
    page.socket.close();
    await page.closed;
  }));

Deno.test("QUIT closes the WebSocket with 1000, an empty message ends one direction", () =>
  withServer(async (address) => {
    using quitter = await openPage(address);
    quitter.socket.send("PING\nQUIT\n");
    assertEquals((await quitter.closed).code, 1000);
    assert(quitter.text.endsWith("OK pong\nOK bye\n"), quitter.text);

    using half = await openPage(address);
    half.socket.send("PING\n");
    half.socket.send("");
    assertEquals((await half.closed).code, 1000);
    assert(half.text.endsWith("OK pong\n"), half.text);
  }));

for (const maxMessage of [undefined, 100_000]) {
  Deno.test(`a message that is too long closes the WebSocket with 1009, for maxMessage ${maxMessage}`, () =>
    withServer(async (address) => {
      using page = await openPage(address);
      using other = await openPage(address);
      const longest = (maxMessage ?? 65_536) - "PING\n".length;
      page.socket.send("PING\n" + "\n".repeat(longest));
      await page.got("OK pong");
      assertEquals(await figure(other, "messages-too-long-total"), "0");
      page.socket.send("PING\n" + "\n".repeat(longest + 1));
      assertEquals((await page.closed).code, 1009);
      assertEquals(await figure(other, "messages-too-long-total"), "1");
    }, { ws: { port: 0, maxMessage } }));
}

Deno.test("serve refuses a maxMessage below the messages of clients", async () => {
  await assertRejects(
    () => serve(bareProtocol, {}, { listen: [], ws: { port: 0, maxMessage: 65_535 } }),
    RangeError,
    "maxMessage must be at least 65536, not 65535",
  );
});

Deno.test("a drain closes the WebSocket with 1001", async () => {
  let page: Page | undefined;
  await withServer(async (address, server) => {
    page = await openPage(address);
    await server.shutdown();
  });
  assertEquals((await page!.closed).code, 1001);
});

Deno.test("the limits on connections hold for WebSockets", () =>
  withServer(async (address) => {
    using _first = await openPage(address);
    using second = await openPage(address);
    assert(second.text.startsWith("ERR quota "), second.text);
    await second.closed;
  }, { connections: { connectionsPerClient: 1 } }));

async function request(address: string, ...lines: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(address.replace("ws:", "http:"));
  using conn = await Deno.connect({ hostname, port: Number(port) });
  await conn.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  const buffer = new Uint8Array(10_000);
  const text = new TextDecoder().decode(buffer.subarray(0, (await conn.read(buffer))!));
  return text;
}

const UPGRADE = [
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

Deno.test("a browser that opens the address of a WebSocket as a page reads an explanation", () =>
  withServer(async (address) => {
    const here = await fetch(address.replace("ws:", "http:"));
    assertEquals(here.status, 426);
    assertStringIncludes(await here.text(), "This is a server of Lineup/1");
    const elsewhere = await fetch(`${address.replace("ws:", "http:")}admin`);
    assertEquals([elsewhere.status, await elsewhere.text()], [
      404,
      "There is nothing here. The WebSocket is at /.\n",
    ]);
    const lost = await request(address, "GET /admin HTTP/1.1", "Host: 127.0.0.1", ...UPGRADE);
    assert(lost.startsWith("HTTP/1.1 404 "), lost);
  }));

Deno.test("a page of another site is refused, unless its origin is allowed", () =>
  withServer(async (address) => {
    const from = (origin: string) =>
      request(address, "GET / HTTP/1.1", "Host: 127.0.0.1", `Origin: ${origin}`, ...UPGRADE);
    const evil = await from("http://evil.example");
    assert(evil.startsWith("HTTP/1.1 403 "), evil);
    assertStringIncludes(evil, "Pages of http://evil.example may not connect");
    const friend = await from("https://friend.example");
    assert(friend.startsWith("HTTP/1.1 101 "), friend);
  }, { ws: { port: 0, origins: ["https://friend.example/"] } }));

const ORIGINS: readonly [origin: string | undefined, host: string, may: boolean][] = [
  [undefined, "127.0.0.1:80", true],
  ["http://127.0.0.1:5464", "127.0.0.1:5464", true],
  ["http://localhost:5464", "localhost:5464", true],
  ["http://[::1]:5464", "[::1]:5464", true],
  ["https://192.0.2.1", "192.0.2.1:443", true],
  ["http://line.example", "line.example", true],
  ["http://127.0.0.1:3000", "127.0.0.1:5464", false],
  ["http://localhost:5464", "127.0.0.1:5464", false],
  ["http://evil.example:5464", "127.0.0.1:5464", false],
  // A foreign name that points to this host.
  ["http://evil.example:5464", "evil.example:5464", false],
  ["null", "127.0.0.1:5464", false],
  ["", "", false],
  ["file://", "127.0.0.1:5464", false],
  ["http://127.0.0.1.evil.example", "127.0.0.1.evil.example", false],
];

Deno.test("mayConnect admits pages of the same host and port, and no others", () => {
  for (const [origin, host, may] of ORIGINS) {
    assertEquals(mayConnect({ origin, host }, "line.example", []), may, `${origin} to ${host}`);
    assert(mayConnect({ origin, host }, "line.example", ["*"]));
  }
  assert(mayConnect({ origin: "null", host: "x" }, "y", ["null"]));
  assert(!mayConnect({ origin: "http://a.example", host: undefined }, "y", ["http://b.example"]));
});

Deno.test("serve refuses a text that is no origin, and other machines without insecure", async () => {
  for (const origin of ["example.org", "https://example.org/page", "https://u@example.org", ""]) {
    await assertRejects(
      () => serve(bareProtocol, {}, { listen: [], ws: { port: 0, origins: [origin] } }),
      AddressError,
      "an origin is https://host",
    );
  }
  await assertRejects(
    () => serve(bareProtocol, {}, { listen: [], hostname: "0.0.0.0", ws: { port: 0 } }),
    AddressError,
    "other machines could connect there",
  );
});

Deno.test("connections that do not open a WebSocket give way to later ones", () =>
  withServer(async (address) => {
    const { hostname, port } = new URL(address.replace("ws:", "http:"));
    const silent: Deno.TcpConn[] = [];
    for (let i = 0; i < 3; i++) silent.push(await Deno.connect({ hostname, port: Number(port) }));
    const ended = silent[0].read(new Uint8Array(1)).catch(() => null);
    using page = await openPage(address);
    page.socket.send("PING\n");
    await page.got("OK pong");
    assertEquals(await ended, null);
    // One closed for the third connection, one for the page.
    assertEquals(await figure(page, "connections-unopened-total"), "2");
    for (const conn of silent) conn.close();
  }, { connections: { connectionsOpening: 2 } }));

Deno.test("a connection that does not open a WebSocket in time is closed, and counted", () =>
  withServer(async (address, server) => {
    await using client = await connect(bareProtocol, server.addresses[0]);
    const { hostname, port } = new URL(server.addresses[1].replace("ws:", "http:"));
    using silent = await Deno.connect({ hostname, port: Number(port) });
    assertEquals(await silent.read(new Uint8Array(1)).catch(() => null), null);
    const figures = await client.STATS().all();
    const { value } = figures.find(({ name }) => name === "connections-unopened-total")!;
    assertEquals([value, address], ["1", server.addresses[0]]);
  }, { listen: ["tcp://127.0.0.1:0"], timeouts: { opening: 50 } }));

Deno.test("listen rejects where a WebSocket's port is taken", async () => {
  const listener = await listen(parseAddress("ws://127.0.0.1:0"));
  await assertRejects(() => listen(parseAddress(listener.address)), Deno.errors.AddrInUse);
  listener.close();
  listener.close();
  assertEquals(await listener.accept(), undefined);
});

Deno.test("a dial to a WebSocket fails where there is none, and ends with its signal", async () => {
  const mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = parseAddress(`ws://127.0.0.1:${mute.addr.port}`);
  const abort = new AbortController();
  const accepted = mute.accept();
  const connecting = connectStream(address, { signal: abort.signal });
  const conn = await accepted;
  abort.abort(new Error("enough"));
  await assertRejects(() => connecting, Error, "enough");
  await assertRejects(() => connectStream(address, { signal: abort.signal }), Error, "enough");
  conn.close();
  mute.close();
  await assertRejects(() => connectStream(address), StreamError, "no WebSocket at ws://127.0.0.1:");
});

/** Answers a request for a WebSocket (RFC 6455, section 4.2.2). */
async function openTo(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(10_000);
  const head = new TextDecoder().decode(buffer.subarray(0, (await conn.read(buffer))!));
  const key = /^sec-websocket-key: (.*)\r$/im.exec(head)![1];
  const text = new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  const accept = new Uint8Array(await crypto.subtle.digest("SHA-1", text)).toBase64();
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
  ];
  await conn.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
}

Deno.test("a client reads the bytes that came before its WebSocket was lost, then gets an error", async () => {
  const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = connectStream(parseAddress(`ws://127.0.0.1:${server.addr.port}`));
  const conn = await server.accept();
  await openTo(conn);
  const near = await connecting;
  const wire = new RawClient(near);
  await conn.write(Uint8Array.of(0x82, 3, 0x68, 0x69, 0x0a));
  conn.close();
  assertEquals(await wire.line(), "hi");
  const error = await assertRejects(() => wire.line(), StreamError, "the WebSocket was closed");
  assertEquals(error.name, "ConnectionReset");
  await assertRejects(() => near.write(Uint8Array.of(0x0a)), StreamError, "closed");
  near.close();
  server.close();
});

for (const text of ["-1", "1e9", "99999999999999999999", "hello\n", ""]) {
  Deno.test(`a server that sends the text ${JSON.stringify(text)} loses its client, which gets an error`, async () => {
    const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const connecting = connectStream(parseAddress(`ws://127.0.0.1:${server.addr.port}`));
    const conn = await server.accept();
    await openTo(conn);
    const near = await connecting;
    const bytes = new TextEncoder().encode(text);
    await conn.write(Uint8Array.of(0x82, 3, 0x68, 0x69, 0x0a, 0x81, bytes.length, ...bytes));
    const wire = new RawClient(near);
    assertEquals(await wire.line(), "hi");
    const error = await assertRejects(() => wire.line(), StreamError, "sent text instead of bytes");
    assertEquals(error.name, "InvalidData");
    near.close();
    conn.close();
    server.close();
  });
}

Deno.test("a browser connects to WebSockets only, and its error says so", async () => {
  for (const address of ["tcp://127.0.0.1:5463", "tls://127.0.0.1:5463", "unix:/run/s"]) {
    const place = parseAddress(address) as WebSocketAddress;
    await assertRejects(() => connectInBrowser(place), DOMException, "ws");
  }
  await withServer(async (address) => {
    const place = parseAddress(address) as WebSocketAddress;
    const wire = await RawClient.open(await connectInBrowser(place));
    await wire.send("PING\n");
    assertEquals(await wire.line(), "OK pong");
    wire.close();
  });
});
