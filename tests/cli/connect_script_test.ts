import { assertEquals, assertStringIncludes } from "@std/assert";
import { lineup } from "./lineup_here.ts";
import { startLineup } from "./lineup_process.ts";
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
  // A line without its end may be half of a line.
  assertStringIncludes(replies[501], "ERR bad-syntax");
  assertEquals((await connect("DIVIDE 1 0\n\nPING\n")).code, 0);
  assertEquals((await connect("PING\nDIVIDE 1 0\n")).code, 1);
  assertEquals((await connect("FROB\nQUIT\nPING\n")).code, 0);
  assertEquals((await connect("")).code, 0);
  // Into a pipe, --raw changes nothing: the output is the received bytes anyway.
  assertEquals((await connect("PING\n", ["--raw"])).out, (await connect("PING\n")).out);
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

/** Lets the timers of this process run on a clock of the test, until it is disposed. */
function timersOn(clock: VirtualClock): Disposable {
  const { setTimeout, clearTimeout } = globalThis;
  const stops: (() => void)[] = [];
  Object.assign(globalThis, {
    setTimeout: (action: () => void, ms = 0) => stops.push(clock.setTimer(ms, action)),
    clearTimeout: (timer?: number) => timer && stops[timer - 1](),
  });
  return { [Symbol.dispose]: () => void Object.assign(globalThis, { setTimeout, clearTimeout }) };
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
  using _ = timersOn(clock);
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
        await clock.elapse(50);
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
