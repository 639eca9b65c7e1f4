// The process of attacked.ts, as the test sees it.

import { holdsElsewhere } from "../elsewhere.ts";
import type { Report } from "./attacked.ts";

/** The factor by which the server's clock is faster. */
export const SPEED = 20;

const MODULE = new URL("./attacked.ts", import.meta.url).pathname;

/** Whether the system reports the descriptors and the peak memory of a process. */
export const HAS_PROC = Deno.build.os === "linux";

/** The resources of a server without other clients. */
export interface IdleReport extends Report {
  /** The figures of STATS about clients and requests. */
  readonly figures: Readonly<Record<string, string>>;
  /** The number of its file descriptors; `undefined` on systems without /proc. */
  readonly fds: number | undefined;
}

// The figures of an idle server. The one connection is the one that asks.
const QUIET: Readonly<Record<string, string>> = {
  connections: "1",
  running: "1",
  parked: "0",
  waiting: "0",
  "waiting-bytes": "0",
};

/** A server in a process of its own. Disposing ends it. */
export class Attacked implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #commands: WritableStreamDefaultWriter<Uint8Array>;
  #text = "";
  #port = 0;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#commands = child.stdin.getWriter();
  }

  static async start(memory: number): Promise<Attacked> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--v8-flags=--expose-gc", MODULE, String(memory), String(SPEED)],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      // glibc keeps freed memory for later use, and raises its thresholds with time. With fixed thresholds it returns
      // the memory: else the test would measure glibc.
      env: { MALLOC_MMAP_THRESHOLD_: "32768", MALLOC_TRIM_THRESHOLD_: "65536" },
    }).spawn();
    const attacked = new Attacked(child);
    attacked.#port = Number((await attacked.#line()).split(":").at(-1));
    return attacked;
  }

  /** A connection that comes from this address for the server. */
  async connect(address: string, port: number): Promise<Deno.Conn> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
    await conn.write(
      new TextEncoder().encode(`PROXY TCP4 ${address} 127.0.0.1 ${port} 5463\r\n`),
    );
    return conn;
  }

  /** The lines that answer one request, on a connection of this machine. Tries again where the server is busy. */
  async ask(request: string): Promise<string[]> {
    let lines: string[] = [];
    // The server's clock is fast, so time-outs may pass before the machine gets to its work. No answer means the same:
    // the gate was closed, or this process was slower than a time-out.
    await holdsElsewhere(async () => {
      lines = await this.#ask(request).catch(() => []);
      return lines.length > 0 && !lines[0].startsWith("ERR busy ");
    }, `${request} is answered`);
    return lines;
  }

  async #ask(request: string): Promise<string[]> {
    using conn = await this.connect("127.0.0.1", 1);
    await conn.write(new TextEncoder().encode(`${request}\nQUIT\n`));
    const text = await new Response(conn.readable).text();
    return text.split(/\r?\n/).slice(1, -2);
  }

  /** Waits until the server has noticed that all clients are gone. Resolves with its resources. */
  async idle(): Promise<IdleReport> {
    let figures: Record<string, string> = {};
    let report = await this.#report();
    await holdsElsewhere(async () => {
      figures = {};
      for (const line of await this.ask("STATS")) {
        const [, name, value] = line.split(" ");
        if (name in QUIET) figures[name] = value;
      }
      report = await this.#report();
      return Object.entries(QUIET).every(([name, value]) => figures[name] === value);
    }, "the server is idle");
    if (HAS_PROC) await holdsElsewhere(() => this.#open() === 0, "every connection is closed");
    return { ...report, figures, fds: HAS_PROC ? this.#fds() : undefined };
  }

  async #report(): Promise<Report> {
    await this.#commands.write(new TextEncoder().encode("report\n"));
    return JSON.parse(await this.#line());
  }

  /** The number of connections whose socket the server has not closed. */
  #open(): number {
    const port = this.#port.toString(16).toUpperCase().padStart(4, "0");
    const LISTENS = "0A";
    return Deno.readTextFileSync("/proc/net/tcp").split("\n").filter((line) => {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      return local?.endsWith(`:${port}`) && state !== LISTENS && inode !== "0";
    }).length;
  }

  #fds(): number {
    return [...Deno.readDirSync(`/proc/${this.#child.pid}/fd`)].length;
  }

  /** Resets the peak memory. */
  async forgetPeak(): Promise<void> {
    if (HAS_PROC) await Deno.writeTextFile(`/proc/${this.#child.pid}/clear_refs`, "5");
  }

  /** The most resident bytes since the last `forgetPeak`; `undefined` on systems without /proc. */
  async peak(): Promise<number | undefined> {
    if (!HAS_PROC) return undefined;
    const status = await Deno.readTextFile(`/proc/${this.#child.pid}/status`);
    return 1024 * Number(/^VmHWM:\s+([0-9]+) kB$/m.exec(status)![1]);
  }

  async #line(): Promise<string> {
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("the server has ended");
      this.#text += value;
    }
    const [line] = this.#text.split("\n", 1);
    this.#text = this.#text.slice(line.length + 1);
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#commands.close();
    await this.#lines.cancel();
    await this.#child.status;
  }
}
