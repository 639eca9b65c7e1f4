/**
 * A key-value cache with expiry, a bound on its memory, and a live view of its changes.
 *
 *     deno run --allow-net examples/cache.ts --port 5463
 *     printf 'SET greeting hello ttl=60s\nGET greeting\nQUIT\n' | nc -N 127.0.0.1 5463
 *     printf 'WATCH greet\n' | nc 127.0.0.1 5463
 *
 * @module
 */

import { type Handlers, type Protocol, Refusal, serve } from "@lineup/lineup";
import { readFlags, untilFinished } from "./listen.ts";

/** The protocol of the cache. */
export const protocol = {
  name: "cache",
  version: "1.0",
  summary: "A key-value cache on a line.",
  commands: {
    SET: {
      summary: "Keep a value under a key; the least recently used make room for it.",
      args: { key: { type: "word", max: 250 }, body: { type: "bytes", max: 1 << 20 } },
      options: {
        ttl: { type: "duration", min: 1, summary: "Forget it after this long." },
        add: { type: "boolean", summary: "Only where there is none yet." },
      },
      errors: { exists: { summary: "There is a value, and add=yes was asked for." } },
      idempotent: true,
      examples: [
        { request: "SET greeting hello ttl=60s", reply: "OK", undo: "DELETE greeting" },
        { request: "SET greeting again add=yes", reply: 'ERR exists "greeting has a value."' },
      ],
    },
    GET: {
      summary: "The value under a key.",
      args: { key: { type: "word", max: 250 } },
      reply: { ttl: "duration?", body: "bytes" },
      errors: { "not-found": { summary: "There is none, or its time is over." } },
      class: "interactive",
      idempotent: true,
      examples: [
        { request: "GET greeting", reply: "OK ttl=… {5}\nhello" },
        { request: "GET nothing", reply: 'ERR not-found "nothing has no value."' },
      ],
    },
    DELETE: {
      summary: "Forget a value.",
      args: { key: { type: "word", max: 250 } },
      reply: { deleted: "boolean" },
      idempotent: true,
      examples: [{ request: "DELETE nothing", reply: "OK deleted=no" }],
    },
    KEYS: {
      summary: "The keys that begin with a prefix, the least recently used first.",
      args: { prefix: "word?" },
      options: { max: { type: "integer", min: 1, max: 10_000, default: "100" } },
      items: { key: "word", bytes: "size", ttl: "duration?" },
      reply: { count: "integer", more: "boolean" },
      class: "bulk",
      idempotent: true,
      examples: [{ request: "KEYS nothing", reply: "OK count=0 more=no" }],
    },
    WATCH: {
      summary: "Every change of the keys that begin with a prefix, as it happens, until CANCEL.",
      args: { prefix: "word?" },
      items: {
        change: { type: "enum", values: ["set", "deleted", "expired", "evicted"] },
        key: "word",
      },
    },
  },
} as const satisfies Protocol;

/** The memory of an entry beside its key and value, roughly. Without it, empty values would be free. */
const ENTRY_BYTES = 256;

interface Entry {
  body: Uint8Array;
  expires: number;
}

type Change = "set" | "deleted" | "expired" | "evicted";

const MOST_BYTES = 256 << 20;
const MOST_UNREAD = 1000;

const sizeOf = (key: string, body: Uint8Array): number =>
  ENTRY_BYTES + 2 * key.length + body.length;

/** The handlers of a cache that holds at most `mostBytes` bytes. */
export function cache(mostBytes: number = MOST_BYTES): Handlers<typeof protocol> {
  // A Map keeps the order of insertion, so its first key is the least recently used.
  const entries = new Map<string, Entry>();
  const watchers = new Set<(change: Change, key: string) => void>();
  let bytes = 0;

  const tell = (change: Change, key: string): void => {
    for (const watcher of watchers) watcher(change, key);
  };
  const drop = (key: string, change: Change): boolean => {
    const entry = entries.get(key);
    if (entry === undefined) return false;
    entries.delete(key);
    bytes -= sizeOf(key, entry.body);
    tell(change, key);
    return true;
  };
  const find = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    if (entry === undefined || entry.expires > Date.now()) return entry;
    drop(key, "expired");
    return undefined;
  };
  const ttlOf = ({ expires }: Entry): number | undefined =>
    expires === Infinity ? undefined : Math.max(0, Math.round(expires - Date.now()));

  return {
    SET({ key, body, ttl, add }) {
      const before = find(key);
      if (add && before !== undefined) throw new Refusal("exists", `${key} has a value.`);
      bytes += sizeOf(key, body) - (before === undefined ? 0 : sizeOf(key, before.body));
      entries.delete(key);
      entries.set(key, { body, expires: ttl === undefined ? Infinity : Date.now() + ttl });
      tell("set", key);
      for (const oldest of entries.keys()) {
        if (bytes <= mostBytes || oldest === key) break;
        drop(oldest, "evicted");
      }
    },

    GET({ key }) {
      const entry = find(key);
      if (entry === undefined) throw new Refusal("not-found", `${key} has no value.`);
      entries.delete(key);
      entries.set(key, entry);
      return { ttl: ttlOf(entry), body: entry.body };
    },

    DELETE: ({ key }) => ({ deleted: find(key) !== undefined && drop(key, "deleted") }),

    *KEYS({ prefix = "", max }) {
      let count = 0;
      for (const key of [...entries.keys()]) {
        const entry = key.startsWith(prefix) ? find(key) : undefined;
        if (entry === undefined) continue;
        if (count === max) return { count, more: true };
        count++;
        yield { key, bytes: entry.body.length, ttl: ttlOf(entry) };
      }
      return { count, more: false };
    },

    async *WATCH({ prefix = "" }, { park }) {
      const unread: { change: Change; key: string }[] = [];
      let wake = (): void => {};
      const watcher = (change: Change, key: string): void => {
        if (!key.startsWith(prefix)) return;
        // A slow reader loses the oldest changes.
        if (unread.length === MOST_UNREAD) unread.shift();
        unread.push({ change, key });
        wake();
      };
      watchers.add(watcher);
      try {
        for (;;) {
          while (unread.length > 0) yield unread.shift()!;
          await park(new Promise<void>((resolve) => wake = resolve));
        }
      } finally {
        watchers.delete(watcher);
      }
    },
  };
}

const handlers = cache();

export default { protocol, handlers };

if (import.meta.main) {
  const { port } = readFlags({ port: "5463" });
  await untilFinished("cache", serve(protocol, handlers, { port: Number(port), signals: true }));
}
