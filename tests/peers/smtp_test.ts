import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { serveQueue } from "../cli/queue_here.ts";
import { RawClient } from "../raw_client.ts";
import { withDirectory } from "../temporary_directory.ts";
import { type RunningExample, startExample } from "./example_process.ts";
import { run } from "./program.ts";

function start(queue: string, ...args: string[]): Promise<RunningExample> {
  return startExample("smtp", ["--allow-net"], ["--port", "0", "--queue", queue, ...args]);
}

/** The result of swaks, which shows the whole conversation. */
function swaks(port: number, ...args: string[]): Promise<{ code: number; out: string }> {
  return run("swaks", [
    "--server",
    "127.0.0.1",
    "--port",
    String(port),
    "--helo",
    "client.example",
    "--from",
    "ada@a.example",
    ...args,
  ]);
}

Deno.test("swaks sends mail, one by one and pipelined, to several recipients", async () => {
  await using queue = await serveQueue();
  await using server = await start(queue.address);
  assertMatch(server.line, /^smtp listening on tcp:\/\/127\.0\.0\.1:[0-9]+$/);
  const { code, out } = await swaks(
    server.port,
    "--to",
    "grace@b.example",
    "--body",
    "Hello\n.dot\n",
  );
  assertEquals(code, 0, out);
  assertStringIncludes(out, "ENHANCEDSTATUSCODES");
  assertMatch(out, /<- {2}250 2\.0\.0 Queued as /);
  const to = "grace@b.example,alan@b.example";
  const piped = await swaks(server.port, "--pipeline", "--to", to, "--body", "Second");
  assertEquals(piped.code, 0, piped.out);
  const [first, second, ...others] = await queue.bodies("mail");
  assertEquals(others, []);
  assertStringIncludes(first, "\r\n\r\nHello\r\n.dot\r\n");
  assertMatch(first, /^Return-Path: <ada@a\.example>\r\nX-Original-To: grace@b\.example\r\n/);
  assertStringIncludes(second, "X-Original-To: alan@b.example\r\n");
  assertEquals(await server.end(), 0);
});

Deno.test("swaks is told what is refused", async () => {
  await using queue = await serveQueue();
  await using server = await start(queue.address, "--domains", "b.example", "--size", "2000");
  const elsewhere = await swaks(server.port, "--to", "x@elsewhere.example");
  assertEquals(elsewhere.code, 24, elsewhere.out);
  assertMatch(elsewhere.out, /<\*\* 550 5\.1\.1 Mail for elsewhere\.example is not taken here\./);
  const some = await swaks(server.port, "--to", "x@elsewhere.example,grace@b.example");
  assertEquals(some.code, 0, some.out);
  const large = await swaks(
    server.port,
    "--to",
    "grace@b.example",
    "--body",
    "x ".repeat(400).concat("\n").repeat(4),
  );
  assertEquals(large.code, 26, large.out);
  assertMatch(large.out, /<\*\* 552 5\.3\.4 /);
  assertEquals((await queue.bodies("mail")).length, 1);
});

Deno.test("curl sends mail, and is told of a size that is too large", async () => {
  await using queue = await serveQueue();
  await using server = await start(queue.address, "--size", "5000");
  await withDirectory(async (directory) => {
    const file = `${directory}/mail`;
    const curl = (...args: string[]) =>
      run("curl", [
        "--silent",
        "--show-error",
        "--url",
        `smtp://127.0.0.1:${server.port}/client.example`,
        "--mail-from",
        "ada@a.example",
        "--mail-rcpt",
        "grace@b.example",
        "--upload-file",
        file,
        ...args,
      ], { quiet: true });
    await Deno.writeTextFile(file, "Subject: Hi\r\n\r\n.dot\r\n..dots\r\n");
    const sent = await curl("--mail-rcpt", "alan@b.example");
    assertEquals(sent.code, 0);
    const [mail] = await queue.bodies("mail");
    assertMatch(mail, /Subject: Hi\r\n\r\n\.dot\r\n\.\.dots\r\n$/);
    await Deno.writeTextFile(file, "x".repeat(70).concat("\r\n").repeat(80));
    // 55: the server has refused to get the mail, by the size that curl announces.
    assertEquals((await curl()).code, 55);
    // Lines that end in LF alone are refused, and --crlf mends them.
    await Deno.writeTextFile(file, "Subject: Hi\n\nHi!\n");
    assertEquals((await curl()).code === 0, false);
    assertEquals((await curl("--crlf")).code, 0);
    assertEquals((await queue.bodies("mail")).length, 1);
  });
});

Deno.test("no sequence of bytes smuggles a second mail into the queue", async () => {
  await using queue = await serveQueue();
  await using server = await start(queue.address);
  const begin = "HELO c.example\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n";
  const smuggled = "MAIL FROM:<evil@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\nevil";
  for (const sequence of ["\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r"]) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    using wire = new RawClient(conn);
    await wire.send(begin);
    await wire.lines(5);
    await wire.send(`good${sequence}${smuggled}`);
    await wire.send("\r\n.\r\nQUIT\r\n");
    const replies = (await wire.rest()).split("\r\n").map((line) => line.slice(0, 3));
    assertEquals(replies, ["554", "221", ""], JSON.stringify(sequence));
  }
  assertEquals(await queue.bodies("mail"), []);
});

Deno.test("mail is refused for a while when the queue server is gone, and no queue server is told at the start", async () => {
  const queue = await serveQueue();
  await using server = await start(queue.address);
  await queue[Symbol.asyncDispose]();
  const { code, out } = await swaks(server.port, "--to", "grace@b.example", "--timeout", "90");
  assertEquals(code, 26, out);
  assertMatch(out, /<\*\* 451 4\.3\.0 The message was not queued; try again later\./);
  const message = await start(queue.address).then(() => "", (error) => String(error));
  assertMatch(message, /no queue server at tcp:\/\/127\.0\.0\.1:[0-9]+: /);
});
