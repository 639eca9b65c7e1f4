// `lineup serve --processes`: several processes at one port.

import { connect } from "@lineup/lineup/client";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { LONG } from "../seeded_random.ts";
import { RawClient } from "../raw_client.ts";
import { lineupProcess, startLineup } from "../cli/lineup_process.ts";
import { withDirectory } from "../temporary_directory.ts";

const SERVICE = `
export const protocol = {
  name: "burn", version: "1.0", summary: "Burns CPU.",
  commands: {
    BURN: { summary: "Burn.", args: { n: "integer" }, reply: { x: "number" }, idempotent: true },
    PID: { summary: "Tell the process.", reply: { pid: "integer" }, idempotent: true },
    SLOW: { summary: "Answer after a second.", reply: { pid: "integer" } },
    END: { summary: "End the process." },
  },
};
export default {
  protocol,
  handlers: {
    BURN({ n }) { let x = 0; for (let i = 0; i < n; i++) x += Math.sqrt(i); return { x }; },
    PID: () => ({ pid: Deno.pid }),
    SLOW: async () => { await new Promise((go) => setTimeout(go, 1000)); return { pid: Deno.pid }; },
    END: () => { console.log("the end"); Deno.exit(3); },
  },
};
`;

async function withService(body: (path: string) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const path = `${directory}/burn.js`;
    await Deno.writeTextFile(path, SERVICE);
    await body(path);
  });
}

/** Sends a request over a connection of its own. */
async function ask(address: string, request: string): Promise<string> {
  using wire = await RawClient.open(`tcp://${address}`);
  await wire.send(`${request}\nQUIT\n`);
  return await wire.rest();
}

const pidOf = (reply: string): number => Number(/pid=(\d+)/.exec(reply)![1]);
const isAlive = (pid: number): boolean => {
  try {
    Deno.statSync(`/proc/${pid}`);
    return true;
  } catch {
    return false;
  }
};

/** Asks until all processes have answered. */
async function pids(address: string, count: number, without?: number): Promise<Set<number>> {
  const found = new Set<number>();
  while (found.size < count) {
    // There may be none for a moment.
    const reply = await ask(address, "PID").catch(() => "");
    if (reply.includes("pid=") && pidOf(reply) !== without) found.add(pidOf(reply));
  }
  return found;
}

/** The number of connections that are served, of so many at once. */
async function served(port: number, count: number): Promise<number> {
  const all = await Promise.all(Array.from({ length: count }, () => Deno.connect({ port })));
  try {
    const greetings = await Promise.all(all.map(async (conn) => {
      const bytes = new Uint8Array(256);
      return new TextDecoder().decode(bytes.subarray(0, await conn.read(bytes) ?? 0));
    }));
    return greetings.filter((each) => each.startsWith("OK ")).length;
  } finally {
    for (const conn of all) conn.close();
  }
}

Deno.test("lineup serve --processes: both serve, one that ends is replaced, SIGTERM lets requests finish", () =>
  withService(async (path) => {
    await using server = await startLineup(["serve", "--port", "0", "--processes", "2", path]);
    const address = `127.0.0.1:${server.port}`;
    assertMatch(server.line, /^burn listening on tcp:\/\/127\.0\.0\.1:\d+$/);
    const before = [...await pids(address, 2)];
    let stats = "";
    while (!/^\* all-connections-total [1-9]/m.test(stats)) stats = await ask(address, "STATS");
    assertMatch(stats, /^\* processes 2$/m);
    assertMatch(stats, /^\* all-requests-total [1-9]/m);

    let ended: number | undefined;
    while (ended === undefined) {
      using wire = await RawClient.open(`tcp://${address}`);
      const pid = pidOf(await wire.ask("PID"));
      if (pid !== before[0]) continue;
      ended = pid;
      await wire.send("END\n");
      await wire.rest().catch(() => {});
    }
    const after = await pids(address, 2, ended);
    assertEquals(after.has(before[1]), true);
    assertEquals(isAlive(ended), false);

    const slow = ask(address, "SLOW");
    await new Promise((resolve) => setTimeout(resolve, 300));
    server.kill("SIGTERM");
    assertMatch(await slow, /^OK pid=\d+$/m);
    const { code, out, err } = await server.finished();
    assertEquals([code, out], [0, ""]);
    assertMatch(err, /^process=\d the end$/m);
    assertMatch(
      err,
      /^\S+ error a process ended, and is started again process=\d why="exit code 3" pause=100ms$/m,
    );
    assertMatch(
      err,
      /^\S+ info started name=burn addresses=tcp:\S+ module=\S+ processes=2 .*pid=\d+$/m,
    );
    assertMatch(err, /^\S+ info stopped reason=SIGTERM seconds=[\d.]+$/m);
    assertMatch(err, /^process=1 .*shut down/m);
    assertMatch(err, /^process=2 .*shut down/m);
    assertEquals([...after].filter(isAlive), []);
  }));

Deno.test("SIGHUP gives a changed file to all processes of lineup serve --processes, and tells of a wrong one", () =>
  withService(async (path) => {
    const config = `${path}.jsonc`;
    const write = (text: string): void => Deno.writeTextFileSync(config, text);
    write('{ "processes": 2, "drain": "5s" }');
    await using server = await startLineup(["serve", "--port", "0", "--config", config, path]);
    const address = `127.0.0.1:${server.port}`;
    const [stopped, other] = await pids(address, 2);
    write('{ "processes": 2, "drain": "100ms", "connections": { "perClient": 1 } }');
    server.kill("SIGHUP");
    // Then each of the two takes one connection of a client.
    while (await served(server.port, 12) > 2);
    write('{ "prot": 1 }');
    server.kill("SIGHUP");
    // A process that cannot end is killed.
    Deno.kill(stopped, "SIGSTOP");
    const began = performance.now();
    server.kill("SIGTERM");
    const { code, err } = await server.finished();
    assert(performance.now() - began < 4000, err);
    assertEquals(code, 0);
    assertEquals([stopped, other].filter(isAlive), []);
    assertMatch(
      err,
      /^\S+ info reloaded what=configuration did="changed: .*drain 5s -> 100ms.*"$/m,
    );
    assertMatch(
      err,
      /^\S+ error not reloaded what=configuration why=".*there is no option prot; .*"$/m,
    );
    assertMatch(err, /^\S+ error a process does not end, and is killed process=\d$/m);
  }));

Deno.test("no process outlives a lineup serve --processes that is killed", () =>
  withService(async (path) => {
    const server = await startLineup(["serve", "--port", "0", "--processes", "2", path]);
    const all = [...await pids(`127.0.0.1:${server.port}`, 2)];
    server.kill("SIGKILL");
    await server[Symbol.asyncDispose]();
    while (all.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 50));
  }));

Deno.test("lineup serve --processes refuses what processes cannot share, and says why the first cannot serve", () =>
  withService(async (path) => {
    const cases: readonly (readonly [args: string[], code: number, why: RegExp])[] = [
      [["--listen", "unix:x"], 64, /--listen exclude each other: a Unix socket has one process/],
      [["--workers", "2"], 64, /--workers exclude each other: each process serves by itself/],
      [["--admin", "0"], 64, /--admin exclude each other/],
    ];
    for (const [args, code, why] of cases) {
      const result = await lineupProcess(["serve", "--processes", "2", ...args, path]);
      assertEquals([result.code, result.out], [code, ""]);
      assertMatch(result.err, why);
    }
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = String(taken.addr.port);
    const result = await lineupProcess(["serve", "--processes", "2", "--port", port, path]);
    assertEquals([result.code, result.out], [1, ""]);
    assertMatch(result.err, /already in use/i);
  }));

// On a machine that does other work too this says nothing.
Deno.test({
  name: "lineup serve --processes 2 serves 1.5 times as much as one, where the handlers need CPU",
  ignore: LONG === 1,
  fn: () =>
    withService(async (path) => {
      const rate = async (processes: number): Promise<number> => {
        const args = ["serve", "--port", "0", "--processes", String(processes), path];
        await using server = await startLineup(args);
        const clients = await Promise.all(
          Array.from({ length: 16 }, () => connect(`127.0.0.1:${server.port}`)),
        );
        const end = performance.now() + 3000;
        let count = 0;
        await Promise.all(clients.map(async (client) => {
          while (performance.now() < end) {
            await client.call("BURN", { n: 1_000_000 }, { retries: 10 });
            count++;
          }
          await client.close();
        }));
        return count;
      };
      const ratios: number[] = [];
      for (let pair = 0; pair < 5; pair++) ratios.push(await rate(2) / await rate(1));
      const [, , median] = ratios.sort((a, b) => a - b);
      assert(median >= 1.5, `${ratios.map((each) => each.toFixed(2))}`);
    }),
});
