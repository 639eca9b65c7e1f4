// The Redis example with samples, for the tests of every dialect.

import type { DialectSubject, WireSample } from "@lineup/lineup/dialects";
import type { Protocol } from "@lineup/lineup/protocol";
import { redis } from "../../../examples/redis/dialect.ts";
import { redisService } from "../../../examples/redis/handlers.ts";
import { protocol } from "../../../examples/redis/protocol.ts";
import { serveInMemory, suiteOptions } from "../../dialects/served.ts";

const limits = { maxLine: 400, maxBody: 1000, maxDiscard: 0 };

/** The protocol of the example, and a command that a test holds. */
const withWait = {
  ...protocol,
  commands: { ...protocol.commands, WAIT: { summary: "Answer when told to." } },
} as const satisfies Protocol;

/** A request as an array of strings. */
export function request(...words: readonly string[]): string {
  const strings = words.map((word) => `$${new TextEncoder().encode(word).length}\r\n${word}\r\n`);
  return `*${words.length}\r\n${strings.join("")}`;
}

const error = (text: string): string => `-ERR ${text}\r\n`;
const fault = (text: string): string => error(`Protocol error: ${text}`);
const wrongPassword = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
const HELLO = "*14\r\n$6\r\nserver\r\n$5\r\nredis\r\n…\r\n$7\r\nmodules\r\n*0\r\n";
const ends = true;

const REQUESTS: readonly WireSample[] = [
  { send: request("PING"), expect: "+PONG\r\n" },
  { send: "ping\r\n", expect: "+PONG\r\n" },
  { send: '  PING "a\\x62 c"\n', expect: "$4\r\nab c\r\n" },
  { send: request("ECHO", "žluť\r\n\0"), expect: "$9\r\nžluť\r\n\0\r\n" },
  { send: request("ECHO", ""), expect: "$0\r\n\r\n" },
  { send: "*0\r\n*-1\r\n\r\nPING\r\n", expect: "+PONG\r\n" },
  { send: request("get", "nothing"), expect: "$-1\r\n" },
  { send: request("SET", "k", "v", "PX", "100000"), expect: "+OK\r\n" },
  { send: request("MGET", "a", "b"), expect: "*2\r\n$-1\r\n$-1\r\n" },
  { send: request("EXISTS", "a", "a"), expect: ":0\r\n" },
  { send: request("CLIENT", "GETNAME"), expect: "$-1\r\n" },
  { send: request("COMMAND", "COUNT"), expect: ":36\r\n" },
  { send: request("GET"), expect: error("wrong number of arguments for 'get' command") },
  {
    send: request("SET", "k", "v", "EX", "0"),
    expect: error("invalid expire time in 'set' command"),
  },
  {
    send: request("FROB", "a", "b"),
    expect: error("unknown command 'FROB', with args beginning with: 'a' 'b' "),
  },
  { send: request("CLIENT", "x"), expect: error("unknown subcommand 'x'. Try CLIENT HELP.") },
  { send: request("CLIENT"), expect: error("wrong number of arguments for 'client' command") },
  { send: request("QUIT"), expect: "+OK\r\n", ends },
];

/** The dialect, on a server in memory with keys of its own. */
export const subject: DialectSubject = {
  dialect: redis,
  protocol: withWait,
  limits,
  greeting: "",
  requests: REQUESTS,
  invalid: [
    { send: "*x\r\n", expect: fault("invalid multibulk length"), ends },
    { send: "*01\r\n", expect: fault("invalid multibulk length"), ends },
    { send: "*1000000000\r\n", expect: fault("invalid multibulk length"), ends },
    { send: "*1\r\n:1\r\n", expect: fault("expected '$', got ':'"), ends },
    { send: "*1\r\n*1\r\n$4\r\nPING\r\n", expect: fault("expected '$', got '*'"), ends },
    { send: "*1\r\n$-5\r\n", expect: fault("invalid bulk length"), ends },
    { send: "*1\r\n$+4\r\nPING\r\n", expect: fault("invalid bulk length"), ends },
    { send: "*1\n$4\nPING\n", expect: fault("invalid multibulk length"), ends },
    { send: "*1\r\n$3\r\nPING\r\n", expect: fault("a string is longer than its length"), ends },
    { send: 'ECHO "a\r\n', expect: fault("unbalanced quotes in request"), ends },
    { send: "POST / HTTP/1.1\r\nHost: x\r\n\r\nSET a b\r\n", expect: "", ends },
    { send: "Host: x\r\nSET a b\r\n", expect: "", ends },
  ],
  overlong: [
    { send: "x".repeat(401), expect: fault("too big inline request"), ends },
    { send: "*2\r\n$4\r\nECHO\r\n$1001\r\n", expect: fault("invalid bulk length"), ends },
    { send: `*100\r\n${"$0\r\n\r\n".repeat(40)}`, expect: fault("too big request"), ends },
    {
      send: request("MGET", "x".repeat(990), "x".repeat(990)),
      expect: fault("too big request"),
      ends,
    },
  ],
  unfinished: [
    { send: "PING", expect: "" },
    { send: "*", expect: "" },
    { send: "*2\r\n$4\r\nECHO\r\n$5\r\nhel", expect: "" },
    { send: "*1\r\n$4\r\nPING\r", expect: "" },
  ],
  slow: { send: request("WAIT"), expect: "+OK\r\n" },
  refused: "-ERR max number of clients reached\r\n",
  proof: {
    request: { send: request("GET", "nothing"), expect: "$-1\r\n" },
    refused: "-NOAUTH Authentication required.\r\n",
    right: (token) => [
      { send: request("AUTH", token), expect: "+OK\r\n" },
      { send: request("AUTH", "acme", token), expect: "+OK\r\n" },
      { send: request("AUTH", "default", token), expect: "+OK\r\n" },
      { send: `auth acme ${token}\r\n`, expect: "+OK\r\n" },
      { send: request("HELLO", "2", "AUTH", "acme", token, "SETNAME", "me"), expect: HELLO },
    ],
    wrong: (token) => [
      { send: request("AUTH", "bolt", token), expect: wrongPassword },
      { send: request("AUTH", `${token}x`), expect: wrongPassword },
      { send: request("AUTH", "acme", token, "x"), expect: error("syntax error") },
      { send: request("HELLO", "2", "AUTH", "bolt", token, "FROB"), expect: wrongPassword },
      { send: request("HELLO", "2"), expect: `-NOAUTH HELLO must be called …\r\n` },
      {
        send: request("HELLO", "4", "AUTH", "acme", token),
        expect: "-NOPROTO unsupported protocol version\r\n",
      },
      ...[["PING"], ["INFO"], ["COMMAND", "COUNT"], ["CONFIG", "GET", "databases"]].map((words) => (
        { send: request(...words), expect: "-NOAUTH Authentication required.\r\n" }
      )),
    ],
    wrongToken: wrongPassword,
  },
  serve: (options) =>
    serveInMemory(withWait, (wait) => ({ ...redisService(1 << 20).handlers, WAIT: wait }), {
      dialect: redis,
      limits,
      ...suiteOptions(options),
    }),
};
