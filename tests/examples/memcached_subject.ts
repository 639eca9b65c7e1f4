// The memcached example with samples, for the tests of every dialect.

import type { DialectSubject } from "@lineup/lineup/dialects";
import type { ServeOptions } from "@lineup/lineup/server";
import { createCache } from "../../examples/memcached/cache.ts";
import { memcached } from "../../examples/memcached/dialect.ts";
import { protocol } from "../../examples/memcached/protocol.ts";
import { serveInMemory, suiteOptions } from "../dialects/served.ts";

const limits = { maxLine: 600, maxBody: 1000, maxDiscard: 2000 };
const KEY = "k".repeat(250);

/** A header of the binary form, and the bytes behind it. */
export function binary(
  opcode: number,
  { extras = [], key = "", value = "", length }: {
    extras?: readonly number[];
    key?: string;
    value?: string;
    length?: number;
  } = {},
): Uint8Array {
  const rest = [...extras, ...new TextEncoder().encode(key + value)];
  const header = new DataView(new ArrayBuffer(24));
  header.setUint8(0, 0x80);
  header.setUint8(1, opcode);
  header.setUint16(2, key.length);
  header.setUint8(4, extras.length);
  header.setUint32(8, length ?? rest.length);
  header.setUint32(12, 0x6f706171);
  return Uint8Array.of(...new Uint8Array(header.buffer), ...rest);
}

/** The answer to such a request, as UTF-8. */
function binaryAnswer(
  opcode: number,
  { status = 0, value = "", cas = 0 }: { status?: number; value?: string; cas?: number } = {},
): string {
  const bytes = binary(opcode, { value });
  bytes[0] = 0x81;
  bytes[7] = status;
  bytes[23] = cas;
  return new TextDecoder().decode(bytes);
}

const EXTRAS = [0, 0, 0, 0, 0, 0, 0, 0];

/** A `set` with these data. */
const set = (data: string): string => `set k 0 0 ${data.length}\r\n${data}\r\n`;

/** A proof by SASL. */
const sasl = (value: string, key = "PLAIN"): Uint8Array => binary(0x21, { key, value });

/** The dialect, on a server in memory with a cache of its own. `mn` is the slow request. */
export const subject: DialectSubject = {
  dialect: memcached,
  protocol,
  limits,
  greeting: "",
  requests: [
    { send: "get a\r\n", expect: "END\r\n" },
    { send: "gets a b\n", expect: "END\r\n" },
    { send: "gat 0 a\r\n", expect: "END\r\n" },
    { send: "set s 1 0 5\r\nhe\nlo\r\n", expect: "STORED\r\n" },
    { send: `set ${KEY} 0 -1 0\r\n\r\n`, expect: "STORED\r\n" },
    { send: "set n 0 -1 2 noreply\r\nab\r\n", expect: "" },
    { send: "append a 0 0 1\r\nx\r\n", expect: "NOT_STORED\r\n" },
    { send: "cas a 0 0 1 7\r\nx\r\n", expect: "NOT_FOUND\r\n" },
    { send: "incr a 1\r\n", expect: "NOT_FOUND\r\n" },
    { send: "delete a\r\n", expect: "NOT_FOUND\r\n" },
    { send: "touch a 5\r\n", expect: "NOT_FOUND\r\n" },
    { send: "flush_all\r\n", expect: "OK\r\n" },
    { send: "verbosity 1\r\n", expect: "OK\r\n" },
    { send: "version\r\n", expect: "VERSION 1.6.18\r\n" },
    { send: "stats\r\n", expect: "STAT …\r\nEND\r\n" },
    { send: "stats reset\r\n", expect: "RESET\r\n" },
    { send: "mg a v O1 k\r\n", expect: "EN O1 ka\r\n" },
    { send: "ms m 3 T-1 F7 k\r\nabc\r\n", expect: "HD km\r\n" },
    { send: "md a q\r\n", expect: "NF\r\n" },
    { send: "ma a\r\n", expect: "NF\r\n" },
    { send: "quit\r\n", expect: "", ends: true },
    { send: binary(0x07), expect: "\ufffd\x07…", ends: true },
  ],
  invalid: [
    { send: "\r\n", expect: "ERROR\r\n" },
    { send: "GET a\r\n", expect: "ERROR\r\n" },
    { send: "get\r\n", expect: "ERROR\r\n" },
    { send: "stats other\r\n", expect: "ERROR\r\n" },
    { send: "get a\tb\r\n", expect: "CLIENT_ERROR bad command line format\r\n" },
    { send: `get a ${KEY}k\r\n`, expect: "CLIENT_ERROR bad command line format\r\n" },
    {
      send: `set ${KEY}k 0 0 5\r\nmn\r\nx\r\n`,
      expect: "CLIENT_ERROR bad command line format\r\n",
    },
    { send: "touch a soon\r\n", expect: "CLIENT_ERROR invalid exptime argument\r\n" },
    { send: "incr a x\r\n", expect: "CLIENT_ERROR invalid numeric delta argument\r\n" },
    {
      send: "delete a 1\r\n",
      expect: "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n",
    },
    { send: "mg a v v\r\n", expect: "CLIENT_ERROR duplicate flag\r\n" },
    { send: "mg a !\r\n", expect: "CLIENT_ERROR invalid flag\r\n" },
    { send: "ms a 2 MX\r\nab\r\n", expect: "CLIENT_ERROR invalid mode for ms M token\r\n" },
    // Where the data ends is not known, and data must not run as commands.
    {
      send: "set a 0 0 x\r\nflush_all\r\n",
      expect: "CLIENT_ERROR bad command line format\r\n",
      ends: true,
    },
    { send: "set a 0 0\r\nflush_all\r\n", expect: "ERROR\r\n", ends: true },
    {
      send: "set a 0 0 3\r\nabcd\r\nmn\r\n",
      expect: "CLIENT_ERROR bad data chunk\r\n",
      ends: true,
    },
    { send: "POST / HTTP/1.1\r\n", expect: "", ends: true },
  ],
  overlong: [
    {
      send: `get ${"a ".repeat(300)}`,
      expect: "CLIENT_ERROR a line has at most 600 bytes\r\n",
      ends: true,
    },
    {
      send: `set a 0 0 1001\r\n${"x".repeat(1001)}\r\n`,
      expect: "SERVER_ERROR object too large for cache\r\n",
    },
    {
      send: `set a 0 0 2001\r\n${"x".repeat(2001)}`,
      expect: "SERVER_ERROR object too large for cache\r\n",
      ends: true,
    },
    {
      send: binary(0x01, { extras: EXTRAS, key: "a", value: "x".repeat(2001) }),
      expect: "\ufffd\x01…",
      ends: true,
    },
  ],
  unfinished: [
    { send: "get a", expect: "" },
    { send: "set a 0 0 5\r\nhel", expect: "" },
    { send: `set ${KEY}k 0 0 5\r\nhel`, expect: "CLIENT_ERROR bad command line format\r\n" },
    { send: binary(0x00, { key: "abc" }).subarray(0, 25), expect: "" },
  ],
  slow: { send: "mn\r\n", expect: "MN\r\n" },
  refused: "SERVER_ERROR …\r\n",
  proof: {
    request: { send: "get a\r\n", expect: "END\r\n" },
    refused: "CLIENT_ERROR unauthenticated\r\n",
    right: (token) => [
      { send: set(`acme ${token}`), expect: "STORED\r\n" },
      {
        send: `set any 7 100 ${token.length + 7} noreply\r\nacme  ${token} \r\n`,
        expect: "STORED\r\n",
      },
    ],
    wrong: (token) => [
      { send: set(`bolt ${token}`), expect: "CLIENT_ERROR authentication failure\r\n" },
      { send: set(`acme ${token}x`), expect: "CLIENT_ERROR authentication failure\r\n" },
      { send: set(token), expect: "CLIENT_ERROR bad authentication token format\r\n" },
      {
        send: set(`acme ${token}`).replace("set", "add"),
        expect: "CLIENT_ERROR unauthenticated\r\n",
      },
      { send: "ms k 1\r\nx\r\n", expect: "CLIENT_ERROR unauthenticated\r\n" },
      { send: "stats\r\n", expect: "CLIENT_ERROR unauthenticated\r\n" },
      { send: "version\r\n", expect: "CLIENT_ERROR unauthenticated\r\n" },
    ],
    wrongToken: "CLIENT_ERROR authentication failure\r\n",
  },
  serve: (options) => serveCache(suiteOptions(options)),
};

/** Serves a cache in memory. `mn` waits. */
export function serveCache(
  options: ServeOptions,
): ReturnType<DialectSubject["serve"]> {
  const { handlers, figures } = createCache(1 << 20);
  return serveInMemory(
    protocol,
    (wait) => ({ ...handlers, NOOP: wait }),
    { dialect: memcached, limits, stats: figures, ...options },
  );
}

const NO_PROOF = binaryAnswer(0x21, { status: 0x20, value: "Auth failure." });

/** The binary form of the dialect, in the same way. NOOP is the slow request. */
export const binarySubject: DialectSubject = {
  ...subject,
  requests: [
    {
      send: binary(0x00, { key: "a" }),
      expect: binaryAnswer(0x00, { status: 1, value: "Not found" }),
    },
    { send: binary(0x09, { key: "a" }), expect: "" },
    {
      send: binary(0x04, { key: "a" }),
      expect: binaryAnswer(0x04, { status: 1, value: "Not found" }),
    },
    { send: binary(0x11, { extras: EXTRAS, key: "s", value: "\r\n" }), expect: "" },
    {
      send: binary(0x0e, { key: "a", value: "x" }),
      expect: binaryAnswer(0x0e, { status: 5, value: "Not stored." }),
    },
    { send: binary(0x0b), expect: binaryAnswer(0x0b, { value: "1.6.18" }) },
    { send: binary(0x08), expect: binaryAnswer(0x08) },
    { send: binary(0x07), expect: binaryAnswer(0x07), ends: true },
    { send: binary(0x17), expect: "", ends: true },
  ],
  invalid: [
    {
      send: binary(0x50, { key: "abc" }),
      expect: binaryAnswer(0x50, { status: 0x81, value: "Unknown command" }),
    },
    {
      send: binary(0x00, { extras: [1], key: "a" }),
      expect: binaryAnswer(0x00, { status: 4, value: "Invalid arguments" }),
    },
    {
      send: binary(0x01, { key: "a", value: "x" }),
      expect: binaryAnswer(0x01, { status: 4, value: "Invalid arguments" }),
    },
    {
      send: binary(0x00, { key: `${KEY}k` }),
      expect: binaryAnswer(0x00, { status: 4, value: "Invalid arguments" }),
    },
  ],
  overlong: [
    {
      send: binary(0x01, { extras: EXTRAS, key: "a", value: "x".repeat(1500) }),
      expect: binaryAnswer(0x01, { status: 3, value: "Too large." }),
    },
    {
      send: binary(0x01, { extras: EXTRAS, key: "a", value: "x".repeat(2001) }),
      expect: binaryAnswer(0x01, { status: 3, value: "Too large." }),
      ends: true,
    },
  ],
  unfinished: [
    { send: binary(0x0a).subarray(0, 5), expect: "" },
    { send: binary(0x01, { extras: EXTRAS, key: "a", value: "abc" }).subarray(0, 34), expect: "" },
  ],
  slow: { send: binary(0x0a), expect: binaryAnswer(0x0a) },
  proof: {
    request: {
      send: binary(0x00, { key: "a" }),
      expect: binaryAnswer(0x00, { status: 1, value: "Not found" }),
    },
    refused: binaryAnswer(0x00, { status: 0x20, value: "Auth failure." }),
    right: (token) => [
      { send: sasl(`\0acme\0${token}`), expect: binaryAnswer(0x21, { value: "Authenticated" }) },
    ],
    wrong: (token) => [
      { send: sasl(`\0bolt\0${token}`), expect: NO_PROOF },
      { send: sasl(`acme\0${token}`), expect: NO_PROOF },
      { send: sasl(`\0acme\0${token}`, "CRAM-MD5"), expect: NO_PROOF },
      { send: binary(0x20), expect: binaryAnswer(0x20, { value: "PLAIN" }) },
    ],
    wrongToken: NO_PROOF,
  },
};
