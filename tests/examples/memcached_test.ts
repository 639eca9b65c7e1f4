import { dialectCases } from "@lineup/lineup/dialects";
import { type Identities, listenMemory, serve } from "@lineup/lineup/server";
import { assert, assertEquals } from "@std/assert";
import { createCache } from "../../examples/memcached/cache.ts";
import { protocol } from "../../examples/memcached/protocol.ts";
import { options } from "../../examples/memcached.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { RawClient } from "../raw_client.ts";
import { TestIdentities, tokens } from "../server/identity/identities.ts";
import { binarySubject, serveCache, subject } from "./memcached_subject.ts";

for (const { name, run } of dialectCases(subject)) Deno.test(`memcached ${name}`, run);
for (const { name, run } of dialectCases(binarySubject)) {
  Deno.test(`memcached in binary ${name}`, run);
}

/** A cache, a client of it, and a time that passes when the test says so. */
async function open(
  { memory = 1 << 20, identities }: { memory?: number; identities?: Identities } = {},
): Promise<{ wire: RawClient; clock: { now: number } } & AsyncDisposable> {
  const clock = { now: Date.UTC(2030, 0) };
  const { handlers, figures } = createCache(memory, () => clock.now);
  const listener = listenMemory();
  const server = await serve(protocol, handlers, {
    ...options,
    stats: figures,
    identities,
    log: () => {},
    listen: [listener],
  });
  const wire = new RawClient(listener.connect());
  return {
    wire,
    clock,
    async [Symbol.asyncDispose]() {
      wire.close();
      await server.shutdown();
    },
  };
}

/** Sends lines, and checks the lines of the answer. */
async function says(wire: RawClient, send: string, expected: string): Promise<void> {
  await wire.send(`${send.replaceAll("\n", "\r\n")}\r\nmn\r\n`);
  const lines: string[] = [];
  for (let line; (line = await wire.line()) !== "MN";) lines.push(line);
  assertEquals(lines.join("\n"), expected, send);
}

Deno.test("an item of memcached expires in seconds, at a Unix time, at once, or never", async () => {
  await using cache = await open();
  const { wire, clock } = cache;
  const soon = Math.floor(clock.now / 1000) + 40;
  await says(wire, "set a 0 10 1\nx", "STORED");
  await says(wire, `set b 0 ${soon} 1\nx`, "STORED");
  await says(wire, "set c 0 -1 1\nx", "STORED");
  await says(wire, "set d 0 0 1\nx", "STORED");
  await says(wire, "set e 0 2592000 1\nx", "STORED");
  await says(wire, "set f 0 2592001 1\nx", "STORED");
  const there = async (): Promise<string> => {
    let found = "";
    await wire.send("get a b c d e f\r\n");
    for (let line; (line = await wire.line()) !== "END";) {
      if (line.startsWith("VALUE ")) found += line[6];
    }
    return found;
  };
  assertEquals(await there(), "abde");
  clock.now += 9_999;
  assertEquals(await there(), "abde");
  clock.now += 1;
  assertEquals(await there(), "bde");
  clock.now += 29_000;
  assertEquals(await there(), "bde");
  clock.now += 1_001;
  assertEquals(await there(), "de");
  clock.now += 2_592_000_000;
  assertEquals(await there(), "d");
});

Deno.test("memcached's touch, gat and mg T set another time", async () => {
  await using cache = await open();
  const { wire, clock } = cache;
  for (const key of ["a", "b", "c", "d"]) await says(wire, `set ${key} 0 10 1\n${key}`, "STORED");
  await says(wire, "touch a 100", "TOUCHED");
  await says(wire, "gat 100 b", "VALUE b 0 1\nb\nEND");
  await says(wire, "mg c T100 t", "HD t100");
  clock.now += 50_000;
  await says(wire, "get a b c d", "VALUE a 0 1\na\nVALUE b 0 1\nb\nVALUE c 0 1\nc\nEND");
  await says(wire, "mg a t", "HD t50");
});

Deno.test("memcached's flush_all with a time forgets what is there at that time", async () => {
  await using cache = await open();
  const { wire, clock } = cache;
  await says(wire, "set a 0 0 1\nx", "STORED");
  await says(wire, "flush_all 10", "OK");
  clock.now += 9_000;
  await says(wire, "set b 0 0 1\nx", "STORED");
  await says(wire, "get a", "VALUE a 0 1\nx\nEND");
  clock.now += 1_000;
  await says(wire, "set c 0 0 1\nx", "STORED");
  await says(wire, "get a b c", "VALUE c 0 1\nx\nEND");
});

Deno.test("a number of memcached that gets shorter keeps its length, and one that gets longer its flags", async () => {
  await using cache = await open();
  const { wire } = cache;
  await says(wire, "set n 7 0 3\n100", "STORED");
  await says(wire, "decr n 1", "99");
  await says(wire, "get n", "VALUE n 7 3\n99 \nEND");
  await says(wire, "mg n h", "HD h1");
  await says(wire, "incr n 900", "999");
  await says(wire, "incr n 1", "1000");
  await says(wire, "mg n h", "HD h0");
  await says(wire, "gets n", "VALUE n 7 4 4\n1000\nEND");
});

Deno.test("one client of memcached wins the right to renew a stale item", async () => {
  await using cache = await open();
  const { wire, clock } = cache;
  await says(wire, "mg a N30 v", "VA 0 W\n");
  await says(wire, "mg a N30 v", "VA 0 Z\n");
  await says(wire, "ms a 3 T100\nabc", "HD");
  await says(wire, "mg a v R30", "VA 3\nabc");
  clock.now += 80_000;
  await says(wire, "mg a v R30", "VA 3 W\nabc");
  await says(wire, "mg a v R30", "VA 3 Z\nabc");
  await says(wire, "md a I T30", "HD");
  await says(wire, "mg a v", "VA 3 X W\nabc");
  await says(wire, "mg a v t", "VA 3 t30 Z X\nabc");
});

async function statsOf(wire: RawClient): Promise<Map<string, number>> {
  const stats = new Map<string, number>();
  await wire.send("stats\r\n");
  for (let line; (line = await wire.line()) !== "END";) {
    const [, name, text] = line.split(" ");
    stats.set(name, Number(text));
  }
  return stats;
}

Deno.test("memcached counts a value that was appended in parts, and it is whole", async () => {
  await using cache = await open();
  const { wire } = cache;
  await says(wire, "set a 0 0 1\n0", "STORED");
  const before = (await statsOf(wire)).get("bytes")!;
  await wire.send("append a 0 0 1 noreply\r\nx\r\n".repeat(100));
  await wire.send("prepend a 0 0 1 noreply\r\ny\r\n".repeat(100));
  await says(wire, "get a", `VALUE a 0 201\n${"y".repeat(100)}0${"x".repeat(100)}\nEND`);
  const growth = (await statsOf(wire)).get("bytes")! - before;
  // Some parts are still kept apart, and count more than their bytes.
  assert(growth > 200 && growth < 200 + 64 * 32, `${growth} bytes more`);
});

Deno.test("memcached forgets the items that were used least recently, and stays within its memory", async () => {
  const memory = 100_000;
  await using cache = await open({ memory });
  const { wire } = cache;
  const value = "x".repeat(600);
  await says(wire, `set first 0 0 600\n${value}`, "STORED");
  await says(wire, `set second 0 0 600\n${value}`, "STORED");
  for (let i = 0; i < 200; i++) {
    await says(wire, `set key${i} 0 0 600\n${value}`, "STORED");
    await says(wire, "mg first", "HD");
  }
  await says(wire, "mg second", "EN");
  await says(wire, "mg key50", "EN");
  await says(wire, "mg key199", "HD");
  const stats = await statsOf(wire);
  assert(stats.get("bytes")! <= memory, `${stats.get("bytes")} bytes`);
  assertEquals(stats.get("evictions")! + stats.get("curr_items")!, 202);
  assertEquals(stats.get("curr_connections"), 1);
});

Deno.test("memcached stores any bytes under any key without control characters", async () => {
  await using server = await serveCache({});
  using wire = new RawClient(await server.connect());
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const key = Uint8Array.from({ length: 128 }, (_, at) => 128 + at);
  await wire.send("set ", key, " 0 0 256\r\n", bytes, "\r\nmg ", key, " k v\r\nget ", key, "\r\n");
  assertEquals(await wire.line(), "STORED");
  const meta = await wire.bytes(8 + 128 + 2 + 258);
  assertEquals(meta, Uint8Array.of(...encode("VA 256 k"), ...key, 13, 10, ...bytes, 13, 10));
  const item = await wire.bytes(6 + 128 + 8 + 258);
  assertEquals(
    item,
    Uint8Array.of(...encode("VALUE "), ...key, ...encode(" 0 256\r\n"), ...bytes, 13, 10),
  );
  assertEquals(await wire.line(), "END");
});

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("a set of memcached is a set where clients need no identity", async () => {
  using identities = new TestIdentities(new VirtualClock(), [
    { name: "acme", token: tokens.acme },
    { name: "anonymous" },
  ]);
  await using cache = await open({ identities: identities.file });
  const data = `acme ${tokens.acme}`;
  await says(cache.wire, `set k 0 0 ${data.length}\n${data}`, "STORED");
  await says(cache.wire, "get k", `VALUE k 0 ${data.length}\n${data}\nEND`);
  await says(cache.wire, "stats", "CLIENT_ERROR unauthenticated");
});
