import { assertEquals } from "@std/assert";
import { type LogEntry, logToConsole } from "@lineup/lineup/server";

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
