// Many waiting TAKEs: the cost of each, and the time from a PUT to the answer of the TAKE that it wakes.

import { verdict, WAITING } from "./gates.ts";
import { LineConnection, RequestClient } from "./line_client.ts";
import type { Usage } from "./waiting_server.ts";
import { median } from "../statistics.ts";

const TAKERS = 10_000;
const CONNECTIONS = 100;
const WAKES = 500;
const IDLE_MS = 5000;
/** How long to wait for the answers of other TAKEs that a PUT may wake. */
const SETTLE_MS = 5;
const encoder = new TextEncoder();

/** A queue server in a process of its own, which reports its usage. */
class WaitingServer implements Disposable {
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stdout: ReadableStreamDefaultReader<string>;

  private constructor(
    child: Deno.ChildProcess,
    stdout: ReadableStreamDefaultReader<string>,
    port: number,
  ) {
    this.#child = child;
    this.#stdin = child.stdin.getWriter();
    this.#stdout = stdout;
    this.port = port;
  }

  static async start(data: string): Promise<WaitingServer> {
    const script = new URL("waiting_server.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", "--v8-flags=--expose-gc", script, data],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const stdout = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value: address } = await stdout.read();
    return new WaitingServer(child, stdout, Number(/:(\d+)\s*$/.exec(address ?? "")?.[1]));
  }

  /** The usage at present; `collect` collects garbage first. */
  async usage(how: "collect" | "cpu"): Promise<Usage> {
    await this.#stdin.write(encoder.encode(`${how}\n`));
    return JSON.parse((await this.#stdout.read()).value!);
  }

  /** The CPU time without requests, in milliseconds a second. */
  async idle(): Promise<number> {
    const before = await this.usage("cpu");
    const from = performance.now();
    await pause(IDLE_MS);
    const after = await this.usage("cpu");
    return (after.cpu - before.cpu) / (performance.now() - from) * 1000;
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until so many TAKEs wait. */
async function untilWaiting(client: RequestClient, count: number): Promise<void> {
  for (let tries = 0;; tries++) {
    const found = await countTakers(client);
    if (found === count) return;
    if (tries === 1000) throw new Error(`${found} TAKEs wait instead of ${count}`);
    await pause(10);
  }
}

async function countTakers(client: RequestClient): Promise<number> {
  return Number(/ takers=(\d+)/.exec(await client.ask("QUEUE work"))?.[1]);
}

function figure(name: string, text: string, verdict = ""): void {
  console.log(`  ${(name + ":").padEnd(50)}${text.padStart(20)}   ${verdict}`.trimEnd());
}

/** Measures the waiting TAKEs and prints the figures. */
export async function measureWaiting(data: string): Promise<void> {
  console.log(`\n${TAKERS} TAKEs that wait, over ${CONNECTIONS} connections`);
  using server = await WaitingServer.start(data);
  const client = await RequestClient.open(server.port);
  let wait = "3s";
  const take = (tag: string): string => `#${tag} TAKE work wait=${wait}\n`;
  let onWoken = (_id: string, _tag: string, _wire: LineConnection): void => {};
  let woken = 0;
  const connections: LineConnection[] = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    connections.push(
      await LineConnection.open(server.port, (line, connection) => {
        const [, shed, retry] = /^#(t\d+) ERR busy .* retry=(\d+)/.exec(line) ?? [];
        if (shed !== undefined) setTimeout(() => connection.send(take(shed)), Number(retry));
        const [, tag, id] = /^#(\S+) \* id=(\d+) /.exec(line) ?? [];
        if (id === undefined) return;
        woken++;
        onWoken(id, tag, connection);
      }),
    );
  }
  const each = TAKERS / CONNECTIONS;
  const fill = async (): Promise<void> => {
    for (const connection of connections) {
      await connection.send(Array.from({ length: each }, (_, at) => take(`t${at}`)).join(""));
      // The server sheds some of them if all come at once.
      await pause(10);
    }
    await untilWaiting(client, TAKERS);
  };

  const fresh = await server.usage("collect");
  // Once before the measurement, so it does not count code and tables that stay.
  await fill();
  await untilWaiting(client, 0);
  wait = "1h";
  const idle = await server.idle();
  const before = await server.usage("collect");
  await fill();
  await pause(500);
  const after = await server.usage("collect");
  const polling = await server.idle() - idle;

  const times: number[] = [];
  let most = 0;
  let least = Infinity;
  for (let wake = 0; wake < WAKES; wake++) {
    const answered = Promise.withResolvers<[string, string, LineConnection]>();
    onWoken = (...given) => answered.resolve(given);
    woken = 0;
    const start = performance.now();
    const put = client.ask("PUT work x");
    const [id, tag, connection] = await answered.promise;
    times.push(performance.now() - start);
    await put;
    await pause(SETTLE_MS);
    const gone = TAKERS - await countTakers(client);
    most = Math.max(most, woken, gone);
    least = Math.min(least, woken, gone);
    await connection.send(`#d DONE ${id}\n${take(tag)}`);
    await untilWaiting(client, TAKERS);
  }

  const heap = (after.heap - before.heap) / TAKERS;
  figure("live heap of each", `${Math.round(heap)} bytes`, verdict(WAITING.heap, heap));
  const rss = (after.rss - fresh.rss) / TAKERS;
  figure("growth of the process since its start, for each", `${Math.round(rss)} bytes`);
  const spent = `${polling.toFixed(2)} ms/s more`;
  figure(
    `CPU while they wait (else ${idle.toFixed(2)} ms/s)`,
    spent,
    verdict(WAITING.idle, polling),
  );
  times.sort((a, b) => a - b);
  const wake = median(times);
  figure("PUT to answer, median", `${wake.toFixed(2)} ms`, verdict(WAITING.wake, wake));
  figure("PUT to answer, p99", `${times[Math.floor(times.length * 0.99)].toFixed(2)} ms`);
  const count = least === most ? `${most}` : `${least} to ${most}`;
  figure(
    `woken by each of ${WAKES} PUTs`,
    count,
    verdict(WAITING.woken, least === 1 ? most : least),
  );
  for (const connection of connections) connection.close();
  client.close();
}
