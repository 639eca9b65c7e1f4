import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Refusal } from "@lineup/lineup/client";
import { queueProtocol } from "@lineup/lineup/queue";
import { serve, type ServeOptions, type Server } from "@lineup/lineup/server";
import { listen, writeAll } from "../../net/mod.ts";
import calc from "../../examples/calc.ts";
import { lineServer } from "./line_server.ts";
import { serveQueue } from "./queue_here.ts";
import { lineup } from "./lineup_here.ts";
import { command } from "./lineup_process.ts";
import { unhurried } from "../unhurried.ts";

const GREETING = "OK lineup/1 queue/1.0 max-line=8192 max-body=20 auth=none\r\n";
const { PUT } = queueProtocol.commands;

/** A server of PUT. `take` returns the number of each job. */
async function serveJobs(
  take: (body: string) => number | Promise<number>,
  options: ServeOptions = { port: 0 },
): Promise<Server> {
  const handle = async (body: Uint8Array) => ({ id: await take(new TextDecoder().decode(body)) });
  return await serve({ ...queueProtocol, commands: { PUT } }, {
    PUT: ({ body }) => handle(body),
  }, { ...options, limits: { maxBody: 20 }, log: () => {} });
}

Deno.test("lineup put puts the argument, standard input or a file, and prints the job's number", async () => {
  await using queue = await serveQueue();
  const { address } = queue;
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "of a file\n");
    const cases: readonly { args: string[]; input: string; body: string }[] = [
      { args: ["one"], input: "unread", body: "one" },
      { args: [], input: "piped\n", body: "piped\n" },
      { args: ["-"], input: "piped", body: "piped" },
      { args: [], input: "", body: "" },
      { args: [""], input: "unread", body: "" },
      { args: [`@${file}`], input: "unread", body: "of a file\n" },
      { args: ["--", "-"], input: "unread", body: "-" },
      { args: ["--", "@x"], input: "unread", body: "@x" },
      { args: ["--", "--help"], input: "unread", body: "--help" },
      { args: ["@"], input: "unread", body: "@" },
    ];
    for (const [index, { args, input, body }] of cases.entries()) {
      const outcome = await lineup(["put", address, "mail", ...args], { input });
      assertEquals(outcome, { code: 0, out: `${index + 1}\n`, err: "" }, args.join(" "));
      assertEquals(await queue.bodies("mail"), [body], args.join(" "));
    }
    for (const path of ["/nowhere", "/"]) {
      const { code, out, err } = await lineup(["put", address, "mail", `@${path}`]);
      assertEquals({ code, out }, { code: 64, out: "" });
      assertStringIncludes(err, `The body cannot be read from ${path}: `);
    }
    assertEquals(await queue.bodies("mail"), []);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("lineup put has the options of PUT as flags, and explains them", async () => {
  await using queue = await serveQueue();
  const flags = ["--key", "acme", "--priority", "1", "--lease", "2m", "--attempts=3"];
  const more = ["--backoff", "5s", "--expires", "1d", "--delay", "1h", "--id", "a-1"];
  const args = ["put", queue.address, "mail", ...flags, "x", ...more, "--result", "keep"];
  assertEquals(await lineup(args), { code: 0, out: "1\n", err: "" });
  const { age: _, left: __, expires: ___, body: ____, ...job } = await queue.client.JOB({ id: 1 });
  assertEquals(job, {
    id: 1,
    queue: "mail",
    key: "acme",
    priority: 1,
    state: "delayed",
    attempt: 0,
    attempts: 3,
    lease: 120_000,
    backoff: 5000,
    unique: "a-1",
  });
  assertEquals((await lineup([...args, "--json"])).out, '{"id":1,"duplicate":true}\n');
  // The client sends only given options: the server has the defaults.
  assertEquals((await lineup(["put", queue.address, "mail", "--json", "y"])).out, '{"id":2}\n');
  const { out } = await lineup(["put", "--help"]);
  const help = out.replaceAll(/\s+/g, " ");
  for (const [name, { summary, ...field }] of Object.entries(queueProtocol.commands.PUT.options)) {
    const usual = "default" in field ? ` Default ${field.default}.` : "";
    assertMatch(help, new RegExp(`--${name} [A-Za-z]+ `));
    assertStringIncludes(help, summary + usual);
  }
});

Deno.test("lineup put --lines goes on after lines that fail, and names them", async () => {
  const taken: string[] = [];
  await using server = await serveJobs((body) => {
    if (body === "bad") throw new Refusal("bad-arguments", "No.", { details: { scope: "me" } });
    return taken.push(body);
  });
  const input = ["a", "bad", "x".repeat(21), "", "x".repeat(20), "last"].join("\n");
  const args = ["put", server.address, "mail", "--lines"];
  assertEquals(await lineup(args, { input }), {
    code: 1,
    out: "1\n2\n3\n4\n",
    err: "lineup: line 2: bad-arguments: No.\n" +
      "lineup: line 3: body-too-large: The server takes at most 20 bytes of body.\n" +
      "lineup: 2 of 6 lines failed\n",
  });
  assertEquals(taken, ["a", "", "x".repeat(20), "last"]);
  const { code, out, err } = await lineup([...args, "--json"], { input });
  assertEquals([code, err], [1, "lineup: 2 of 6 lines failed\n"]);
  assertEquals(out.trim().split("\n").slice(0, 3).map((line) => JSON.parse(line)), [
    { line: 1, id: 5 },
    { line: 2, error: { scope: "me", code: "bad-arguments", message: "No." } },
    {
      line: 3,
      error: { code: "body-too-large", message: "The server takes at most 20 bytes of body." },
    },
  ]);
  assertEquals(await lineup(args, { input: "" }), { code: 0, out: "", err: "" });
  assertEquals((await lineup(args, { input: "\n\n" })).out, "9\n10\n");
});

Deno.test("lineup put --lines --id-from puts no line twice, however often it runs", async () => {
  await using queue = await serveQueue();
  const put = (input: string, ...args: string[]) =>
    lineup(["put", queue.address, "mail", "--lines", ...args], { input });
  const cases: readonly { args: string[]; input: string; bodies: string[] }[] = [
    { args: ["--id-from", "number", "--id", "day-1"], input: "a\na\n", bodies: ["a", "a"] },
    { args: ["--id-from", "body"], input: "b\nc\nb\n", bodies: ["b", "c"] },
    { args: ["--id-from", "tab"], input: "x\tone\ny\ttwo\tmore\n", bodies: ["one", "two\tmore"] },
    {
      args: ["--id-from", ".order.id"],
      input: '{"order":{"id":7}}\n{"order":{"id":"z"}}\n',
      bodies: ['{"order":{"id":7}}', '{"order":{"id":"z"}}'],
    },
  ];
  for (const { args, input, bodies } of cases) {
    // The first run is interrupted after its first line.
    const first = await put(input.slice(0, input.indexOf("\n") + 1), ...args);
    assertEquals([first.code, first.err], [0, ""]);
    const second = await put(input, ...args);
    const again = await put(input, ...args);
    assertEquals([second.code, again.code, again.out], [0, 0, second.out], args.join(" "));
    const count = input.trimEnd().split("\n").length;
    assertEquals(again.err, `${count} of ${count} lines were in the queue already\n`);
    assertEquals(await queue.bodies("mail"), bodies, args.join(" "));
  }
});

Deno.test("lineup put --lines names a line that holds no id, and begins at --from-line", async () => {
  await using queue = await serveQueue();
  const put = (input: string, ...args: string[]) =>
    lineup(["put", queue.address, "mail", "--lines", ...args], { input });
  const input = 'skipped\n{"id":1}\n[]\n{"id":{}}\n{"id":"a b"}\n{\n{"id":2}\n';
  assertEquals(await put(input, "--id-from", ".id", "--from-line", "2"), {
    code: 1,
    out: "1\n2\n",
    err: "lineup: line 3: bad-arguments: The line has no text and no number .id.\n" +
      "lineup: line 4: bad-arguments: The line has no text and no number .id.\n" +
      "lineup: line 5: bad-arguments: Its id must be a word without white space of at most 128 " +
      'characters, not "a b".\n' +
      "lineup: line 6: bad-arguments: The line is not JSON.\n" +
      "lineup: 4 of 6 lines failed\n",
  });
  assertEquals(
    (await put("no tab\n", "--id-from", "tab")).err.split("\n")[0],
    "lineup: line 1: bad-arguments: The line has no tab behind its id.",
  );
});

Deno.test("lineup put refuses a body over the limit, from any source", async () => {
  let taken = 0;
  await using server = await serveJobs(() => ++taken);
  const args = ["put", server.address, "mail"];
  const message = "The server takes at most 20 bytes of body.";
  const err = `lineup: body-too-large: ${message}\n`;
  const long = "x".repeat(1 << 20);
  assertEquals(await lineup(args, { input: long }), { code: 1, out: "", err });
  assertEquals(await lineup([...args, "x".repeat(21)]), { code: 1, out: "", err });
  assertEquals(JSON.parse((await lineup([...args, "--json"], { input: long })).out), {
    error: { code: "body-too-large", message },
  });
  assertEquals((await lineup([...args, "x".repeat(20)])).out, "1\n");
});

Deno.test("lineup put --lines has 254 jobs in flight, and prints numbers in the order of the lines", async () => {
  const held: (() => void)[] = [];
  let most = 0;
  await using server = await serveJobs(async (body) => {
    const number = Number(body);
    if (number <= 254) {
      most = Math.max(most, held.length + 1);
      // The last job lets the others be answered, in reverse order.
      if (held.length === 253) { for (const go of held.splice(0).reverse()) go(); }
      else await new Promise<void>((resolve) => held.push(resolve));
    }
    return number;
  });
  const lines = Array.from({ length: 1000 }, (_, index) => `${index + 1}\n`).join("");
  const args = ["put", server.address, "mail", "--lines"];
  assertEquals(await lineup(args, { input: lines }), { code: 0, out: lines, err: "" });
  // Of the 256 requests of a connection, the client keeps two free.
  assertEquals(most, 254);
});

Deno.test("lineup put tries again while the server is busy, and says so in the end", async () => {
  const tries = new Map<string, number>();
  await using server = await serveJobs((body) => {
    const before = tries.get(body) ?? 0;
    tries.set(body, before + 1);
    if (body === "never" || before < 3) throw new Refusal("busy", "Not now.", { retry: 1 });
    return tries.size;
  });
  const args = ["put", server.address, "mail", "--lines"];
  const outcome = await lineup(args, { input: "a\nnever\nb\n" });
  assertEquals([outcome.code, outcome.err], [
    1,
    "lineup: line 2: busy: Not now.\nlineup: 1 of 3 lines failed\n",
  ]);
  assertEquals(Object.fromEntries(tries), { a: 4, never: 4, b: 4 });
});

Deno.test("lineup put does not wait longer than --timeout for a busy server", async () => {
  let tries = 0;
  await using server = await serveJobs(() => {
    tries++;
    throw new Refusal("busy", "Not now.", { retry: 1000 });
  });
  assertEquals(await lineup(["put", "--timeout", "800ms", server.address, "mail", "x"]), {
    code: 1,
    out: "",
    err: "lineup: busy: Not now.\n",
  });
  assertEquals(tries, 1);
});

Deno.test("lineup put sends no job again that may be in the queue", async () => {
  for (
    const failure of [
      "internal",
      "cancelled",
      "busy Later executed=maybe",
      "draining x executed=maybe",
    ]
  ) {
    const [code, why = "Sorry"] = failure.split(/ (.*)/);
    await using server = await lineServer(
      (line) =>
        /^#(\S+) PUT /.test(line) ? `${line.split(" ")[0]} ERR ${code} ${why}\r\n` : undefined,
      GREETING,
    );
    const { code: exit, out } = await lineup(["put", server.address, "mail", "x"]);
    assertEquals({ exit, out }, { exit: 1, out: "" }, failure);
    assertEquals(server.received.filter((line) => line.includes("PUT")).length, 1, failure);
  }
});

Deno.test("lineup put --lines goes on after more bytes than are in flight at once", async () => {
  let bytes = 0, count = 0;
  await using server = await serve({ ...queueProtocol, commands: { PUT } }, {
    PUT({ body }) {
      bytes += body.length;
      return { id: ++count };
    },
  }, { ...unhurried, port: 0, log: () => {} });
  // Three times as much.
  const input = ("x".repeat(1_000_000) + "\n").repeat(13);
  const { code, out, err } = await lineup(["put", server.address, "mail", "--lines"], { input });
  assertEquals([code, err, bytes], [0, "", 13_000_000]);
  assertEquals(out.trimEnd().split("\n").length, 13);
});

Deno.test("lineup put says that a queue is full", async () => {
  await using queue = await serveQueue();
  await queue.client.LIMIT({ queue: "mail", depth: 1 });
  const args = ["put", queue.address, "mail", "x"];
  assertEquals((await lineup(args)).code, 0);
  assertEquals(await lineup(args), {
    code: 1,
    out: "",
    err: "lineup: busy: mail is full: it has 1 unfinished jobs, and its depth is 1.\n",
  });
});

Deno.test("lineup put --timeout gives a job up, says that it may be in the queue, and tells the server", async () => {
  await using server = await lineServer(() => {}, GREETING);
  const args = ["put", "--timeout", "300ms", server.address, "mail", "x"];
  assertEquals(await lineup(args), {
    code: 1,
    out: "",
    err: "lineup: expired: No answer within 300 ms; the job may be in the queue\n",
  });
  assertMatch(server.received[0], /^#\S+ PUT mail within=[0-9]+ms \{1\}$/);
  assertEquals(JSON.parse((await lineup([...args, "--json"])).out), {
    error: { code: "expired", message: "No answer within 300 ms.", executed: "maybe" },
  });
});

Deno.test("lineup put --lines sends no more once the connection is lost, and names the first unsent line", async () => {
  await using server = await lineServer((line, connection) => {
    if (line === "2") connection.close();
    return line === "1" ? "#1 OK id=1\r\n" : undefined;
  }, GREETING);
  const input = Array.from({ length: 5000 }, (_, index) => `${index + 1}\n`).join("");
  const { code, err } = await lineup(["put", server.address, "mail", "--lines"], { input });
  assertEquals(code, 2);
  const lines = err.trimEnd().split("\n");
  const [, unsure] = /^lineup: line ([0-9]+): /.exec(lines[0])!;
  assertEquals(
    lines.pop(),
    `lineup: begin again at line ${unsure}: --from-line ${unsure}; ` +
      "without --id-from, lines that are in the queue are put twice",
  );
  const [, from] = /^lineup: nothing was sent from line ([0-9]+) on$/.exec(lines.pop()!)!;
  const [, failed] = /^lineup: ([0-9]+) of [0-9]+ lines failed$/.exec(lines.pop()!)!;
  assertEquals(lines.length, Number(failed));
  assertMatch(lines.at(-1)!, new RegExp(`^lineup: line ${Number(from) - 1}: .*`));
  assertStringIncludes(err, "the job may be in the queue");
  assertEquals(server.connections, 1);
});

Deno.test("lineup put --lines loses no line if the second run begins where the first one says", async () => {
  const numbers = Array.from({ length: 600 }, (_, index) => String(index + 1));
  const input = numbers.map((line) => `${line}\n`).join("");
  const taken = new Set<string>();
  let isDown = true;
  await using server = await lineServer((line, connection) => {
    // The lines of the bodies hold the number only.
    const [tag] = /^#\S+ PUT/.exec(line)?.[0].split(" ") ?? [];
    if (tag !== undefined) return void (tags.push(tag));
    const job = tags.shift();
    if (line === "3") return `${job} ERR bad-arguments No.\r\n`;
    if (isDown && line === "301") {
      connection.close();
      return;
    }
    taken.add(line);
    return `${job} OK id=${line}\r\n`;
  }, GREETING);
  const tags: string[] = [];
  const args = ["put", server.address, "mail", "--lines", "--id-from", "number", "--id", "n"];
  const first = await lineup(args, { input });
  assertEquals(first.code, 2);
  const last = first.err.trimEnd().split("\n").at(-1)!;
  const [, line, flag] = /^lineup: begin again at line ([0-9]+): (--from-line [0-9]+)$/.exec(last)!;
  assertEquals(flag, `--from-line ${line}`);
  assertEquals(Number(line) > 3 && Number(line) <= 301, true, line);
  isDown = false;
  tags.length = 0;
  assertEquals((await lineup([...args, ...flag.split(" ")], { input })).code, 0);
  assertEquals(numbers.filter((each) => !taken.has(each)), ["3"]);
});

Deno.test("lineup put says that --from-line is behind the end of the input", async () => {
  await using queue = await serveQueue();
  const put = (line: string) =>
    lineup(["put", queue.address, "mail", "--lines", "--from-line", line], { input: "a\nb\n" });
  const err = "lineup: nothing was put: --from-line is 999, and the input has 2 lines\n";
  assertEquals(await put("999"), { code: 0, out: "", err });
  // The first run ended with the last line.
  assertEquals(await put("3"), { code: 0, out: "", err: err.replace("999", "3") });
});

Deno.test("lineup put --lines goes on, in order and without a line twice, at the server that takes over", async () => {
  const taken: string[] = [];
  const drain = Promise.withResolvers<void>();
  const letGo = Promise.withResolvers<void>();
  await using first = await serveJobs(async (body) => {
    if (body === "310") drain.resolve();
    // These are in flight while the server drains.
    if (Number(body) >= 300) await letGo.promise;
    return taken.push(body);
  }, { ...unhurried, port: 0, sharePort: true });
  const port = Number(new URL(first.address).port);
  const numbers = Array.from({ length: 3000 }, (_, index) => String(index + 1));
  const input = numbers.map((line) => `${line}\n`).join("");
  const putting = lineup(["put", first.address, "mail", "--lines"], { input });
  await drain.promise;
  const ended = first.shutdown();
  await using _second = await serveJobs((body) => taken.push(body), {
    ...unhurried,
    port,
    sharePort: true,
  });
  letGo.resolve();
  const { code, err } = await putting;
  await ended;
  assertEquals([code, err], [0, ""]);
  assertEquals(taken, numbers);
});

Deno.test("lineup put sends what a draining server refused again, and stops where the fate of a job is unknown", async () => {
  for (const isLost of [false, true]) {
    let connections = 0;
    await using server = await lineServer(async (line, connection) => {
      if (connection.lines === 1) connections++;
      const [tag] = /^#\S+ PUT/.exec(line)?.[0].split(" ") ?? [];
      if (tag !== undefined) tags.push(tag);
      const job = tag === undefined ? tags.shift() : undefined;
      if (job === undefined) return "";
      if (connections > 1) return `${job} OK id=${line}\r\n`;
      const answer = line === "1" ? "OK id=1" : "ERR draining Bye.";
      // The third line gets no answer where the connection is lost.
      if (line !== "3" || !isLost) await connection.write(`${job} ${answer}\r\n`);
      if (line === "4" && isLost) connection.close();
      return "";
    }, GREETING);
    const tags: string[] = [];
    const args = ["put", server.address, "mail", "--lines"];
    const { code, out, err } = await lineup(args, { input: "1\n2\n3\n4\n" });
    assertEquals([code, out], isLost ? [2, "1\n"] : [0, "1\n2\n3\n4\n"], err);
    assertEquals(server.connections, isLost ? 1 : 2);
    if (!isLost) continue;
    assertStringIncludes(err, "the job may be in the queue");
    assertStringIncludes(err, "begin again at line 2");
  }
});

Deno.test("lineup put --lines connects again where the connection ended during a wait for a line", async () => {
  const listener = await listen({ transport: "tcp", hostname: "127.0.0.1", port: 0 });
  const child = command(["put", listener.address, "mail", "--lines"], { stdin: "piped" }).spawn();
  const input = child.stdin.getWriter();
  for (const id of [1, 2]) {
    await input.write(new TextEncoder().encode("x\n"));
    const stream = (await listener.accept())!;
    const write = (text: string) => writeAll(stream, new TextEncoder().encode(text));
    await write(GREETING);
    const buffer = new Uint8Array(1000);
    let request = "";
    while (!request.endsWith("\nx\n")) {
      const read = await stream.read(buffer);
      request += new TextDecoder().decode(buffer.subarray(0, read!));
    }
    await write(`${request.split(" ")[0]} OK id=${id}\r\n`);
    await stream.closeWrite();
    // The client ends its side once it has noticed the end.
    while (await stream.read(buffer) !== null);
    stream.close();
  }
  listener.close();
  await input.close();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  assertEquals([code, text.decode(stdout), text.decode(stderr)], [0, "1\n2\n", ""]);
});

Deno.test("lineup put --lines ends at Ctrl-C with 130, and tells its progress", async () => {
  await using queue = await serveQueue();
  const child = command(["put", queue.address, "mail", "--lines"], { stdin: "piped" }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode("a\nb\n"));
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let out = ""; !out.includes("2\n");) out += (await reader.read()).value;
  child.kill("SIGINT");
  const err = await new Response(child.stderr).text();
  assertEquals([(await child.status).code, err], [
    130,
    "lineup: nothing was sent from line 3 on\n" +
    "lineup: begin again at line 3: --from-line 3\n",
  ]);
  await reader.cancel();
  await input.abort().catch(() => {});
  assertEquals(await queue.bodies("mail"), ["a", "b"]);
});

Deno.test("lineup put ends quietly where nobody reads the numbers", async () => {
  await using queue = await serveQueue();
  const child = command(["put", queue.address, "mail", "--lines"], { stdin: "piped" }).spawn();
  await child.stdout.cancel();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode("x\n".repeat(1000))).catch(() => {});
  assertEquals([(await child.status).code, await new Response(child.stderr).text()], [141, ""]);
  await input.abort().catch(() => {});
});

Deno.test("lineup put names a server that is no queue", async () => {
  await using server = await serve(calc.protocol, calc.handlers, {
    ...unhurried,
    port: 0,
    log: () => {},
  });
  assertEquals(await lineup(["put", server.address, "mail", "x"]), {
    code: 2,
    out: "",
    err: "lineup: the server speaks calc/1.0, not queue/1.0\n",
  });
});
