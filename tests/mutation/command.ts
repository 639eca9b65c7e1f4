// A bounded run of Deno in a copy of the tree. None of its processes outlives the run.

/** The end of a run. */
export interface Outcome {
  readonly ended: "passed" | "failed" | "timed out";
  readonly seconds: number;
  /** The end of its output. */
  readonly output: string;
}

/** Options of a run. */
export interface RunOptions {
  readonly cwd: string;
  /** The seconds after which it is killed. */
  readonly limit: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Thrown by a run that `stopRuns` ended, and by each later one. */
export class Stopped extends Error {}

const MOST_OUTPUT = 64 << 10;
const running = new Set<number>();
let isStopped = false;

/** Kills all runs, and lets none begin. */
export function stopRuns(): void {
  isStopped = true;
  for (const pid of running) killGroup(pid);
}

function killGroup(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone.
  }
}

/** Runs files of tests in a copy of the tree. */
export function runTests(
  tests: readonly string[],
  options: RunOptions,
  ...flags: readonly string[]
): Promise<Outcome> {
  const bound = "--preload=tests/time_bound.ts";
  return runDeno(
    ["test", "--allow-all", "--no-check", "--quiet", bound, ...flags, ...tests],
    options,
  );
}

/** Runs Deno as the leader of a process group, and kills the whole group at the end. */
export async function runDeno(
  args: readonly string[],
  options: RunOptions,
): Promise<Outcome> {
  if (isStopped) throw new Stopped();
  const began = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: options.cwd,
    env: { NO_COLOR: "1", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  running.add(child.pid);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(child.pid);
  }, options.limit * 1000);
  const output = Promise.all([tail(child.stdout), tail(child.stderr)]);
  const { success } = await child.status;
  clearTimeout(timer);
  killGroup(child.pid);
  running.delete(child.pid);
  if (isStopped) throw new Stopped();
  return {
    ended: late ? "timed out" : success ? "passed" : "failed",
    seconds: (performance.now() - began) / 1000,
    output: (await output).join("\n"),
  };
}

/** The end of a stream. */
async function tail(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text = (text + decoder.decode(chunk, { stream: true })).slice(-MOST_OUTPUT);
  }
  return text;
}
