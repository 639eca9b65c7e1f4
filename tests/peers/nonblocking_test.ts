// Pipes that another process has made non-blocking for all processes that share them, as ssh and Node do. No output or
// input is cut.

import { assertEquals } from "@std/assert";
import { MAIN, startLineup } from "../cli/lineup_process.ts";
import { serveQueue } from "../cli/queue_here.ts";
import { find } from "./program.ts";

const CALC = new URL("../../examples/calc.ts", import.meta.url).pathname;
/** Makes a descriptor non-blocking, then executes the program in its arguments. */
const UNBLOCK =
  'use Fcntl; my $fd = shift; open(my $h, "+<&=", $fd) or open($h, ">&=", $fd) or open($h, "<&=", $fd);' +
  " fcntl($h, F_SETFL, fcntl($h, F_GETFL, 0) | O_NONBLOCK) or die; exec @ARGV;";

/** `lineup` as a command of the shell, with a non-blocking descriptor. */
function lineup(descriptor: 0 | 1 | 2, args: readonly string[]): string {
  const words = [Deno.execPath(), "run", "--quiet", "--allow-all", MAIN, ...args];
  const quoted = words.map((word) => `'${word}'`).join(" ");
  return `perl -e '${UNBLOCK}' ${descriptor} ${quoted}`;
}

async function shell(line: string): Promise<string> {
  for (const each of ["perl", "timeout"]) await find(each);
  const { stdout } = await new Deno.Command("timeout", {
    args: ["60", "bash", "-c", line],
    stdin: "null",
    stderr: "inherit",
    env: { NO_COLOR: "1" },
  }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("output into a non-blocking pipe is whole, also for a late reader", async () => {
  await using server = await startLineup(["serve", CALC, "--port", "0"]);
  const address = `127.0.0.1:${server.port}`;
  const count = 30_000;
  const called = await shell(
    `${lineup(1, ["call", address, "COUNT", "1", `${count}`])} | (sleep 1; cat)`,
  );
  assertEquals(called.split("\n").length, count + 2);
  assertEquals(called.endsWith(`* n=${count}\nOK count=${count}\n`), true);
  const script = `printf 'COUNT 1 ${count}\\n' | ${
    lineup(1, ["connect", address])
  } | (sleep 1; cat)`;
  assertEquals((await shell(script)).split("\n").length, count + 3);
});

Deno.test("messages into a non-blocking pipe are whole, also for a late reader", async () => {
  await using queue = await serveQueue();
  const put = lineup(2, ["put", "--lines", queue.address, "q"]);
  // Each line is too long.
  const lines = `perl -e 'print "x" x 1048577, "\\n" for 1..50'`;
  const err = await shell(`${lines} | ${put} 2>&1 >/dev/null | (sleep 1; cat)`);
  assertEquals(err.match(/^lineup: line [0-9]+: body-too-large/gm)?.length, 50, err);
});

Deno.test("lineup work passes on all output of programs into a non-blocking pipe", async () => {
  await using queue = await serveQueue();
  await queue.client.PUT({ queue: "q", body: "x" });
  const work = lineup(1, ["work", "--until-empty", queue.address, "q", "--", "seq", "100000"]);
  assertEquals((await shell(`${work} | (sleep 1; cat)`)).split("\n").length, 100_001);
});

Deno.test("input from a non-blocking pipe is read to its end, also from a late writer", async () => {
  await using queue = await serveQueue();
  const slow = "(sleep 0.5; echo a; sleep 0.5; echo b)";
  assertEquals(
    await shell(`${slow} | ${lineup(0, ["put", "--lines", queue.address, "q"])}`),
    "1\n2\n",
  );
  assertEquals(
    await shell(`${slow} | ${lineup(0, ["call", queue.address, "PUT", "q"])}`),
    "OK id=3\n",
  );
  assertEquals(await queue.bodies("q"), ["a", "b", "a\nb\n"]);
  const script = `(sleep 0.5; echo PING x) | ${lineup(0, ["connect", queue.address])} | tail -n 1`;
  assertEquals((await shell(script)).trim(), "OK x");
});
