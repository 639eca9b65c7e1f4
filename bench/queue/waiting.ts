// Many TAKEs that wait: what each costs, and how soon the one that a PUT wakes is answered.

import { median } from "../load.ts";
import { verdict, WAITING } from "./gates.ts";
import type { Usage } from "./waiting_server.ts";

const TAKERS = 10_000;
const CONNECTIONS = 100;
const WAKES = 500;
const IDLE_MS = 5000;
/** Behind the answer, for others that might have been woken too. */
const LOOK_MS = 5;
const encoder = new TextEncoder();

/** A server in a process of its own. */
class Server implements Disposable {
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

  static async start(data: string): Promise<Server> {
    const script = new URL("waiting_server.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", "--v8-flags=--expose-gc", script, data],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const stdout = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value: address } = await stdout.read();
    return new Server(child, stdout, Number(/:(\d+)\s*$/.exec(address ?? "")?.[1]));
  }

  /** Of live objects only where it shall `collect` the others before. */
  async usage(how: "collect" | "cpu"): Promise<Usage> {
    await this.#stdin.write(encoder.encode(`${how}\n`));
    return JSON.parse((await this.#stdout.read()).value!);
  }

  /** CPU in ms a second, while nobody says anything. */
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

/** A connection that tells of each line that it reads. */
class Wire {
  readonly #conn: Deno.TcpConn;
  readonly #onLine: (line: string, wire: Wire) => void;

  private constructor(conn: Deno.TcpConn, onLine: (line: string, wire: Wire) => void) {
    this.#conn = conn;
    this.#onLine = onLine;
    this.#read().catch(() => {});
  }

  static async open(port: number, onLine: (line: string, wire: Wire) => void): Promise<Wire> {
    const conn = await Deno.connect({ port });
    conn.setNoDelay(true);
    return new Wire(conn, onLine);
  }

  async send(text: string): Promise<void> {
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  close(): void {
    this.#conn.close();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(16_384);
    let rest = "";
    for (let read; (read = await this.#conn.read(buffer)) !== null;) {
      const lines = (rest + decoder.decode(buffer.subarray(0, read), { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#onLine(line, this);
    }
  }
}

/** A client that asks one thing at a time. */
class Asker {
  #wire!: Wire;
  #answer: (line: string) => void = () => {};
  #lines = "";

  static async open(port: number): Promise<Asker> {
    const asker = new Asker();
    const greeted = asker.#next();
    asker.#wire = await Wire.open(port, (line) => {
      asker.#lines += `${line}\n`;
      if (/^(OK|ERR)/.test(line)) asker.#answer(asker.#lines);
    });
    await greeted;
    return asker;
  }

  async ask(request: string): Promise<string> {
    const answer = this.#next();
    await this.#wire.send(`${request}\n`);
    return await answer;
  }

  close(): void {
    this.#wire.close();
  }

  #next(): Promise<string> {
    this.#lines = "";
    return new Promise((resolve) => this.#answer = resolve);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Until so many wait. */
async function waiting(asker: Asker, count: number): Promise<void> {
  for (let tries = 0;; tries++) {
    const found = await takers(asker);
    if (found === count) return;
    if (tries === 1000) throw new Error(`${found} TAKEs wait instead of ${count}`);
    await pause(10);
  }
}

async function takers(asker: Asker): Promise<number> {
  return Number(/ takers=(\d+)/.exec(await asker.ask("QUEUE work"))?.[1]);
}

function figure(name: string, text: string, verdict = ""): void {
  console.log(`  ${(name + ":").padEnd(50)}${text.padStart(20)}   ${verdict}`.trimEnd());
}

/** Measures it and prints what it found. */
export async function measureWaiting(data: string): Promise<void> {
  console.log(`\n${TAKERS} TAKEs that wait, over ${CONNECTIONS} connections`);
  using server = await Server.start(data);
  const asker = await Asker.open(server.port);
  let wait = "3s";
  const take = (tag: string): string => `#${tag} TAKE work wait=${wait}\n`;
  let onWoken = (_id: string, _tag: string, _wire: Wire): void => {};
  let woken = 0;
  const wires: Wire[] = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    wires.push(
      await Wire.open(server.port, (line, wire) => {
        const [, shed, retry] = /^#(t\d+) ERR busy .* retry=(\d+)/.exec(line) ?? [];
        if (shed !== undefined) setTimeout(() => wire.send(take(shed)), Number(retry));
        const [, tag, id] = /^#(\S+) \* id=(\d+) /.exec(line) ?? [];
        if (id === undefined) return;
        woken++;
        onWoken(id, tag, wire);
      }),
    );
  }
  const each = TAKERS / CONNECTIONS;
  const lineUp = async (): Promise<void> => {
    for (const wire of wires) {
      await wire.send(Array.from({ length: each }, (_, at) => take(`t${at}`)).join(""));
      // Who sends them all at once has some shed.
      await pause(10);
    }
    await waiting(asker, TAKERS);
  };

  const fresh = await server.usage("collect");
  // All of it once, so that what is compiled and allocated for good is there before it is measured.
  await lineUp();
  await waiting(asker, 0);
  wait = "1h";
  const idle = await server.idle();
  const before = await server.usage("collect");
  await lineUp();
  await pause(500);
  const after = await server.usage("collect");
  const polling = await server.idle() - idle;

  const times: number[] = [];
  let most = 0;
  let least = Infinity;
  for (let wake = 0; wake < WAKES; wake++) {
    const answered = Promise.withResolvers<[string, string, Wire]>();
    onWoken = (...given) => answered.resolve(given);
    woken = 0;
    const start = performance.now();
    const put = asker.ask("PUT work x");
    const [id, tag, wire] = await answered.promise;
    times.push(performance.now() - start);
    await put;
    await pause(LOOK_MS);
    const gone = TAKERS - await takers(asker);
    most = Math.max(most, woken, gone);
    least = Math.min(least, woken, gone);
    await wire.send(`#d DONE ${id}\n${take(tag)}`);
    await waiting(asker, TAKERS);
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
  for (const wire of wires) wire.close();
  asker.close();
}
