import { DEFAULT_LIMITS, type Dialect, dialectCases } from "@lineup/lineup/dialects";
import { type Protocol, SpecError } from "@lineup/lineup/protocol";
import { type Identities, listenMemory, serve, type Server } from "@lineup/lineup/server";
import { assertEquals, assertThrows } from "@std/assert";
import { redis } from "../../../examples/redis/dialect.ts";
import { redisService } from "../../../examples/redis/handlers.ts";
import { protocol } from "../../../examples/redis/protocol.ts";
import { RawClient } from "../../raw_client.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { TestIdentities, tokens } from "../../server/identity/identities.ts";
import { request, subject } from "./redis_subject.ts";

for (const { name, run } of dialectCases(subject)) Deno.test(`Redis ${name}`, run);

interface FixtureOptions {
  readonly mostBytes?: number;
  readonly clock?: VirtualClock;
  readonly identities?: Identities;
}

/** A server of the example in memory, with a virtual clock. */
class RedisFixture implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly #listener = listenMemory();
  #server: Server | undefined;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  static async open(
    { mostBytes = 1 << 20, clock = new VirtualClock(), identities }: FixtureOptions = {},
  ): Promise<RedisFixture> {
    const fixture = new RedisFixture(clock);
    const { handlers, stats } = redisService(mostBytes, clock);
    const listen = [fixture.#listener];
    fixture.#server = await serve(protocol, handlers, {
      dialect: redis,
      listen,
      clock,
      stats,
      identities,
      log: () => {},
    });
    return fixture;
  }

  connect(): RawClient {
    return new RawClient(this.#listener.connect());
  }

  /** Resolves once so many clients wait; `wire` asks. */
  async blocked(wire: RawClient, count: number): Promise<void> {
    while (!(await info(wire)).includes(`blocked_clients:${count}\r\n`)) await this.clock.elapse(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server!.shutdown();
  }
}

/** Sends a request as an array of strings, and reads so many lines of the reply. */
async function ask(wire: RawClient, words: string, lines = 1): Promise<string> {
  await wire.send(request(...words.split(" ")));
  return (await wire.lines(lines)).join(" ");
}

Deno.test("BRPOP waits, and each push serves the client that waits longest", async () => {
  await using server = await RedisFixture.open();
  using pusher = server.connect();
  const waiters = [server.connect(), server.connect(), server.connect()];
  for (const [i, wire] of waiters.entries()) {
    await wire.send(request("BRPOP", "other", "q", "0"));
    await server.blocked(pusher, i + 1);
  }
  assertEquals(await ask(pusher, "LPUSH q a b"), ":2");
  assertEquals(await ask(pusher, "RPUSH q c d"), ":2");
  const popped = await Promise.all(waiters.map((wire) => wire.lines(5)));
  assertEquals(popped.map((lines) => lines.join(" ")), [
    "*2 $1 q $1 a",
    "*2 $1 q $1 b",
    "*2 $1 q $1 d",
  ]);
  assertEquals(await ask(pusher, "LRANGE q 0 -1", 3), "*1 $1 c");
  for (const wire of waiters) wire.close();
});

async function info(wire: RawClient): Promise<string> {
  await wire.send(request("INFO"));
  const length = Number((await wire.line()).slice(1));
  const text = new TextDecoder().decode(await wire.bytes(length));
  await wire.line();
  return text;
}

Deno.test("BRPOP takes the first list that has an element, and ends without one after its time", async () => {
  await using server = await RedisFixture.open();
  using wire = server.connect();
  using other = server.connect();
  await ask(wire, "RPUSH b 1 2");
  await ask(wire, "RPUSH c 3");
  assertEquals(await ask(wire, "BRPOP a b c 0", 5), "*2 $1 b $1 2");
  await wire.send(request("BRPOP", "a", "1.5") + request("PING"));
  await server.blocked(other, 1);
  await server.clock.elapse(1499);
  assertEquals(wire.peek(), "");
  await server.clock.elapse(1);
  assertEquals(await wire.lines(2), ["*-1", "+PONG"]);
  assertEquals(await ask(other, "LPUSH a x"), ":1");
});

Deno.test("a client that blocks is answered before its next request runs", async () => {
  await using server = await RedisFixture.open();
  using wire = server.connect();
  using other = server.connect();
  await wire.send(request("BRPOP", "q", "0") + request("LPUSH", "q", "mine"));
  await server.blocked(other, 1);
  await ask(other, "LPUSH q yours");
  assertEquals(await wire.lines(6), ["*2", "$1", "q", "$5", "yours", ":1"]);
});

Deno.test("an element is not given to a client that is lost", async () => {
  await using server = await RedisFixture.open();
  using lost = server.connect();
  using other = server.connect();
  await lost.send(request("BRPOP", "q", "0"));
  await server.blocked(other, 1);
  lost.close();
  await server.blocked(other, 0);
  assertEquals(await ask(other, "LPUSH q x"), ":1");
  assertEquals(await ask(other, "LLEN q"), ":1");
});

Deno.test("a key is gone when its time is over", async () => {
  await using server = await RedisFixture.open();
  using wire = server.connect();
  await ask(wire, "SET k v EX 10");
  await server.clock.elapse(9400);
  assertEquals(await ask(wire, "TTL k"), ":1");
  assertEquals(await ask(wire, "PTTL k"), ":600");
  assertEquals(await ask(wire, "SET k w KEEPTTL"), "+OK");
  await server.clock.elapse(600);
  assertEquals(await ask(wire, "GET k"), "$-1");
  assertEquals(await ask(wire, "TTL k"), ":-2");
  assertEquals(await ask(wire, "DBSIZE"), ":0");
});

Deno.test("writes find keys whose time is over, which nobody asks for", async () => {
  await using server = await RedisFixture.open();
  using wire = server.connect();
  for (let i = 0; i < 20; i++) await ask(wire, `SET old:${i} v PX 1`);
  await server.clock.elapse(1);
  for (let i = 0; i < 20; i++) await ask(wire, "SET new v");
  assertEquals(await ask(wire, "DBSIZE"), ":1");
  assertEquals((await info(wire)).includes("expired_keys:20\r\n"), true);
});

Deno.test("keys take no more memory than they may have, and a key that is removed makes room", async () => {
  await using server = await RedisFixture.open({ mostBytes: 2000 });
  using wire = server.connect();
  assertEquals(await ask(wire, `SET a ${"x".repeat(2000)}`), "+OK");
  const full = "-OOM command not allowed when used memory > 'maxmemory'.";
  for (const words of ["SET b 1", "LPUSH b 1", "INCR b", "MSET b 1"]) {
    assertEquals(await ask(wire, words), full);
  }
  assertEquals(await ask(wire, "EXISTS a b"), ":1");
  assertEquals(await ask(wire, "DEL a"), ":1");
  assertEquals(await ask(wire, "SET b 1"), "+OK");
});

Deno.test("a reply that is too large is refused, and the connection goes on", async () => {
  await using server = await RedisFixture.open({ mostBytes: 8 << 20 });
  using wire = server.connect();
  await wire.send(request("SET", "k", "x".repeat(1 << 19)));
  assertEquals(await wire.line(), "+OK");
  assertEquals(
    await ask(wire, `MGET${" k".repeat(20)}`),
    "-ERR the reply is longer than 8388608 bytes",
  );
  assertEquals(await ask(wire, "PING"), "+PONG");
});

Deno.test("LPOP takes no more elements than fit into a reply, and LRANGE shows no more", async () => {
  await using server = await RedisFixture.open({ mostBytes: 32 << 20 });
  using wire = server.connect();
  const element = "x".repeat(1_000_000);
  for (let i = 0; i < 10; i++) {
    await wire.send(request("RPUSH", "l", element));
    assertEquals(await wire.line(), `:${i + 1}`);
  }
  assertEquals(await ask(wire, "LRANGE l 0 -1"), "-ERR the reply is longer than 8388608 bytes");
  assertEquals(await ask(wire, "LPOP l 100"), "*5");
  assertEquals((await wire.lines(10)).filter((line) => line === element).length, 5);
  assertEquals(await ask(wire, "LLEN l"), ":5");
});

Deno.test("a value may be as long as a body, and the key counts apart", async () => {
  await using server = await RedisFixture.open({ mostBytes: 8 << 20 });
  using wire = server.connect();
  await wire.send(request("SET", "k".repeat(8000), "x".repeat(DEFAULT_LIMITS.maxBody)));
  assertEquals(await wire.line(), "+OK");
  assertEquals(await ask(wire, `STRLEN ${"k".repeat(8000)}`), `:${DEFAULT_LIMITS.maxBody}`);
});

Deno.test("a scan meets each key that is there all the time, whatever happens meanwhile", async () => {
  await using server = await RedisFixture.open();
  using wire = server.connect();
  const stay = Array.from({ length: 100 }, (_, i) => `stay:${i}`);
  for (let i = 0; i < 100; i++) await ask(wire, `MSET stay:${i} 1 go:${i} 1`);
  const met = new Set<string>();
  let cursor = "0";
  let next = 0;
  do {
    await wire.send(request("SCAN", cursor, "COUNT", "7"));
    await wire.lines(2);
    cursor = await wire.line();
    for (let left = Number((await wire.line()).slice(1)); left > 0; left--) {
      met.add((await wire.lines(2))[1]);
    }
    for (let n = 0; n < 5; n++) await ask(wire, `DEL go:${next++}`);
    await ask(wire, `SET come:${next} 1`);
  } while (cursor !== "0");
  assertEquals(stay.filter((key) => !met.has(key)), []);
});

Deno.test("SCAN takes a pattern that would cost much, in parts", async () => {
  await using server = await RedisFixture.open();
  using wire = server.connect();
  for (let i = 0; i < 50; i++) await ask(wire, `SET ${"a".repeat(4000)}${i} 1`);
  const pattern = `${"a*".repeat(300)}b`;
  await wire.send(request("SCAN", "0", "MATCH", pattern, "COUNT", "1000000"));
  const [, , cursor, count] = await wire.lines(4);
  assertEquals([Number(cursor) > 40, count], [true, "*0"]);
});

const GLOBS: readonly (readonly [pattern: string, matching: string, other: string])[] = [
  ["*", "a b", ""],
  ["h?llo", "hello hallo", "hllo heello"],
  ["h*o", "ho hello", "hellos"],
  ["h[ae]llo", "hello hallo", "hillo"],
  ["h[^e]llo", "hallo", "hello"],
  ["h[a-b]llo", "hallo hbllo", "hcllo"],
  ["h[b-a]llo", "hallo", "hcllo"],
  ["a\\*", "a*", "ab"],
  ["[\\]]", "]", "\\"],
  ["[a", "a", "b"],
  ["*a*b*c", "abc xaxbxc", "acb"],
  ["a\\", "a\\", "a"],
];

for (const [pattern, matching, other] of GLOBS) {
  Deno.test(`SCAN finds with ${pattern} what it matches`, async () => {
    await using server = await RedisFixture.open();
    using wire = server.connect();
    for (const key of `${matching} ${other}`.trim().split(" ")) await ask(wire, `SET ${key} 1`);
    await wire.send(request("SCAN", "0", "MATCH", pattern, "COUNT", "100") + request("PING"));
    let text = "";
    for (let line; (line = await wire.line()) !== "+PONG";) text += line + " ";
    const found = text.split(" ").filter((_, i) => i > 4 && i % 2 === 1);
    assertEquals(found.filter((key) => key !== "").sort(), matching.split(" ").sort());
  });
}

Deno.test("HELLO 3 chooses RESP3 for this connection, and HELLO 2 RESP2", async () => {
  await using server = await RedisFixture.open();
  using wire = server.connect();
  using other = server.connect();
  const hello = "$6 server $5 redis $7 version $6 7.0.15 $5 proto";
  const rest = "$4 mode $10 standalone $4 role $6 master $7 modules *0";
  const reply = (await ask(wire, "HELLO 3 SETNAME me", 26)).replace(/:\d+ \$4 mode/, ":N $4 mode");
  assertEquals(reply, `%7 ${hello} :3 $2 id :N ${rest}`);
  assertEquals(await ask(wire, "GET none"), "_");
  assertEquals(await ask(wire, "LPOP none 2"), "_");
  assertEquals(await ask(wire, "CONFIG GET save", 5), "%1 $4 save $0 ");
  assertEquals(await ask(other, "GET none"), "$-1");
  assertEquals(await ask(wire, "CLIENT GETNAME", 2), "$2 me");
  await ask(wire, "HELLO 2", 26);
  assertEquals(await ask(wire, "GET none"), "$-1");
  assertEquals(await ask(wire, "HELLO 4"), "-NOPROTO unsupported protocol version");
});

Deno.test("the only user is default, with any password", async () => {
  await using server = await RedisFixture.open();
  using wire = server.connect();
  const wrong = "-WRONGPASS invalid username-password pair or user is disabled.";
  assertEquals(await ask(wire, "HELLO 3 AUTH a b SETNAME me"), wrong);
  assertEquals(await ask(wire, "CLIENT GETNAME"), "$-1");
  assertEquals(await ask(wire, "AUTH a b"), wrong);
  assertEquals(await ask(wire, "AUTH default b"), "+OK");
  assertEquals((await ask(wire, "HELLO 3 AUTH default b", 26)).slice(0, 3), "%7 ");
  const none = "-ERR AUTH <password> called without any password configured for the default user.";
  assertEquals((await ask(wire, "AUTH b")).slice(0, none.length), none);
});

Deno.test("COMMAND DOCS and COMMAND INFO tell of a command what the protocol says", async () => {
  await using server = await RedisFixture.open();
  using wire = server.connect();
  const docs = await ask(wire, "COMMAND DOCS STRLEN frob", 27);
  const argument = "*6 $4 name $3 key $4 type $3 key $14 key_spec_index :0";
  const summary = "$7 summary $34 The length of the string of a key.";
  assertEquals(
    docs,
    `*2 $6 strlen *6 ${summary} $5 group $7 generic $9 arguments *1 ${argument}`,
  );
  assertEquals(
    await ask(wire, "COMMAND INFO BRPOP", 15),
    "*1 *10 $5 brpop :-3 *2 +blocking +write :1 :-2 :1 *0 *0 *0 *0",
  );
});

Deno.test("the dialect refuses a protocol whose replies have items", () => {
  const wrong: Protocol = {
    name: "stream",
    version: "1.0",
    summary: "Sends items.",
    commands: { FLOW: { summary: "Send items.", items: { n: "integer" } } },
  };
  const { compile }: Dialect = redis;
  assertThrows(() => compile(wrong), SpecError, "commands.FLOW.items");
});

const WRONGPASS = "-WRONGPASS invalid username-password pair or user is disabled.";

Deno.test("a client of Redis keeps its identity, and an anonymous one may prove one later", async () => {
  const clock = new VirtualClock();
  const { acme, root } = tokens;
  using identities = new TestIdentities(clock, [
    { name: "acme", token: acme },
    { name: "root", token: root },
    { name: "anonymous" },
  ]);
  await using server = await RedisFixture.open({ identities: identities.file, clock });
  using wire = server.connect();
  assertEquals(await ask(wire, "PING"), "+PONG");
  assertEquals(await ask(wire, "AUTH wrong"), WRONGPASS);
  assertEquals(await ask(wire, `AUTH ${acme}`), "+OK");
  assertEquals(
    await ask(wire, `AUTH root ${root}`),
    "-NOPERM This connection is that of acme; another identity needs another connection.",
  );
  assertEquals(await ask(wire, `AUTH acme ${acme}`), "+OK");
  assertEquals(await ask(wire, "PING"), "+PONG");
});
