// The clients of Redis with the example: redis-cli, redis-benchmark, and ioredis of npm.

import { Buffer } from "node:buffer";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Redis, type RedisOptions } from "npm:ioredis@6.0.0";
import { identityFile } from "../identities_file.ts";
import { find, run } from "../program.ts";
import { openPane } from "../tmux.ts";
import { startExample } from "./servers.ts";

/** What redis-cli prints, each of the commands with one reply. */
async function cli(port: number, args: readonly string[], input?: string): Promise<string> {
  const bytes = input === undefined ? undefined : new TextEncoder().encode(input);
  const { out } = await run("redis-cli", ["-p", String(port), ...args], { input: bytes });
  return out;
}

Deno.test("redis-cli sends commands and shows their replies", async () => {
  await using server = await startExample();
  const { port } = server;
  assertEquals(await cli(port, ["SET", "greeting", "hello", "EX", "100"]), "OK\n");
  assertEquals(await cli(port, ["GET", "greeting"]), "hello\n");
  assertEquals(await cli(port, ["--no-raw", "GET", "none"]), "(nil)\n");
  assertEquals(await cli(port, ["--no-raw", "INCR", "n"]), "(integer) 1\n");
  assertEquals(
    await cli(port, ["--no-raw", "MGET", "greeting", "none"]),
    '1) "hello"\n2) (nil)\n',
  );
  assertEquals(
    await cli(port, ["LPUSH", "greeting", "x"]),
    "WRONGTYPE Operation against a key holding the wrong kind of value\n\n",
  );
});

Deno.test("redis-cli speaks RESP3, and shows maps as maps", async () => {
  await using server = await startExample();
  const { port } = server;
  assertEquals(await cli(port, ["-3", "--no-raw", "GET", "none"]), "(nil)\n");
  assertEquals(
    await cli(port, ["-3", "--no-raw", "CONFIG", "GET", "databases"]),
    '1# "databases" => "1"\n',
  );
  const docs = await cli(port, ["-3", "--json", "COMMAND", "DOCS", "GET"]);
  assertEquals(JSON.parse(docs), {
    get: {
      summary: "The string of a key.",
      group: "generic",
      arguments: [{ name: "key", type: "key", key_spec_index: 0 }],
    },
  });
  assertMatch(await cli(port, ["-3", "INFO", "keyspace"]), /^# Keyspace\r?\n/);
});

Deno.test("redis-cli reads commands from standard input, a value with -x, and many with --pipe", async () => {
  await using server = await startExample();
  const { port } = server;
  assertEquals(
    await cli(port, [], "SET k 'a b'\nGET k\nFROB\n"),
    [
      "OK",
      "a b",
      "ERR unknown command 'FROB', with args beginning with: ",
      "",
      "",
    ].join("\n"),
  );
  assertEquals(await cli(port, ["-x", "SET", "body"], "first\r\n\0second"), "OK\n");
  assertEquals(await cli(port, ["GET", "body"]), "first\r\n\0second\n");
  const sets = Array.from({ length: 1000 }, (_, i) => `SET key:${i} ${i}\r\n`).join("");
  assertMatch(await cli(port, ["--pipe"], sets), /errors: 0, replies: 1000\n$/);
});

Deno.test("redis-cli --scan lists each key once, by a pattern too", async () => {
  await using server = await startExample();
  const { port } = server;
  const keys = Array.from({ length: 300 }, (_, i) => `key:${i}`);
  await cli(port, ["MSET", ...keys.flatMap((key) => [key, "v"])]);
  const sorted = (out: string): string[] => out.trim().split("\n").sort();
  assertEquals(sorted(await cli(port, ["--scan"])), [...keys].sort());
  assertEquals(
    sorted(await cli(port, ["--scan", "--pattern", "key:?"])),
    keys.slice(0, 10).sort(),
  );
  assertMatch(await cli(port, ["--bigkeys"]), /Sampled 300 keys in the keyspace!/);
});

Deno.test("redis-benchmark runs its tests to the end, 16 requests deep", async () => {
  await using server = await startExample();
  const { code, out } = await run("redis-benchmark", [
    ...["-p", String(server.port), "-t", "ping,set,get,incr,lpush,rpush,lpop,rpop,lrange,mset"],
    ...["-P", "16", "-n", "2000", "-r", "100", "-q"],
  ], { quiet: true });
  assertEquals(code, 0);
  for (const name of ["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "LRANGE_100", "MSET"]) {
    assertMatch(out, new RegExp(`${name}\\b[^\\n\\r]*requests per second`));
  }
});

Deno.test("ioredis reads and writes, in pipelines too", async () => {
  await using server = await startExample();
  const redis = new Redis({ port: server.port, connectionName: "test" });
  try {
    assertEquals(await redis.set("k", "v", "EX", 100, "NX"), "OK");
    assertEquals(await redis.set("k", "w", "NX"), null);
    assertEquals(await redis.get("k"), "v");
    assertEquals(await redis.ttl("k"), 100);
    assertEquals(await redis.mset({ a: "1", b: "2" }), "OK");
    assertEquals(await redis.mget("a", "b", "none"), ["1", "2", null]);
    assertEquals(await redis.pipeline().incr("n").incr("n").del("n").exec(), [
      [null, 1],
      [null, 2],
      [null, 1],
    ]);
    assertEquals(await redis.getBuffer("none"), null);
    await redis.set("bytes", Buffer.from([0, 255, 13, 10]));
    assertEquals([...(await redis.getBuffer("bytes"))!], [0, 255, 13, 10]);
    assertEquals(await redis.call("CLIENT", "GETNAME"), "test");
    await assertRejects(() => redis.lpush("k", "x"), Error, "WRONGTYPE");
    const found: string[] = [];
    for await (const keys of redis.scanStream({ match: "?" })) found.push(...keys as string[]);
    assertEquals(found.sort(), ["a", "b", "k"]);
  } finally {
    await redis.quit();
  }
});

Deno.test("ioredis waits for an element on a connection of its own", async () => {
  await using server = await startExample();
  const [pusher, waiter] = [new Redis(server.port), new Redis(server.port)];
  try {
    const popped = waiter.brpop("q", 0);
    while (!(await pusher.info("clients")).includes("blocked_clients:1\r\n"));
    assertEquals(await pusher.lpush("q", "job"), 1);
    assertEquals(await popped, ["q", "job"]);
    assertEquals(await waiter.brpop("q", 0.01), null);
  } finally {
    await Promise.all([pusher.quit(), waiter.quit()]);
  }
});

Deno.test("ioredis holds a thousand requests in flight, and each gets its own answer", async () => {
  await using server = await startExample();
  const redis = new Redis(server.port);
  try {
    const numbers = Array.from({ length: 1000 }, (_, i) => String(i));
    await Promise.all(numbers.map((n) => redis.set(`k:${n}`, n)));
    assertEquals(await Promise.all(numbers.map((n) => redis.get(`k:${n}`))), numbers);
    assertEquals(await redis.dbsize(), 1000);
  } finally {
    await redis.quit();
  }
});

Deno.test("redis-cli at a terminal speaks RESP3, and leaves", async () => {
  await using server = await startExample();
  await find("redis-cli");
  await using pane = await openPane(["redis-cli", "-3", "-p", String(server.port)]);
  await pane.see(`127.0.0.1:${server.port}>`);
  const ask = async (request: string, reply: string): Promise<void> => {
    await pane.type(request);
    await pane.press("Enter");
    await pane.see(reply);
  };
  await ask("SET k 'a b'", "OK");
  await ask("GET none", "(nil)");
  await ask("CONFIG GET databases", '1# "databases" => "1"');
  await ask("INCR k", "(error) ERR value is not an integer or out of range");
  await pane.press("C-d");
  await pane.see("exit 0");
});

Deno.test("redis-cli and ioredis prove an identity of a server, and are refused without", async () => {
  using file = identityFile("acme");
  await using server = await startExample(file.path);
  const { port } = server;
  const { token } = file;
  assertEquals(await cli(port, ["SET", "k", "v"]), "NOAUTH Authentication required.\n\n");
  const auth = ["--no-auth-warning", "-a", token];
  assertEquals(await cli(port, [...auth, "SET", "k", "v"]), "OK\n");
  assertEquals(await cli(port, [...auth, "--user", "acme", "GET", "k"]), "v\n");
  assertEquals(await cli(port, ["-3", ...auth, "--user", "acme", "--no-raw", "GET", "k"]), '"v"\n');
  assertEquals(
    await cli(port, [], `AUTH acme ${token}\nGET k\nAUTH ${token}x\nAUTH bolt ${token}\n`),
    "OK\nv\n" + "WRONGPASS invalid username-password pair or user is disabled.\n\n".repeat(2),
  );

  for (const options of [{ password: token }, { username: "acme", password: token }]) {
    const redis = new Redis({ port, ...options });
    try {
      assertEquals(await redis.get("k"), "v");
    } finally {
      await redis.quit();
    }
  }
  const refused: readonly (readonly [RedisOptions, RegExp])[] = [
    [{}, /^NOAUTH /],
    [{ username: "bolt", password: token }, /^WRONGPASS /],
  ];
  for (const [options, expected] of refused) {
    const redis = new Redis({
      port,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      ...options,
    });
    const told: string[] = [];
    redis.on("error", ({ message }: Error) => void told.push(message));
    await assertRejects(() => redis.get("k"), Error);
    assertMatch(told.join(), expected);
    redis.disconnect();
  }
});
