import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Protocol } from "@lineup/lineup/protocol";
import { listenMemory, serve, type ServeOptions, type Server } from "@lineup/lineup/server";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { RawClient } from "../../raw_client.ts";
import { workersAlive } from "../../server/workers/processes.ts";
import { settle } from "../../streams.ts";
import { WatchedLog } from "../../watched_log.ts";

const protocol = {
  name: "starts",
  version: "1",
  summary: "Two commands.",
  commands: {
    ONE: { summary: "One.", reply: { word: "word" } },
    TWO: { summary: "Two.", reply: { word: "word" } },
  },
} as const satisfies Protocol;

const word = (word: string) => () => ({ word });

/** The URL of a module with this text. */
function moduleOf(text: string): string {
  return `data:text/javascript,${encodeURIComponent(text)}`;
}

const both = moduleOf(`export default { ONE: () => ({ word: "1" }), TWO: () => ({ word: "2" }) }`);

function start(module: string, options: ServeOptions = {}): Promise<Server> {
  return serve(protocol, {}, {
    listen: [listenMemory()],
    ...options,
    workers: { module, size: 2, ...options.workers },
  });
}

Deno.test("serve runs in workers only the commands for which it has no handler", async () => {
  const listener = listenMemory();
  const workers = { module: both, size: 1 };
  await using _ = await serve(protocol, { ONE: word("mine") }, { listen: [listener], workers });
  using wire = await RawClient.open(listener.connect());
  await wire.send("ONE\nTWO\n");
  assertEquals(await wire.lines(2), ["OK word=mine", "OK word=2"]);
});

Deno.test("serve takes a module that exports { handlers }", async () => {
  const listener = listenMemory();
  const module = moduleOf(`const ONE = () => ({ word: "h" });
    export default { protocol: {}, handlers: { ONE, TWO: ONE } }`);
  await using _ = await start(module, { listen: [listener] });
  using wire = await RawClient.open(listener.connect());
  await wire.send("TWO\n");
  assertEquals(await wire.line(), "OK word=h");
});

for (
  const [what, text, message] of [
    ["throws", "throw new Error('as it is loaded')", "as it is loaded"],
    [
      "has an uncaught error",
      "setTimeout(() => { throw new Error('late') }); await new Promise(() => {})",
      "late",
    ],
    ["ends its worker", "self.close(); await new Promise(() => {})", "a worker ended: exit code 0"],
    ["cannot be parsed", "export default {", "Unexpected"],
    ["has no default export", "export const ONE = 1", "must export default handlers"],
    [
      "has no handler for a command",
      "export default { ONE() {} }",
      "no handler for the command TWO",
    ],
    [
      "has a handler too many",
      "const f = () => {}; export default { ONE: f, TWO: f, THREE: f }",
      "no command THREE",
    ],
  ]
) {
  Deno.test(`serve rejects, and leaves no worker, where the module of the workers ${what}`, async () => {
    await assertRejects(() => start(moduleOf(text)), Error, message);
    assertEquals(workersAlive(), 0);
  });
}

Deno.test("serve rejects wrong options of workers", async () => {
  await assertRejects(() => start("./relative.ts"), TypeError, "relative.ts");
  await assertRejects(() => start("file:///nowhere/at/all.ts"), Error, "all.ts");
  for (const size of [0, 1.5, NaN]) {
    await assertRejects(() => start(both, { workers: { module: both, size } }), RangeError, "size");
  }
});

Deno.test("serve rejects in a compiled program, which has no deno to start", async () => {
  const { build } = Deno;
  Object.defineProperty(Deno, "build", { value: { ...build, standalone: true } });
  try {
    await assertRejects(() => start(both), Error, "a compiled program cannot start");
  } finally {
    Object.defineProperty(Deno, "build", { value: build });
  }
  assertEquals(workersAlive(), 0);
});

Deno.test("serve rejects a memory of workers that is too small, or no size", async () => {
  for (const memory of [0, 1 << 20, 1.5, NaN, Infinity]) {
    await assertRejects(
      () => start(both, { workers: { module: both, memory } }),
      RangeError,
      "workers.memory",
    );
  }
});

Deno.test("serve leaves no worker where it cannot listen", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${taken.addr.port}`;
  await assertRejects(() => start(both, { listen: [address] }), Deno.errors.AddrInUse);
  assertEquals(workersAlive(), 0);
});

/** A server with one worker whose module is broken while the file exists. */
async function fragile() {
  const flag = await Deno.makeTempFile();
  await Deno.remove(flag);
  const clock = new VirtualClock();
  const log = new WatchedLog();
  const listener = listenMemory();
  const module = moduleOf(`
    let broken = true;
    try { Deno.statSync(${JSON.stringify(flag)}) } catch { broken = false }
    if (broken) throw new Error("the module is broken");
    export default {
      ONE: () => ({ word: "1" }),
      TWO() { setTimeout(() => { throw new Error("idle") }); return { word: "2" } },
    }`);
  const workers = { module, size: 1 };
  const server = await serve(protocol, {}, {
    listen: [listener],
    clock,
    log: log.add,
    workers,
  });
  const ends = () => log.filter(({ message }) => message.startsWith("a worker ended")).length;
  return {
    clock,
    log,
    server,
    /** Resolves once this many workers have ended by themselves. */
    ended: (count: number) => log.until(() => ends() === count),
    ends,
    connect: () => RawClient.open(listener.connect()),
    break: () => Deno.writeTextFile(flag, ""),
    repair: () => Deno.remove(flag),
  };
}

Deno.test("serve starts a worker that ends while idle again, after a pause", async () => {
  const { clock, log, server, ended, connect } = await fragile();
  await using _ = server;
  using wire = await connect();
  await wire.send("TWO\n");
  assertEquals(await wire.line(), "OK word=2");
  await ended(1);
  assert(/idle/.test(String(log[0].error)));
  await wire.send("ONE\n");
  await clock.elapse(100);
  assertEquals(await wire.line(), "OK word=1");
});

Deno.test("serve pauses longer each time a worker cannot be started, and answers meanwhile", async () => {
  const testServer = await fragile();
  const { clock, log, server, ended, ends, connect } = testServer;
  await using _ = server;
  using wire = await connect();
  await testServer.break();
  await wire.send("TWO\n");
  await wire.line();
  await ended(1);
  let failed = 1;
  for (const pause of [100, 200, 400, 800, 1600, 3200, 5000, 5000]) {
    await clock.elapse(pause - 1);
    await settle({ clock });
    assertEquals(ends(), failed);
    if (pause === 800) await wire.send("ONE\n");
    await clock.elapse(1);
    await ended(++failed);
    if (pause !== 800) continue;
    // The request in the worker's seat gets an error. The log says why.
    assert((await wire.line()).startsWith("ERR internal "));
    const incident = log.find(({ message }) => message === "ONE failed")!;
    assert(/the module is broken/.test(String(incident.error)));
  }
  await testServer.repair();
  await clock.elapse(5000);
  await wire.send("ONE\n");
  assertEquals(await wire.line(), "OK word=1");
});

Deno.test("serve shuts down while a worker waits to be started", async () => {
  const { clock, server, ended, connect } = await fragile();
  {
    await using _ = server;
    using wire = await connect();
    await wire.send("TWO\n");
    await wire.line();
    await ended(1);
  }
  assertEquals(clock.pending, 0);
  assertEquals(workersAlive(), 0);
});

Deno.test("serve names a module that never finishes loading in a worker", async () => {
  const clock = new VirtualClock();
  const module = "data:text/javascript,await%20new%20Promise(()=>{})";
  const commands = { ONE: { summary: "One." } } as const;
  const served = serve({ name: "p", version: "1", summary: "P.", commands }, {}, {
    listen: [listenMemory()],
    clock,
    workers: { module, size: 1 },
  });
  const failed = assertRejects(
    () => served,
    Error,
    `a worker did not finish loading ${module} in 60 s`,
  );
  await clock.elapse(61_000);
  await failed;
});
