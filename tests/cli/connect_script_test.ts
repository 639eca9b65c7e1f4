import { setImmediate } from "node:timers";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { lineup } from "./lineup_here.ts";
import { startLineup } from "./lineup_process.ts";
import { serveQueue } from "./queue_here.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";

const CALC = new URL("../../examples/calc.ts", import.meta.url).pathname;

/** A server that sends `bytes` on each connection, and closes it. */
function fake(bytes: string): { address: string } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    for await (const conn of listener) {
      await conn.write(new TextEncoder().encode(bytes)).catch(() => {});
      await conn.closeWrite().catch(() => {});
      const buffer = new Uint8Array(1024);
      while (await conn.read(buffer).catch(() => null) !== null);
      conn.close();
    }
  })();
  return {
    address: `127.0.0.1:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await served;
    },
  };
}

Deno.test("lineup connect runs a script: replies in order, the code of the last", async () => {
  await using server = await startLineup(["serve", CALC, "--port", "0"]);
  const connect = (input: string, args: string[] = []) =>
    lineup(["connect", ...args, `127.0.0.1:${server.port}`], { input });
  const lines = Array.from({ length: 500 }, (_, index) => `ADD ${index} 1`);
  const { code, out, err } = await connect(lines.join("\n") + "\nPING {0}\n\nPI");
  assertEquals([code, err], [1, ""]);
  const replies = out.split("\n").slice(1);
  assertEquals(replies.slice(0, 500), lines.map((_, index) => `OK sum=${index + 1}`));
  assertStringIncludes(replies[500], "ERR bad-arguments");
  // The last line needs no end.
  assertStringIncludes(replies[501], "ERR unknown-command");
  // Sent as it stands, it may be half of a line.
  assertStringIncludes((await connect("PI", ["--raw"])).out, "ERR bad-syntax");
  assertEquals((await connect("DIVIDE 1 0\n\nPING\n")).code, 0);
  assertEquals((await connect("PING\nDIVIDE 1 0\n")).code, 1);
  assertEquals((await connect("FROB\nQUIT\nPING\n")).code, 0);
  assertEquals((await connect("")).code, 0);
  // Into a pipe, --raw changes nothing: the output is the received bytes anyway.
  assertEquals((await connect("PING\n", ["--raw"])).out, (await connect("PING\n")).out);
});

Deno.test("a script has comments, and bodies from files, of several lines and of counted bytes", async () => {
  await using queue = await serveQueue();
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/body`, "of a\nfile\n");
    const script = [
      "#!/usr/bin/env lineup",
      "# a comment",
      "#",
      `PUT mail @${directory}/body`,
      "#tag PUT mail priority=1 <<END",
      "one",
      "# no comment here",
      "",
      "END",
      "PUT mail {5}",
      "a\n# b",
      'PUT mail "@quoted"',
      "PUT mail ada@example.org\r",
      "PUT mail <<E",
      "E",
      "PING @no-body",
    ].join("\n");
    const { code, out, err } = await lineup(["connect", queue.address], { input: script });
    assertEquals([code, err], [0, ""]);
    const replies = out.trimEnd().split(/\r?\n/).slice(1).map((line) => line.replace("#tag ", ""));
    assertEquals(
      replies.sort(),
      [
        ...Array.from({ length: 6 }, (_, index) => `OK id=${index + 1}`),
        "OK @no-body",
      ].sort(),
    );
    assertEquals(
      (await queue.bodies("mail")).sort(),
      [
        "of a\nfile\n",
        "one\n# no comment here\n",
        "a\n# b",
        "@quoted",
        "ada@example.org",
        "",
      ].sort(),
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("the lines up to the mark of a wrong line of a script never run as requests", async () => {
  await using queue = await serveQueue();
  await queue.client.PUT({ queue: "vic", body: new Uint8Array(1) });
  const cases: readonly (readonly [line: string, answer: RegExp])[] = [
    ["PTU vic <<END", /^ERR unknown-command /],
    ["PING <<END", /^ERR bad-arguments /],
    ["TAKE vic <<END", /^ERR bad-arguments /],
    ["PUT vic priority=x <<END", /^ERR bad-arguments /],
    ["PUT <<END", /^ERR bad-arguments /],
    ["<<END", /^ERR bad-syntax /],
    ["#a:b PUT vic <<END", /^ERR bad-syntax /],
    ['PUT "vic <<END', /^ERR bad-syntax /],
    ['PUT vic key="a b <<END ', /^ERR bad-syntax /],
  ];
  for (const args of [[], ["--stop-on-error"]]) {
    for (const [line, answer] of cases) {
      const input = `${line}\nPURGE vic\nEND\nPING end\n`;
      const { out } = await lineup(["connect", queue.address, ...args], { input });
      const [, first, ...more] = out.trimEnd().split(/\r?\n/);
      assertMatch(first, answer, line);
      assertEquals(more, args.length === 0 ? ["OK end"] : [], line);
    }
  }
  // It is unknown where such a body ends, or its line cannot be sent.
  for (const line of ["PUT vic <<", "PUT vic <<'END'", "PUT vic << END", "PUT <<END vic"]) {
    const input = `${line}\nPURGE vic\nEND\n`;
    const { code, out, err } = await lineup(["connect", queue.address], { input });
    assertEquals([code, out.trimEnd().split("\n").length], [1, 1], line);
    assertStringIncludes(err, "lineup: line 1: A word with << comes last", line);
  }
  assertEquals((await queue.bodies("vic")).length, 1);
});

Deno.test("a mistake in a script names its line, once the requests before it are answered", async () => {
  await using queue = await serveQueue();
  const cases: readonly (readonly [script: string, says: string])[] = [
    ["PING\nPUT mail @/nowhere\nPING x\n", "line 2: There is no file /nowhere;"],
    ["PING\nPUT mail @/\n", "line 2: / is not a file."],
    ["PING\n\nPUT mail <<END\nEN\n", "line 3: the line END, which ends its body, is missing"],
    [`PING\n${"x".repeat((1 << 20) + 1)}`, "line 2 has more than 1048576 bytes"],
    [
      `PING\nPUT mail <<END\n${"x".repeat(1 << 20)}\nxx\n`,
      "line 4: the server takes at most 1,048,576 bytes of body",
    ],
  ];
  for (const [input, says] of cases) {
    const { code, out, err } = await lineup(["connect", queue.address], { input });
    assertStringIncludes(err, `lineup: ${says}`);
    assertEquals([code, out.split(/\r?\n/).slice(1)], [1, ["OK pong", ""]], says);
  }
  assertEquals(await queue.bodies("mail"), []);
});

Deno.test("lineup connect --stop-on-error sends nothing after the first ERR, --quiet prints only ERR", async () => {
  await using queue = await serveQueue();
  const script = "# first\nPUT mail a\nPUT mail <<E\nb\nE\nDONE 99\n\nPUT mail c\n";
  const connect = (...args: string[]) =>
    lineup(["connect", queue.address, ...args], { input: script });
  const stopped = await connect("--stop-on-error");
  assertEquals([stopped.code, stopped.err], [
    1,
    "lineup: line 6 failed, and nothing was sent after it: DONE 99\n",
  ]);
  const [, ...replies] = stopped.out.trimEnd().split(/\r?\n/);
  assertEquals(replies.slice(0, 2), ["OK id=1", "OK id=2"]);
  assertStringIncludes(replies[2], "ERR not-found");
  assertEquals(await queue.bodies("mail"), ["a", "b"]);
  const quiet = await connect("--quiet");
  assertEquals([quiet.code, quiet.err], [0, ""]);
  assertEquals(quiet.out.trimEnd().split("\n"), [replies[2]]);
  assertEquals(await queue.bodies("mail"), ["a", "b", "c"]);
});

Deno.test("lineup connect tells when a script is not answered to its end", async () => {
  const greeting = "OK lineup/1 calc/1.0 max-line=8192 max-body=1024 auth=none\r\n";
  const cases: readonly { bytes: string; code: number; says: string }[] = [
    { bytes: `${greeting}OK sum=1\n`, code: 2, says: "before all requests were answered" },
    { bytes: `${greeting}OK sum=1\nERR timeout "Too slow."\n`, code: 1, says: "" },
    { bytes: "", code: 2, says: "without a greeting" },
    { bytes: "SSH-2.0-OpenSSH\r\n", code: 2, says: "does not speak Lineup/1" },
    {
      bytes: "OK lineup/2 calc/1.0 max-line=80 max-body=5\n",
      code: 2,
      says: "does not speak Lineup/1: it greets with lineup/2",
    },
    { bytes: 'ERR busy "Full." retry=500\r\n', code: 1, says: "" },
  ];
  for (const { bytes, code, says } of cases) {
    await using server = fake(bytes);
    const { code: actual, err } = await lineup(["connect", server.address], {
      input: "ADD 0 1\nADD 1 1\n",
    });
    assertEquals(actual, code, bytes);
    assertStringIncludes(err, says);
    if (says === "") assertEquals(err, "");
  }
});

/** Lets the timers of this process run on a clock of the test, until it is disposed. `waits` are their times in ms. */
function timersOn(clock: VirtualClock): { waits(): number[] } & Disposable {
  const { setTimeout, clearTimeout } = globalThis;
  const timers = new Map<number, { ms: number; stop: () => void }>();
  let last = 0;
  Object.assign(globalThis, {
    setTimeout(action: () => void, ms = 0) {
      const timer = ++last;
      const stop = clock.setTimer(ms, () => (timers.delete(timer), action()));
      timers.set(timer, { ms, stop });
      return timer;
    },
    clearTimeout(timer: number) {
      timers.get(timer)?.stop();
      timers.delete(timer);
    },
  });
  return {
    waits: () => Array.from(timers.values(), ({ ms }) => ms),
    [Symbol.dispose]: () => void Object.assign(globalThis, { setTimeout, clearTimeout }),
  };
}

Deno.test("lineup connect ends a script once all requests are answered, also where the server does not close", async () => {
  const greeting = "OK lineup/1 calc/1.0 max-line=8192 max-body=1024 auth=none\n";
  const cases = [
    ["A\nB\n", "OK a\nOK b\n", 0],
    ["A\nB\n", 'OK a\nERR gone "It is gone."\n', 1],
    // Events may continue for ever.
    ["A\n", "OK a\n! tick\n", 0],
    // Requests behind QUIT get no answer.
    ["QUIT\nB\n", "OK bye\n", 0],
    ["", "", 0],
  ] as const;
  const clock = new VirtualClock();
  using timers = timersOn(clock);
  for (const [input, replies, code] of cases) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    let isOver = false;
    const served = (async () => {
      using conn = await listener.accept();
      const write = (text: string) => conn.write(new TextEncoder().encode(text)).catch(() => 0);
      await write(greeting);
      const buffer = new Uint8Array(1024);
      // The script has come, and this side stays open.
      while (await conn.read(buffer) !== null);
      await write(replies);
      while (!isOver) {
        if (replies.includes("!")) await write("! tick\n");
        // The bytes take real time: the clock stands still until the client waits for the server to close.
        if (timers.waits().includes(1000)) await clock.elapse(50);
        else await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const address = `127.0.0.1:${listener.addr.port}`;
    const { code: actual, out, err } = await lineup(["connect", address], { input });
    isOver = true;
    await served;
    assertEquals([actual, err], [code, ""], input);
    assertEquals(out.startsWith(greeting + replies), true, out);
  }
});

Deno.test("lineup connect waits for answers longer than for a server's close", async () => {
  const greeting = "OK lineup/1 calc/1.0 max-line=8192 max-body=1024 auth=none\n";
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clock = new VirtualClock();
  using _ = timersOn(clock);
  const served = (async () => {
    using conn = await listener.accept();
    const write = (text: string) => conn.write(new TextEncoder().encode(text));
    await write(greeting + "OK a\n");
    const buffer = new Uint8Array(1024);
    while (await conn.read(buffer) !== null);
    // The script has come.
    await clock.elapse(1200);
    await write("OK b\n");
  })();
  const { code, out } = await lineup(["connect", `127.0.0.1:${listener.addr.port}`], {
    input: "A\nB\n",
  });
  await served;
  assertEquals([code, out], [0, greeting + "OK a\nOK b\n"]);
});
