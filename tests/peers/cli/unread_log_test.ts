// A process never waits for a reader of its standard error. These tests give it a pipe that nobody reads.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { openQueue, queueProtocol } from "@lineup/lineup/queue";
import { serve } from "@lineup/lineup/server";
import { RawClient } from "../../raw_client.ts";
import { command } from "../../cli/lineup_process.ts";
import { serveQueue } from "../../cli/queue_here.ts";

const NOISY = new URL("./noisy.ts", import.meta.url).pathname;
const DEADLINE_MS = 60_000;
const decoder = new TextDecoder();

/** A server. The test reads its standard error only after its end. */
class UnreadServer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly address: string;

  private constructor(child: Deno.ChildProcess, address: string) {
    this.#child = child;
    this.address = address;
  }

  static async start(args: readonly string[]): Promise<UnreadServer> {
    const child = command(args, { stdin: "null" }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let out = "";
    while (!out.includes("\n")) out += (await reader.read()).value;
    await reader.cancel();
    return new UnreadServer(child, out.trim().split(" ").at(-1)!);
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Resolves with the exit code at its end. Throws where it does not end in time. */
  async ended(): Promise<number> {
    return (await inTime(this.#child.status)).code;
  }

  /** Its standard error, once it has ended. */
  async log(): Promise<string> {
    return decoder.decode(await new Response(this.#child.stderr).bytes());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // The process has ended.
    }
    await this.#child.status;
    await this.#child.stderr.cancel().catch(() => {});
  }
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("not in time")), DEADLINE_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

Deno.test("a server whose log nobody reads answers, and ends at SIGTERM and SIGINT", async () => {
  // Most of the time is waiting, so the cases run at the same time.
  await Promise.all((["SIGTERM", "SIGINT"] as const).map(async (signal) => {
    await using server = await UnreadServer.start(["serve", NOISY, "--port", "0"]);
    using wire = await RawClient.open(server.address);
    // The log has 4 MB, and a pipe holds 64 KiB.
    const text = "x".repeat(1000);
    for (let i = 0; i < 4; i++) await wire.send(`SHOUT ${text} 1000\nPING ${i}\n`);
    for (let i = 0; i < 4; i++) assertEquals(await wire.lines(2), ["OK", `OK ${i}`]);
    await wire.send(`BREAK oops\nPING end\n`);
    assertMatch(await wire.line(), /^ERR internal /);
    assertEquals(await wire.line(), "OK end");
    server.kill(signal);
    assertEquals(await server.ended(), 0, signal);
    const lines = (await server.log()).split("\n");
    assertMatch(lines.find((line) => line.includes("shouted"))!, /info shouted .*i=0 text=xxx/);
  }));
});

Deno.test("a server whose log was not read for a while logs the number of dropped lines", async () => {
  const child = command(["serve", NOISY, "--port", "0"], { stdin: "null" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let out = "";
    while (!out.includes("\n")) out += (await reader.read()).value;
    using wire = await RawClient.open(out.trim().split(" ").at(-1)!);
    await wire.send(`SHOUT ${"x".repeat(1000)} 5000\n`);
    assertEquals(await wire.line(), "OK");
    let log = "";
    for await (const bytes of child.stderr.values({ preventCancel: true })) {
      log += decoder.decode(bytes, { stream: true });
      if (/ lines were dropped /.test(log)) break;
    }
    const shouted = log.match(/ info shouted /g)!.length;
    const [, dropped] = / error lines were dropped because nobody read them lines=([0-9]+)/.exec(
      log,
    )!;
    assertEquals(shouted + Number(dropped), 5000);
    assert(shouted > 500, `${shouted}`);
    // Later lines are written.
    await wire.send("SHOUT again 1\n");
    for await (const bytes of child.stderr.values({ preventCancel: true })) {
      log += decoder.decode(bytes, { stream: true });
      if (/ text=again/.test(log)) break;
    }
  } finally {
    child.kill("SIGKILL");
    await Promise.all([child.status, reader.cancel(), child.stderr.cancel()]);
  }
});

Deno.test("no text of a client begins a line of a server's log", async () => {
  const child = command(["serve", NOISY, "--port", "0"], { stdin: "null" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let out = "";
  while (!out.includes("\n")) out += (await reader.read()).value;
  const err = new Response(child.stderr).text();
  try {
    using wire = await RawClient.open(out.trim().split(" ").at(-1)!);
    await wire.send('BREAK "a\\n2020-01-01T00:00:00Z error forged\\n    at forged\\x1b[2J"\n');
    assertMatch(await wire.line(), /^ERR internal /);
    await wire.send('CRASH "b\\nforged too\\x07"\n');
    assertEquals((await inTime(child.status)).code, 1);
  } finally {
    await reader.cancel();
  }
  const log = await err;
  assertMatch(log, / error BREAK failed .*error="Error: a\\n2020/);
  assertMatch(log, / error lineup ends because of a defect error="Error: b\\nforged too\\x07"/);
  assertEquals(/^\s*(2020|at forged|forged)/m.test(log), false, log);
  // deno-lint-ignore no-control-regex
  assertEquals(/[\x00-\x09\x0b-\x1f\x7f]/.test(log), false);
});

Deno.test("a server that crashes ends although nobody reads its log", async () => {
  await using server = await UnreadServer.start(["serve", NOISY, "--port", "0"]);
  using wire = await RawClient.open(server.address);
  await wire.send(`SHOUT ${"x".repeat(1000)} 500\nCRASH now\n`);
  assertEquals(await server.ended(), 1);
});

Deno.test("a program that serves and then ends does end although nobody reads its log", async () => {
  const script = `
    import { logToConsole } from "${new URL("../../../server/mod.ts", import.meta.url)}";
    for (let i = 0; i < 300; i++) logToConsole({ level: "info", message: "x".repeat(1000) });
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", script],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  assertEquals((await inTime(child.status)).code, 0);
  await child.stderr.cancel();
});

Deno.test("lines that are logged in the last moment of a process are written", async () => {
  const script = `
    import { logToConsole } from "${new URL("../../../server/mod.ts", import.meta.url)}";
    logToConsole({ level: "error", message: "first" });
    logToConsole({ level: "error", message: "last" });
    Deno.exit(3);
  `;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", script],
    stdin: "null",
  }).output();
  assertEquals(code, 3);
  assertEquals(decoder.decode(stderr).match(/first|last/g), ["first", "last"]);
});

Deno.test("lineup work whose messages nobody reads does its jobs", async () => {
  await using queue = await serveQueue();
  const jobs = 120;
  const name = "q".repeat(128);
  for (let i = 0; i < jobs; i++) {
    await queue.client.PUT({ queue: name, body: "", key: "k".repeat(128) });
  }
  // Each job makes two lines of 400 bytes, and a pipe holds 64 KiB.
  const args = ["work", "--json", "--concurrency", "8", "--until-empty", queue.address, name];
  const child = command([...args, "--", "true"], { stdin: "null" }).spawn();
  try {
    assertEquals((await inTime(child.status)).code, 0);
  } finally {
    await Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
  }
});

Deno.test("lineup put writes all messages about many lines, for any pace of the reader", async () => {
  const queue = await openQueue({ log: () => {} });
  const options = { port: 0, limits: { maxBody: 1 }, log: () => {} };
  await using server = await serve(queueProtocol, queue.handlers, options);
  const child = command(["put", "--lines", server.address, "q"], { stdin: "piped" }).spawn();
  const lines = 6_000;
  const writer = child.stdin.getWriter();
  const sending = writer.write(new TextEncoder().encode("xx\n".repeat(lines)))
    .then(() => writer.close());
  let err = "";
  for await (const bytes of child.stderr) {
    err += decoder.decode(bytes, { stream: true });
    await new Promise((resolve) => setTimeout(resolve));
  }
  await sending;
  assertEquals(err.match(/^lineup: line [0-9]+: /gm)!.length, lines);
  assertEquals((await inTime(child.status)).code, 1);
  await child.stdout.cancel();
  await queue.close();
});
