import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { type Framed, Framer, telnet } from "@lineup/lineup/protocol";
import { brief, bytes, drainInto, everyByte, read } from "./frames.ts";

const { IAC, DO, DONT, WILL, WONT, SB, SE, IP, TIMING_MARK } = telnet;
const PING = { head: "PING" };
const LOST = { code: "bad-syntax", fatal: true };
const WRONG = { code: "wrong-protocol", fatal: true };

/** Checks the frames of an input that comes whole, in single bytes, and cut once at each place. */
function check(
  input: Uint8Array,
  expected: readonly unknown[],
  limits = {},
  side: "request" | "reply" = "request",
): void {
  const show = JSON.stringify(String.fromCharCode(...input.subarray(0, 80)));
  const cuts = [[], everyByte(input), ...everyByte(input).map((at) => [at])];
  for (const at of input.length > 300 ? cuts.slice(0, 2) : cuts) {
    assertEquals(read(side, input, at, limits).map(brief), [...expected], `${show} cut at ${at}`);
  }
}

Deno.test("Framer takes LF, CRLF and CR NUL as the same line end", () => {
  check(bytes("PING\nPING\r\nPING\r\0PING\n"), [PING, PING, PING, PING]);
  check(bytes("\n\r\n\r\0 \t \nPING\n\n"), [PING]);
  check(bytes("A {1}\nx\nB {1}\r\ny\r\nC {1}\r\0z\r\0PING\n"), [
    { head: "A", body: [0x78] },
    { head: "B", body: [0x79] },
    { head: "C", body: [0x7a] },
    PING,
  ]);
});

Deno.test("Framer tells how the last line ended", () => {
  for (const length of [1, 2, Infinity]) {
    const framer = new Framer("request");
    assert(framer.crlf);
    const after: boolean[] = [];
    for (const line of ["PING\n", "PING\r\n", "\n", "PING\r\0", "A {1}\n", "x\r\n"]) {
      const rest = bytes(line);
      for (let at = 0; at < rest.length; at += length) {
        drainInto(framer, [rest.subarray(at, at + length)]);
      }
      after.push(framer.crlf);
    }
    assertEquals(after, [false, true, false, true, false, false]);
  }
});

Deno.test("Framer returns large bodies that later input does not change", () => {
  const length = 500_000;
  const bodies: Uint8Array[] = [];
  for (let i = 0; i < 3; i++) {
    const framers = [new Framer("request"), new Framer("request")];
    const input = bytes(`PUT {${length}}\n${String(i).repeat(length)}\n`);
    for (let at = 0; at < input.length; at += 10_000) {
      for (const framer of framers) {
        framer.push(input.subarray(at, at + 10_000));
        const framed = framer.next();
        if (framed?.kind === "frame") bodies.push(framed.body!);
      }
    }
  }
  assertEquals(
    bodies.map((body) => [body.length, body.every((byte) => byte === body[0]), body[0]]),
    [..."001122"].map((digit) => [length, true, digit.charCodeAt(0)]),
  );
});

Deno.test("Framer reads a body of any bytes as it is", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  check(bytes("PUT mail {256}\r\n", all, "\r\nPING\n"), [
    { head: "PUT", words: ["mail"], body: [...all] },
    PING,
  ]);
  check(bytes("PUT {5}\nhe", 0, "lo\n"), [{ head: "PUT", body: [...bytes("he", 0, "lo")] }]);
  check(bytes("PUT {0}\n\nPING\n"), [{ head: "PUT", body: [] }, PING]);
  check(bytes("PUT {6}\nPING\r\n\nPING\n"), [{ head: "PUT", body: [...bytes("PING\r\n")] }, PING]);
  check(bytes("PUT {3}  \n", 0xff, 0xf4, 0xff, "\n"), [{ head: "PUT", body: [0xff, 0xf4, 0xff] }]);
  check(bytes("#a PUT x k=v {1}\n{\n"), [
    { tag: "a", head: "PUT", words: ["x"], options: { k: "v" }, body: [0x7b] },
  ]);
});

// "A telnet client sends its commands wherever the person happens to be in the line."
const commands: readonly (readonly [sent: readonly number[], found: readonly unknown[]])[] = [
  [[IAC, IP], [{ telnet: [IP] }]],
  [[IAC, 241], [{ telnet: [241] }]],
  [[IAC, 242], [{ telnet: [242] }]],
  [[IAC, SE], [{ telnet: [SE] }]],
  [[IAC, WILL, 1], [{ telnet: [WILL, 1] }]],
  [[IAC, WONT, 255], [{ telnet: [WONT, 255] }]],
  [[IAC, DO, TIMING_MARK], [{ telnet: [DO, TIMING_MARK] }]],
  [[IAC, DONT, 10], [{ telnet: [DONT, 10] }]],
  [[IAC, SB, 31, 0, 80, 0, 24, IAC, SE], []],
  [[IAC, SB, 24, 10, 13, 0, IAC, IAC, SB, IAC, SE], []],
  [[IAC, IP, IAC, DO, TIMING_MARK], [{ telnet: [IP] }, { telnet: [DO, TIMING_MARK] }]],
];

Deno.test("Framer takes telnet commands out of a line at every place", () => {
  const line = bytes("#a PUT é x=y\r\n");
  const frame = { tag: "a", head: "PUT", words: ["é"], options: { x: "y" } };
  for (const [sent, found] of commands) {
    for (let at = 0; at <= line.length; at++) {
      // No byte may stand between CR and LF.
      if (at === line.length - 1) continue;
      const input = bytes(line.subarray(0, at), ...sent, line.subarray(at));
      const expected = at === line.length ? [frame, ...found] : [...found, frame];
      check(input, expected);
    }
  }
});

Deno.test("Framer ends at telnet bytes that are no command", () => {
  check(bytes("PI", IAC, IAC, "NG\nPING\n"), [LOST]);
  check(bytes("PI", IAC, 0x20, "NG\nPING\n"), [LOST]);
  check(bytes("PI", IAC, SE - 1, "NG\nPING\n"), [LOST]);
  check(bytes("PING\r", IAC, IP, "\nPING\n"), [LOST]);
});

Deno.test("Framer counts telnet commands towards the limit of a line", () => {
  const tooLong = { code: "line-too-long", fatal: true };
  check(bytes(IAC, SB, "x".repeat(99)), [tooLong], { maxLine: 50 });
  const most = Array.from({ length: 9 }, () => [IAC, DO, 1]).flat();
  assertEquals(read("request", bytes(...most, "PI"), [], { maxLine: 20 }).length, 9);
  check(bytes(...most, "PING\n"), [
    ...Array.from({ length: 9 }, () => ({ telnet: [DO, 1] })),
    tooLong,
  ], { maxLine: 20 });
  check(bytes(...most, "P\n", ...most, "P\n").subarray(0), [
    ...Array.from({ length: 9 }, () => ({ telnet: [DO, 1] })),
    { head: "P" },
    ...Array.from({ length: 9 }, () => ({ telnet: [DO, 1] })),
    { head: "P" },
  ], { maxLine: 20 });
});

Deno.test("Framer knows no telnet in replies", () => {
  check(bytes("O", IAC, IP, "K\n"), [LOST], {}, "reply");
});

Deno.test("Framer ends at a byte that cannot occur in a line", () => {
  for (let byte = 0; byte < 256; byte++) {
    const plain = byte === 0x09 || byte === 0x0a || byte === 0x0d || byte >= 0x20 && byte < 0x7f;
    if (plain || byte === IAC) continue;
    // A single byte above 0x7f is no UTF-8.
    check(bytes("PING\nPUT a", byte, "b\nPING\n"), [PING, LOST]);
  }
});

Deno.test("Framer ends at bytes that are no UTF-8 and at C1 controls", () => {
  const wrong: readonly (readonly number[])[] = [
    [0xc3],
    [0xa9],
    [0xc0, 0xaf],
    [0xe0, 0x80, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf0, 0x9f, 0x98],
    [0xc2, 0x80],
    [0xc2, 0x9f],
  ];
  for (const each of wrong) check(bytes("PUT ", ...each, "\nPING\n"), [LOST]);
  check(bytes("PUT ", 0xc2, 0xa0, "\n"), [{ head: "PUT", words: ["\u00a0"] }]);
});

Deno.test("Framer ends at a carriage return that ends no line", () => {
  check(bytes("PING\rPING\n"), [LOST]);
  check(bytes("PING\r\rPING\n"), [LOST]);
  check(bytes("\rPING\n"), [LOST]);
  check(bytes('PUT "a\rQUIT\r\n"\n'), [LOST]);
});

Deno.test("Framer ends at the first line of HTTP and of TLS", () => {
  for (
    const line of [
      "GET / HTTP/1.1",
      "POST /put?a=b&c HTTP/1.0",
      "PRI * HTTP/2.0",
      "OPTIONS * HTTP/1.1",
      "get / http/1.1 HTTP/1.1",
      'GET /"{x HTTP/1.1',
      "CONNECT example.org:443 HTTP/1.1",
    ]
  ) check(bytes(`${line}\r\nHost: localhost\r\n\r\nPING\r\n`), [WRONG]);
  check(bytes(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, "\nPING\n"), [WRONG]);
  check(bytes("PING\n", 0x16, 0x03, 0x01), [PING, LOST]);
  check(bytes("PI", 0x16), [LOST]);
  // A reader of replies has no message for foreign clients.
  check(bytes(0x16, 0x03, 0x01, "\n"), [LOST], {}, "reply");
});

Deno.test("Framer ends at a header line anywhere, so that no body of HTTP runs", () => {
  for (const header of ["Host: localhost", "content-length:5", "X-Y:", "Connection : close"]) {
    const ends = !header.includes(" :");
    check(
      bytes(`PING\r\n${header}\r\nPING\r\n`),
      ends ? [PING, WRONG] : [PING, { head: "CONNECTION", words: [":", "close"] }, PING],
    );
  }
  check(bytes("GET /\r\nAccept: */*\r\n\r\nPING\r\n"), [{ head: "GET", words: ["/"] }, WRONG]);
  check(bytes("PUT x HTTP/1.1\n"), [WRONG]);
  check(bytes('PUT x "HTTP/1.1"\n'), [{ head: "PUT", words: ["x", "HTTP/1.1"] }]);
  check(bytes("PUT x=HTTP/1.1\n"), [{ head: "PUT", options: { x: "HTTP/1.1" } }]);
  check(bytes("PUT xHTTP/1.1\n"), [{ head: "PUT", words: ["xHTTP/1.1"] }]);
  check(bytes("PING\nPUT x HTTP/1.1\n"), [PING, { head: "PUT", words: ["x", "HTTP/1.1"] }]);
});

Deno.test("Framer refuses a line of more than maxLine bytes, without its end", () => {
  const limits = { maxLine: 10 };
  const tooLong = { code: "line-too-long", fatal: true };
  for (const end of ["\n", "\r\n", "\r\0"]) {
    check(bytes("PUT 567890", end), [{ head: "PUT", words: ["567890"] }], limits);
    check(bytes("PUT 5678é", end), [{ head: "PUT", words: ["5678é"] }], limits);
    check(bytes("PUT 5678901", end, "PING\n"), [tooLong], limits);
    check(bytes("PUT 56789é", end, "PING\n"), [tooLong], limits);
  }
  check(bytes("x".repeat(11)), [tooLong], limits);
  check(bytes(" ".repeat(8193), "\nPING\n"), [tooLong]);
  check(bytes("P", " ".repeat(8191), "\nPING\n"), [{ head: "P" }, PING]);
});

Deno.test("Framer.push throws where bytes are left", () => {
  const framer = new Framer("request");
  framer.push(bytes("PING\nPING\n"));
  assertEquals(brief(framer.next()!), PING);
  assertThrows(() => framer.push(bytes("PING\n")), Error, "push before next()");
  assertEquals(brief(framer.next()!), PING);
  assertEquals(framer.next(), undefined);
});

Deno.test("Framer.idle tells whether the stream may end", () => {
  const cases: Record<string, boolean> = {
    "": true,
    "PING\n": true,
    "PING\r\n": true,
    "PING": false,
    "PING\r": false,
    "\r": false,
    "PUT {2}\n": false,
    "PUT {2}\nab": false,
    "PUT {2}\nab\r": false,
    "PUT {2}\nab\r\n": true,
    "PUT {0}\n": false,
    "PUT a=b=c {2}\n": false,
    "PUT a=b=c {2}\nab\n": true,
  };
  for (const [text, idle] of Object.entries(cases)) {
    const framer = new Framer("request");
    drainInto(framer, [bytes(text)]);
    assertEquals(framer.idle, idle, JSON.stringify(text));
  }
});

Deno.test("Framer.held follows the bytes that arrive, not the bytes announced", () => {
  const framer = new Framer("request");
  assertEquals(framer.held, 0);
  drainInto(framer, [bytes("PUT {1048576}\n")]);
  assert(framer.held < 8192);
  drainInto(framer, [new Uint8Array(10_000)]);
  assert(framer.held >= 10_000 && framer.held < 40_000);
  drainInto(framer, [new Uint8Array(1_038_576), bytes("\n")]);
  assertEquals(framer.held, 0);
});

Deno.test("Framer holds nothing of a body that it discards", () => {
  const framer = new Framer("request", { maxBody: 10 });
  const found: Framed[] = drainInto(framer, [bytes("PUT {1000000}\n"), new Uint8Array(999_999)]);
  assertEquals(found.map(brief), [{ code: "body-too-large" }]);
  assertEquals(framer.held, 0);
  assertFalse(framer.idle);
});
