// A `lineup queue` whose work is measured from outside: the work of its event loop between two answers to PING, in CPU
// time of its thread. This is the wait of a PING on an idle machine, and does not depend on the load of this one.

import { Framer } from "@lineup/lineup/protocol";
import { holdsElsewhere } from "../../elsewhere.ts";
import { unhurriedFlags } from "../../unhurried.ts";
import type { CostReport } from "./cost_server.ts";

const MODULE = new URL("./cost_server.ts", import.meta.url).pathname;
const NS = 1e6;
/** A server that works less than this between two PINGs waits for something. */
const IDLE_MS = 1;
/** The most PINGs of one measurement: work in slices may take long. */
const MOST_PINGS = 3_000;
const PING = new TextEncoder().encode("PING\n");
const WAIT_MS = 60_000;

/** A running server. Disposing kills it. */
export class Costed implements AsyncDisposable {
  readonly port: number;
  /** The port of its WebSockets. */
  readonly webSocketPort: number;
  readonly #child: Deno.ChildProcess;
  readonly #out: ReadableStreamDefaultReader<string>;
  readonly #commands: WritableStreamDefaultWriter<Uint8Array>;
  readonly #probe: Deno.TcpConn;
  readonly #buffer = new Uint8Array(4096);
  #text: string;

  private constructor(
    child: Deno.ChildProcess,
    out: ReadableStreamDefaultReader<string>,
    text: string,
    port: number,
    webSocketPort: number,
    probe: Deno.TcpConn,
  ) {
    this.#child = child;
    this.#out = out;
    this.#text = text;
    this.#commands = child.stdin.getWriter();
    this.port = port;
    this.webSocketPort = webSocketPort;
    this.#probe = probe;
  }

  /** Starts `lineup queue --data` with this value. */
  static async start(data: string): Promise<Costed> {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--v8-flags=--expose-gc", MODULE, "queue", "--port", "0", "--ws", "0"],
        ...["--data", data, ...unhurriedFlags],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
      // The allocator gives free memory back at once.
      env: { MALLOC_MMAP_THRESHOLD_: "32768", MALLOC_TRIM_THRESHOLD_: "65536" },
    }).spawn();
    const out = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n")) {
      const { value, done } = await out.read();
      if (done) throw new Error("the server has ended");
      text += value;
    }
    const [port, webSocketPort] = [...text.matchAll(/:(\d+)/g)].map(([, each]) => Number(each));
    const probe = await Deno.connect({ hostname: "127.0.0.1", port });
    probe.setNoDelay(true);
    const costed = new Costed(
      child,
      out,
      text.slice(text.indexOf("\n") + 1),
      port,
      webSocketPort,
      probe,
    );
    await costed.#probe.read(costed.#buffer);
    return costed;
  }

  /** The CPU time of the event loop's thread in ms. */
  cpu(): number {
    const { pid } = this.#child;
    const stat = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/schedstat`);
    return Number(stat.split(" ")[0]) / NS;
  }

  /** The same once the thread sleeps: the system adds the time of a thread that runs a few milliseconds late. */
  async cpuAtRest(): Promise<number> {
    const { pid } = this.#child;
    await holdsElsewhere(() => {
      const stat = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/stat`);
      return stat.slice(stat.lastIndexOf(")") + 2).startsWith("S");
    }, "the server waits");
    return this.cpu();
  }

  /** The work of the event loop before it answered a PING, in ms of CPU time. */
  async ping(): Promise<number> {
    const before = this.cpu();
    await this.#probe.write(PING);
    if (await this.#probe.read(this.#buffer) === null) throw new Error("the server has ended");
    return this.cpu() - before;
  }

  /** The most work between two PINGs, from now until `answered` or until the server waits. */
  async held(answered: () => boolean): Promise<number> {
    let most = 0;
    let idle = 0;
    for (let pings = 0; pings < MOST_PINGS && idle < 2; pings++) {
      const did = await this.ping();
      most = Math.max(most, did);
      idle = did < IDLE_MS || (answered() && pings > 2) ? idle + 1 : 0;
    }
    return most;
  }

  /** Opens a connection for an attack. */
  async attacker(): Promise<Attacker> {
    return await Attacker.open(this.port);
  }

  /** The figures of STATS. */
  async figures(): Promise<Map<string, number>> {
    using attacker = await this.attacker();
    const lines = await attacker.ask("STATS");
    return new Map(lines.map(([name, value]) => [name, Number(value)]));
  }

  /** Its memory after a collection of garbage. */
  async report(): Promise<CostReport> {
    await this.#commands.write(PING);
    while (!this.#text.includes("\n")) this.#text += (await this.#out.read()).value ?? "\n";
    const [line, ...rest] = this.#text.split("\n");
    this.#text = rest.join("\n");
    return JSON.parse(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#probe.close();
    await this.#commands.close();
    await this.#out.cancel();
    await this.#child.status;
  }
}

/** A connection that reads its answers as they come. */
export class Attacker implements Disposable {
  /** Whether the server has ended it. */
  ended = false;
  #sending = false;
  readonly #conn: Deno.TcpConn;
  readonly #framer = new Framer("reply", { maxLine: 1 << 20, maxBody: 1 << 24 });
  /** The final lines that have come, by tag. */
  readonly answered = new Set<string>();
  /** The items of the current `ask`. */
  #items: string[][] | undefined = undefined;
  #change = Promise.withResolvers<void>();

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.#read();
  }

  static async open(port: number): Promise<Attacker> {
    const attacker = new Attacker(await Deno.connect({ hostname: "127.0.0.1", port }));
    await attacker.#until(() => attacker.answered.has("-"));
    attacker.answered.clear();
    return attacker;
  }

  /** Whether it can send more: it is open, and its last request is sent. */
  get free(): boolean {
    return !this.ended && !this.#sending;
  }

  async send(bytes: Uint8Array): Promise<void> {
    this.#sending = true;
    for (let at = 0; at < bytes.length && !this.ended;) {
      at += await this.#conn.write(bytes.subarray(at)).catch(() => bytes.length);
    }
    this.#sending = false;
  }

  /** Sends an untagged request. Resolves with the words of its items. */
  async ask(request: string): Promise<string[][]> {
    this.answered.delete("-");
    this.#items = [];
    await this.send(new TextEncoder().encode(`${request}\n`));
    await this.#until(() => this.answered.has("-"));
    const items = this.#items;
    this.#items = undefined;
    return items;
  }

  /** Resolves once `count` requests were answered. */
  async answers(count: number): Promise<void> {
    await this.#until(() => this.answered.size >= count);
  }

  async #until(condition: () => boolean): Promise<void> {
    const timer = setTimeout(() => this.#conn.close(), WAIT_MS);
    while (!condition() && !this.ended) await this.#change.promise;
    clearTimeout(timer);
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    for (;;) {
      const read = await this.#conn.read(buffer).catch(() => null);
      if (read === null) break;
      this.#framer.push(buffer.subarray(0, read));
      for (let framed; (framed = this.#framer.next()) !== undefined;) {
        if (framed.kind === "telnet") continue;
        const head = framed.kind === "frame" ? framed.head : "ERR";
        if (framed.kind === "frame" && head === "*") this.#items?.push([...framed.words]);
        else this.answered.add(framed.tag ?? "-");
      }
      this.#change.resolve();
      this.#change = Promise.withResolvers();
    }
    this.ended = true;
    this.#change.resolve();
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // The connection is closed.
    }
  }
}
