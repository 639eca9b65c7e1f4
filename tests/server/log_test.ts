import { assertEquals, assertMatch } from "@std/assert";
import { formatEntry, formatJsonEntry, type LogEntry } from "../../server/log.ts";
import { RepeatingLog } from "../../server/repeating_log.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { TestServer } from "../test_server.ts";
import { RawClient } from "../raw_client.ts";
import { settle } from "../streams.ts";

/** The text of an entry on standard error, without its time. */
function written(entry: LogEntry): string {
  return formatEntry(entry).replace(/^\S+Z /, "");
}

Deno.test("a log entry is one line", () => {
  assertEquals(
    written({ level: "info", message: "done", verb: "PUT", n: 5, none: undefined }),
    "info done verb=PUT n=5",
  );
});

Deno.test("a log entry has the stack of an error in the lines below it, which begin with spaces", () => {
  const error = new RangeError("no", { cause: new Error("why") });
  const [first, ...more] = written({ level: "error", message: "failed", incident: "ab", error })
    .split("\n");
  assertEquals(first, 'error failed incident=ab error="RangeError: no"');
  assertMatch(more[0], /^ {4}at .*log_test\.ts/);
  assertEquals(more.includes('  cause="Error: why"'), true);
  assertEquals(more.every((line) => /^ {4}at |^ {2}cause=/.test(line)), true);
});

Deno.test("no value of a client ends a log entry's line or reaches the terminal", () => {
  const key = "a\n2020 error forged\r\x1b[31m\u009b\u202e";
  assertEquals(
    written({ level: "info", message: "put", key, list: [key], cut: "\ud83d" }),
    'info put key="a\\n2020 error forged\\r\\x1b[31m\\x9b\\u{202e}" ' +
      'list="[\\"a\\\\n2020 error forged\\\\r\\\\u001b[31m\\x9b\\u{202e}\\"]" cut=\ufffd',
  );
  assertEquals(
    written({ level: "info", message: key, "a\n": 1n }),
    "info " +
      "a\\x0a2020 error forged\\x0d\\x1b[31m\\x9b\\u{202e} a\\x0a=1n",
  );
});

Deno.test("no text of a client in an error begins a line of the log", () => {
  const text = "x\n2020-01-01T00:00:00Z error forged\n    at forged (file:///forged.ts:1:1)\x1b[2J";
  const changed = new Error(text);
  changed.message = "another";
  for (
    const error of [
      new Error(text),
      new Error("outer", { cause: new TypeError(text) }),
      Object.assign(new Error("x"), { name: text }),
      changed,
      text,
      { text },
    ]
  ) {
    for (
      const [at, line] of written({ level: "error", message: "failed", error }).split("\n")
        .entries()
    ) {
      assertEquals(/^\s*(2020|at forged)/.test(line), false, line);
      assertMatch(line, at === 0 ? /^error failed / : /^ {4}at |^ {4}stack="|^ {2}cause=/);
      // deno-lint-ignore no-control-regex
      assertEquals(/[\x00-\x1f\x7f-\x9f]/.test(line), false, line);
    }
  }
});

Deno.test("a value without a form in JSON is logged too", () => {
  const circle: Record<string, unknown> = {};
  circle.circle = circle;
  assertMatch(written({ level: "info", message: "odd", circle }), /^info odd circle=".*Circular/);
});

Deno.test("a failure that repeats by itself is logged after ever longer pauses", async () => {
  const clock = new VirtualClock();
  const entries: LogEntry[] = [];
  const log = new RepeatingLog(clock, (entry) => entries.push(entry));
  // A thousand failures in 1000 seconds.
  for (let i = 0; i < 1000; i++) {
    log.add({ level: "error", message: "accept failed" });
    await clock.elapse(1000);
  }
  assertEquals(entries.slice(0, 4).map(({ times }) => times), [undefined, 1, 2, 4]);
  assertEquals(entries.length < 25, true, `${entries.length}`);
  const told = entries.length;
  // It works and fails in turn. The last entry says that it works.
  for (let i = 0; i < 100; i++) {
    log.add({ level: "error", message: "accept failed" });
    log.add({ level: "info", message: "accepts again" });
    await clock.elapse(100);
  }
  assertEquals(entries.length - told < 8, true);
  assertEquals(entries.at(-1)?.message, "accepts again");
  // An entry that comes once is always logged.
  for (let i = 0; i < 50; i++) log.add({ level: "info", message: `queue ${i} is loaded` });
  assertEquals(entries.slice(-50).map(({ message }) => message).at(49), "queue 49 is loaded");
  await clock.elapse(600_000);
  log.add({ level: "error", message: "accept failed" });
  assertEquals(entries.at(-1), { level: "error", message: "accept failed" });
});

/** A client that sends a request, waits for the end, and closes. */
async function ask(testServer: TestServer, sends: string): Promise<void> {
  using wire = await testServer.client();
  await wire.send(sends);
  await wire.half();
  await settle(testServer);
}

Deno.test("the end of a client that asked and never sent HELLO is logged", async () => {
  await using testServer = await TestServer.open({ logLevel: "debug" });
  await ask(testServer, "SAY x\nFROB\n");
  await ask(testServer, "SAY");
  await ask(testServer, "HELLO lineup/1\nSAY x\n");
  await ask(testServer, "");
  const entry = { level: "debug", message: "connection ended", client: "memory" } as const;
  assertEquals(testServer.log, [
    { ...entry, requests: 1, errors: 1, seconds: 0, why: undefined },
    { ...entry, requests: 0, errors: 1, seconds: 0, why: undefined },
  ]);
});

Deno.test("entries that clients cause are logged ten times a second; the log counts the others", async () => {
  const testServer = await TestServer.open({ logLevel: "debug" });
  for (let i = 0; i < 25; i++) await ask(testServer, i < 5 ? "GET / HTTP/1.1\n" : "PING\n");
  assertEquals(testServer.log.length, 10);
  await testServer.clock.elapse(1000);
  await ask(testServer, "PING\n");
  assertEquals(testServer.log.slice(10).map((each) => each["left-out"]), [15, undefined]);
  for (let i = 0; i < 12; i++) await ask(testServer, "PING\n");
  await testServer[Symbol.asyncDispose]();
  assertEquals(testServer.log.at(-1), {
    level: "info",
    message: "more was logged of clients than 10 entries a second",
    "left-out": 3,
  });
});

Deno.test("connections that are refused are logged, with the reason, less and less often", async () => {
  await using testServer = await TestServer.open({ connections: { connectionsPerClient: 1 } });
  using first = await testServer.client();
  assertEquals(await first.ask("SAY x"), "OK x");
  const refuse = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n++) {
      using other = new RawClient(testServer.listener.connect());
      await other.rest();
    }
  };
  await refuse(5);
  await testServer.clock.elapse(1000);
  await refuse(2);
  const [entry, again, ...more] = testServer.log;
  assertEquals(more, []);
  assertMatch(String(entry.why), /connections/);
  const { why } = entry;
  assertEquals(entry, {
    level: "info",
    message: "connection refused: quota",
    client: "memory",
    why,
  });
  assertEquals(again.times, 5);
});

Deno.test("a client that leaves is no entry by default, and does not count as one", async () => {
  await using testServer = await TestServer.open();
  for (let i = 0; i < 25; i++) await ask(testServer, "PING\n");
  await testServer.clock.elapse(1000);
  assertEquals(testServer.log, []);
  await ask(testServer, "GET / HTTP/1.1\n");
  assertEquals(testServer.log.map(({ level, message }) => [level, message]), [
    ["info", "connection ended: wrong-protocol"],
  ]);
});

Deno.test("the level error leaves out the rest, also how much was left out", async () => {
  const testServer = await TestServer.open({ logLevel: "error" });
  for (let i = 0; i < 25; i++) await ask(testServer, "GET / HTTP/1.1\n");
  await testServer[Symbol.asyncDispose]();
  assertEquals(testServer.log, []);
});

Deno.test("an entry as JSON is one line, whatever its values are", () => {
  const cause = new Error("below\u009b");
  const error = new TypeError("above", { cause });
  const itself: { self?: unknown } = {};
  itself.self = itself;
  const line = formatJsonEntry({
    level: "error",
    message: 'a "b"\nc\u2028\u009b1m \ud800',
    client: "127.0.0.1:1",
    time: "forged",
    itself,
    missing: undefined,
    error,
  });
  // deno-lint-ignore no-control-regex
  assertEquals(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(line), false);
  const { time, error: written, itself: text, ...rest } = JSON.parse(line);
  assertMatch(time, /^\d{4}-/);
  assertEquals(rest, {
    level: "error",
    message: 'a "b"\nc\u2028\u009b1m \ud800',
    client: "127.0.0.1:1",
  });
  assertMatch(text, /Circular/);
  assertEquals([written.name, written.message, written.cause.message], [
    "TypeError",
    "above",
    "below\u009b",
  ]);
  assertMatch(written.stack[0], /^at .*log_test\.ts/);
});
