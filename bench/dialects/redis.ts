// The Redis example beside redis-server: values of 100 bytes.

import { startExample, startRedis } from "../servers.ts";
import type { PipelinedLoad } from "./load.ts";
import type { DialectPart } from "./part.ts";

const KEYS = 1024;
const VALUE = "x".repeat(100);

const keys = Array.from({ length: KEYS }, (_, i) => `key:${String(i).padStart(6, "0")}`);
const shape = { connections: 50, depth: 16 } as const;

/** A request as an array of strings. */
function frame(...words: readonly string[]): string {
  const strings = words.map((word) => `$${word.length}\r\n${word}\r\n`);
  return `*${words.length}\r\n${strings.join("")}`;
}

const set: PipelinedLoad = {
  ...shape,
  requests: keys.map((key) => frame("SET", key, VALUE)),
  reply: "+OK\r\n",
};
const get: PipelinedLoad = {
  ...shape,
  requests: keys.map((key) => frame("GET", key)),
  reply: `$${VALUE.length}\r\n${VALUE}\r\n`,
};
const ping: PipelinedLoad = {
  ...shape,
  requests: keys.map(() => frame("PING")),
  reply: "+PONG\r\n",
};

/** The part of the bench. */
export const redis: DialectPart = {
  name: "redis",
  ours: () => startExample("redis"),
  peer: startRedis,
  missing: "redis-server (Debian: apt install redis-server)",
  // The sets come first: the gets find their values.
  loads: { SET: set, GET: get, PING: ping },
  least: { GET: 0.5 },
};
