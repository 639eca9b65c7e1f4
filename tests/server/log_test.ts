import { assertEquals } from "@std/assert";
import { type LogEntry, logToConsole } from "@lineup/lineup/server";
import { House } from "./house.ts";
import { settle } from "./streams.ts";

/** What an entry looks like on standard error, without its time. */
function written(entry: LogEntry): unknown[] {
  const { error } = console;
  const calls: unknown[][] = [];
  console.error = (...given) => void calls.push(given);
  try {
    logToConsole(entry);
  } finally {
    console.error = error;
  }
  assertEquals(calls.length, 1);
  const [line, ...more] = calls[0];
  return [String(line).replace(/^\S+Z /, ""), ...more];
}

Deno.test("logToConsole writes one line", () => {
  assertEquals(written({ level: "info", message: "done", verb: "PUT", n: 5, none: undefined }), [
    "info done verb=PUT n=5",
  ]);
});

Deno.test("logToConsole puts the error behind the line", () => {
  const error = new Error("no");
  assertEquals(written({ level: "error", message: "failed", incident: "ab", error }), [
    "error failed incident=ab",
    error,
  ]);
});

Deno.test("logToConsole lets no value of a client end the line or reach the terminal", () => {
  const key = "a\n2020 error forged\r\x1b[31m\u009b";
  assertEquals(written({ level: "info", message: "put", key, list: [key], cut: "\ud83d" }), [
    'info put key="a\\n2020 error forged\\r\\x1b[31m\\x9b" ' +
    'list="[\\"a\\\\n2020 error forged\\\\r\\\\u001b[31m\\x9b\\"]" cut=\ufffd',
  ]);
});

/** A client that asks this, waits for the end, and is gone. */
async function ask(house: House, sends: string): Promise<void> {
  using wire = await house.client();
  await wire.send(sends);
  await wire.half();
  await settle(house);
}

Deno.test("the end of who asked and never said HELLO is logged", async () => {
  await using house = await House.open();
  await ask(house, "SAY x\nFROB\n");
  await ask(house, "SAY");
  await ask(house, "HELLO lineup/1\nSAY x\n");
  await ask(house, "");
  const entry = { level: "info", message: "connection ended", client: "memory" } as const;
  assertEquals(house.log, [
    { ...entry, requests: 1, errors: 1, seconds: 0, why: undefined },
    { ...entry, requests: 0, errors: 1, seconds: 0, why: undefined },
  ]);
});

Deno.test("what clients cause is logged ten times a second; of more the log says how many", async () => {
  const house = await House.open();
  for (let i = 0; i < 25; i++) await ask(house, i < 5 ? "GET / HTTP/1.1\n" : "PING\n");
  assertEquals(house.log.length, 10);
  await house.clock.elapse(1000);
  await ask(house, "PING\n");
  assertEquals(house.log.slice(10).map((each) => each["left-out"]), [15, undefined]);
  for (let i = 0; i < 12; i++) await ask(house, "PING\n");
  await house[Symbol.asyncDispose]();
  assertEquals(house.log.at(-1), {
    level: "info",
    message: "more was logged of clients than 10 entries a second",
    "left-out": 3,
  });
});
