// The servers that the benches measure, each in a process of its own.

import { getAvailablePort } from "@std/net";

/** A server. Disposing of it kills its process. */
export interface RunningServer extends Disposable {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** Settles when the process has ended. */
  readonly ended: Promise<unknown>;
}

/** A server that answers PING. */
export interface PingServer extends RunningServer {
  /** How many lines it sends on a new connection. */
  readonly greeting: number;
}

/** Starts a script of bench/servers that prints its port, with its arguments. */
export async function startScript(
  name: string,
  script: string,
  greeting: number,
  args: readonly string[] = [],
): Promise<PingServer> {
  const path = new URL(`./servers/${script}`, import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", path.href, ...args],
    stdout: "piped",
  }).spawn();
  return { ...running(name, Number(await firstLine(name, child.stdout)), child), greeting };
}

/** Starts an example of this repository at a free port. */
export async function startExample(name: string): Promise<RunningServer> {
  const path = new URL(`../examples/${name}.ts`, import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", path.href, "--port", "0"],
    stdout: "piped",
  }).spawn();
  const line = await firstLine(name, child.stdout);
  return running(`examples/${name}.ts`, Number(line.split(":").at(-1)), child);
}

/** Starts redis-server as Debian has it, but without persistence; `undefined` if it is not installed. */
export async function startRedis(): Promise<PingServer | undefined> {
  const port = getAvailablePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const server = await startProgram("redis-server", port, "redis-server", args);
  return server && { ...server, greeting: 0 };
}

/** Starts a program and waits until it accepts connections at a port; `undefined` if it is not installed. */
export async function startProgram(
  name: string,
  port: number,
  program: string,
  args: string[],
): Promise<RunningServer | undefined> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, { args, stdout: "null", stderr: "null" }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  for (let tries = 0;; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return running(name, port, child);
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** The first line that a process prints. Throws an error if the process ends before. */
export async function firstLine(
  name: string,
  stdout: ReadableStream<Uint8Array>,
): Promise<string> {
  const reader = stdout.pipeThrough(new TextDecoderStream()).getReader();
  let printed = "";
  while (!printed.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${name} ended before it printed a line`);
    printed += value;
  }
  return printed.slice(0, printed.indexOf("\n"));
}

/** The server in a process. */
export function running(name: string, port: number, child: Deno.ChildProcess): RunningServer {
  return {
    name,
    port,
    pid: child.pid,
    ended: child.status,
    [Symbol.dispose]: () => child.kill("SIGKILL"),
  };
}
