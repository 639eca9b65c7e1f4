// A second server takes over the port under load: no call fails, and each that was answered has run once. The account is
// that of the clients and of what the servers have written, not of the servers' words.

import { connect } from "@lineup/lineup/client";
import { queueProtocol } from "@lineup/lineup/queue/protocol";
import { assert, assertEquals } from "@std/assert";
import { startLineup } from "../../cli/lineup_process.ts";
import { LONG } from "../../seeded_random.ts";
import { withDirectory } from "../../temporary_directory.ts";
import { type Account, underLoad } from "./load.ts";
import { protocol } from "./marks.ts";

// A busy machine cannot bear the load of the issue: then the server refuses some of it, which is not the question here.
const LOAD = { clients: 100, rate: LONG > 1 ? 1000 : 100 };
const PATIENT = { retry: { attempts: 10, budget: Infinity } };
const MARKS = new URL("./marks.ts", import.meta.url).pathname;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** How many sockets listen at a port. */
function listeners(port: number): number {
  const ours = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  return Deno.readTextFileSync("/proc/net/tcp").split("\n")
    .filter((line) => line.includes(ours) && / 0A /.test(line)).length;
}

const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

/** No call failed, and there were calls before and after. */
function assertNoneFailed({ answered, failed, retries }: Account, least: number): void {
  const why = Object.groupBy(failed.map(String), (text) => text);
  const counts = Object.entries(why).map(([text, all]) => `${all!.length} ${text}`);
  console.log(`${answered.length} calls, sent again:`, Object.fromEntries(retries));
  assertEquals(counts, []);
  assert(answered.length > least, `${answered.length} calls`);
}

Deno.test("lineup serve --share-port: three servers after each other, and no call fails or runs twice", () =>
  withDirectory(async (cwd) => {
    const start = (port: number) =>
      startLineup(["serve", "--share-port", "--port", String(port), MARKS], { cwd });
    let server = await start(0);
    const address = `127.0.0.1:${server.port}`;
    const account = await underLoad({
      ...LOAD,
      connect: () => connect(protocol, address, PATIENT),
      call: (client, n, onRetry) =>
        client.MARK({ n }, { onRetry: ({ error }) => onRetry(codeOf(error)) }),
    }, async () => {
      for (let restarts = 0; restarts < 2; restarts++) {
        await sleep(1000);
        const next = await start(server.port);
        server.kill("SIGTERM");
        const { code } = await server.finished();
        assertEquals(code, 0);
        server = next;
      }
      await sleep(1000);
    });
    await server[Symbol.asyncDispose]();
    assertNoneFailed(account, LOAD.rate * 2);
    const ledger = (await Deno.readTextFile(`${cwd}/ledger`)).trim().split("\n").map(Number);
    assertEquals(sorted(ledger), sorted(account.answered));
  }));

Deno.test("lineup queue --share-port --wait: the second server waits for the file, and no PUT fails or puts two jobs", () =>
  withDirectory(async (cwd) => {
    const start = (port: number) =>
      startLineup(
        ["queue", "--share-port", "--wait", "30s", "--data", "jobs.db", "--port", String(port)],
        { cwd },
      );
    let server = await start(0);
    const address = `127.0.0.1:${server.port}`;
    const account = await underLoad({
      ...LOAD,
      connect: () => connect(queueProtocol, address, PATIENT),
      call: (client, n, onRetry) =>
        client.PUT({ queue: "mail", body: String(n) }, {
          onRetry: ({ error }) => onRetry(codeOf(error)),
        }),
    }, async () => {
      for (let restarts = 0; restarts < 2; restarts++) {
        await sleep(1000);
        // The second one prints its address once it has the file.
        const next = start(server.port);
        while (listeners(server.port) < 2) await sleep(50);
        await sleep(500);
        server.kill("SIGTERM");
        assertEquals((await server.finished()).code, 0);
        server = await next;
      }
      await sleep(1000);
    });
    assertNoneFailed(account, LOAD.rate * 2);
    await using client = await connect(queueProtocol, address);
    const bodies: number[] = [];
    for (;;) {
      const jobs = await client.TAKE({ queue: ["mail"], max: 100 }).all();
      if (jobs.length === 0) break;
      for (const { body } of jobs) bodies.push(Number(new TextDecoder().decode(body)));
    }
    await server[Symbol.asyncDispose]();
    assertEquals(sorted(bodies), sorted(account.answered));
  }));

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: string; name: string };
  return code ?? name;
}
