// Runs `lineup` as a process, as its user does: for signals, pipes, permissions, and commands that run beside the test.
// Where only the outputs count, `lineup_here.ts` is faster.

import { NO_ORPHAN } from "../orphan.ts";

/** The program. */
export const MAIN = new URL("../../cli/main.ts", import.meta.url).href;

/** The result of a finished process. */
export interface RunResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `lineup` with these arguments to its end. Sends a SIGINT once `interrupt` resolves. */
export async function lineupProcess(
  args: readonly string[],
  options: {
    input?: string;
    cwd?: string;
    env?: Record<string, string>;
    interrupt?: Promise<unknown>;
  } = {},
): Promise<RunResult> {
  const { cwd, env } = options;
  const child = command(args, { stdin: "piped", cwd, env }).spawn();
  options.interrupt?.then(() => child.kill("SIGINT"));
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(options.input ?? "")).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder("utf-8", { ignoreBOM: true });
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

/** A running `lineup` server. Disposing kills it. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** The port of the first address. */
  readonly port: number;
  /** The first line of standard output. */
  readonly line: string;
  kill(signal: Deno.Signal): void;
  /** Resolves at its end, with its output after the first line. */
  finished(): Promise<RunResult>;
}

/** Starts a `lineup` server and waits until it prints its address. */
export async function startLineup(
  args: readonly string[],
  options: { cwd?: string } = {},
): Promise<Running> {
  const child = command(args, { stdin: "null", cwd: options.cwd }).spawn();
  const err = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let out = "";
  while (!out.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`lineup ${args.join(" ")} ended: ${await err}`);
    out += value;
  }
  const [line, ...rest] = out.split("\n");
  let ended: Promise<RunResult> | undefined;
  const finished = (): Promise<RunResult> =>
    ended ??= (async () => {
      let more = rest.join("\n");
      for (let read; !(read = await reader.read()).done;) more += read.value;
      const { code } = await child.status;
      return { code, out: more, err: await err };
    })();
  const kill = (signal: Deno.Signal): void => {
    try {
      child.kill(signal);
    } catch (error) {
      // The process has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
  };
  return {
    pid: child.pid,
    // The names before the addresses may be several too: `calc and tally listening on …`.
    port: Number(line.split(" listening on ").at(-1)!.split(" and ")[0].split(":").at(-1)),
    line,
    kill,
    finished,
    async [Symbol.asyncDispose]() {
      kill("SIGKILL");
      await finished();
    },
  };
}

/** The command `lineup` with these arguments, not yet started. */
export function command(
  args: readonly string[],
  options: {
    stdin: "piped" | "null";
    cwd?: string;
    env?: Record<string, string>;
    detached?: boolean;
  },
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", NO_ORPHAN, MAIN, ...args],
    ...options,
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", ...options.env },
  });
}

/** A running `lineup`. The test reads its output as it comes. Disposing kills it. */
export interface Process extends AsyncDisposable {
  readonly code: Promise<number>;
  readonly err: Promise<string>;
  kill(signal: Deno.Signal): void;
  /** Resolves once its output contains this. The next call reads on behind it. */
  see(what: string): Promise<void>;
  /** Closes the reading end of its output. */
  stopReading(): Promise<void>;
}

/** Starts `lineup` with nothing on standard input. */
export function startProcess(args: readonly string[]): Process {
  const child = command(args, { stdin: "null", cwd: undefined }).spawn();
  const reader = child.stdout.getReader();
  const text = new TextDecoder();
  const err = new Response(child.stderr).text();
  const code = child.status.then(({ code }) => code);
  let stopped = false;
  return {
    code,
    err,
    kill: (signal) => child.kill(signal),
    async see(what) {
      for (let out = ""; !out.includes(what);) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`never seen: ${what}\n${out}${await err}`);
        out += text.decode(value, { stream: true });
      }
      (async () => {
        while (!stopped && !(await reader.read()).done);
      })();
    },
    async stopReading() {
      stopped = true;
      await reader.cancel();
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      if (!stopped) await reader.cancel().catch(() => {});
      await Promise.all([code, err]);
    },
  };
}
