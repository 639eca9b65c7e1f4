// The processes of the bench: the event loop of the server on one core, all else on the others. None outlives this one.

import type { LoadState, LoadTask, Plan, Timing } from "./load.ts";
import type { Report } from "./tally.ts";

const children = new Set<Deno.ChildProcess>();

function killAll(): void {
  for (const child of children) child.kill("SIGKILL");
}
globalThis.addEventListener("unload", killAll);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => Deno.exit(130));
}

function installed(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Whether this machine can keep processes on a core of their own (Debian: util-linux). */
export const PINNED = installed("taskset") && navigator.hardwareConcurrency > 1;
const LOAD_CORES = `1-${navigator.hardwareConcurrency - 1}`;
// Otherwise this process would now and then take the core of the server.
if (PINNED) pin(Deno.pid, LOAD_CORES, "--all-tasks");
const HAS_NICE = installed("nice");
/** Whether this program can give a process precedence over all others (util-linux, as root). */
export const MAY_GO_FIRST = installed("chrt") && Deno.uid() === 0;

/** Keeps the main thread of a process on these cores, or all of its threads. */
function pin(pid: number, cores: string, ...flags: string[]): void {
  const args = [...flags, "--cpu-list", "--pid", cores, String(pid)];
  new Deno.Command("taskset", { args, stdout: "null" }).outputSync();
}

/** The cores of a process, and its precedence there. */
interface Place {
  readonly cores: string;
  /** Whether other processes go before it. */
  readonly nice?: boolean;
  /** Whether it goes before other processes. */
  readonly first?: boolean;
}

/** A script in a process of its own. Disposing of it kills it. */
class Script implements Disposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly lines: AsyncGenerator<string>;

  constructor(script: string, args: string[], { cores, nice, first }: Place) {
    const words = [Deno.execPath(), "run", "--allow-all", new URL(script, import.meta.url).href];
    if (nice && HAS_NICE) words.unshift("nice", "-n", "10");
    // Otherwise a polite client would wait for the core of the hostile ones, and measure their harm to itself.
    if (first && MAY_GO_FIRST) words.unshift("chrt", "--fifo", "10");
    if (PINNED) words.unshift("taskset", "-c", cores);
    const [program, ...rest] = [...words, ...args];
    const options = { args: rest, stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
    this.#child = new Deno.Command(program, options).spawn();
    children.add(this.#child);
    this.#child.status.then(() => children.delete(this.#child));
    this.#input = this.#child.stdin.getWriter();
    this.lines = linesOf(this.#child.stdout);
  }

  get pid(): number {
    return this.#child.pid;
  }

  async tell(message: unknown): Promise<void> {
    await this.#input.write(new TextEncoder().encode(JSON.stringify(message) + "\n"));
  }

  [Symbol.dispose](): void {
    if (children.has(this.#child)) this.#child.kill("SIGKILL");
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** The server under test, and its resident memory. */
export class ServerProcess implements Disposable {
  readonly #script: Script;
  readonly port: number;
  /** The largest resident memory since this was last set, in bytes. */
  peak = 0;
  readonly #sampling: ReturnType<typeof setInterval>;

  private constructor(script: Script, port: number) {
    this.#script = script;
    this.port = port;
    this.#sampling = setInterval(() => this.peak = Math.max(this.peak, this.resident()), 50);
  }

  static async start(options: string): Promise<ServerProcess> {
    // The threads of V8 stay on the other cores, as on any machine with some, and go before the load there.
    const place = { cores: LOAD_CORES };
    const script = new Script("../servers/overload.ts", [options], place);
    const { value } = await script.lines.next();
    if (value === undefined) throw new Error("the server ended before it printed its port");
    if (PINNED) pin(script.pid, "0");
    return new ServerProcess(script, Number(value));
  }

  /** The resident memory in bytes; 0 if the system has no /proc, or the server has ended. */
  resident(): number {
    try {
      const status = Deno.readTextFileSync(`/proc/${this.#script.pid}/status`);
      return 1024 * Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0);
    } catch {
      return 0;
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#sampling);
    this.#script[Symbol.dispose]();
  }
}

/** A process that makes load. */
export class LoadProcess implements Disposable {
  readonly #script: Script;
  /** The reports of the last half second. */
  reports: Report[] = [];
  #done = Promise.withResolvers<Report[]>();

  private constructor(script: Script) {
    this.#script = script;
  }

  /**
   * Starts a process. Resolves once its connections are open, or at once with `openLate`. With `nice`, the other
   * processes of load go before it.
   */
  static async start(
    port: number,
    seed: number,
    tasks: LoadTask[],
    { openLate = false, nice = false }: { openLate?: boolean; nice?: boolean } = {},
  ): Promise<LoadProcess> {
    const plan: Plan = { port, seed, tasks, openLate };
    const script = new Script("load.ts", [JSON.stringify(plan)], {
      cores: LOAD_CORES,
      nice,
      first: !nice,
    });
    const load = new LoadProcess(script);
    await script.lines.next();
    load.#listen();
    return load;
  }

  async #listen(): Promise<void> {
    for await (const line of this.#script.lines) {
      const { state, reports }: LoadState = JSON.parse(line);
      this.reports = reports;
      if (state === "done") this.#done.resolve(reports);
    }
    this.#done.reject(new Error("a load process ended before its time"));
  }

  /** Does the work once. Resolves with its reports. */
  async run(timing: Timing): Promise<Report[]> {
    this.#done = Promise.withResolvers();
    await this.#script.tell(timing);
    return await this.#done.promise;
  }

  /** Starts the work, which goes on until the process is disposed of. */
  async begin(): Promise<void> {
    this.#done.promise.catch(() => {});
    await this.#script.tell({ warm: 0, measured: 3_600_000 } satisfies Timing);
  }

  [Symbol.dispose](): void {
    this.#script[Symbol.dispose]();
  }
}
