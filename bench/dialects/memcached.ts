// The memcached example beside the original with one thread: get and set, values of 100 bytes.

import { getAvailablePort } from "@std/net";
import type { RunningServer } from "../servers.ts";
import { startExample, startProgram } from "../servers.ts";
import type { PipelinedLoad } from "./load.ts";
import type { DialectPart } from "./part.ts";

const KEYS = 1024;
const VALUE = "x".repeat(100);

const keys = Array.from({ length: KEYS }, (_, i) => `key:${String(i).padStart(6, "0")}`);
const shape = { connections: 50, depth: 16 } as const;

const set: PipelinedLoad = {
  ...shape,
  requests: keys.map((key) => `set ${key} 0 0 ${VALUE.length}\r\n${VALUE}\r\n`),
  reply: "STORED\r\n",
};
const get: PipelinedLoad = {
  ...shape,
  requests: keys.map((key) => `get ${key}\r\n`),
  reply: `VALUE ${keys[0]} 0 ${VALUE.length}\r\n${VALUE}\r\nEND\r\n`,
};

/** Starts the original; `undefined` where it is not installed. */
function startMemcached(): Promise<RunningServer | undefined> {
  const port = getAvailablePort();
  const user = Deno.uid() === 0 ? ["-u", "nobody"] : [];
  const args = ["-l", "127.0.0.1", "-p", String(port), "-U", "0", "-t", "1", ...user];
  return startProgram("memcached -t 1", port, "memcached", args);
}

/** The part of the bench. */
export const memcached: DialectPart = {
  name: "memcached",
  ours: () => startExample("memcached"),
  peer: startMemcached,
  missing: "memcached (Debian: apt install memcached)",
  // The sets come first: the gets find their values.
  loads: { set, get },
  least: { set: 0.6, get: 0.6 },
};
