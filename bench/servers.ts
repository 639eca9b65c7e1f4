// Servers to measure, each in a process of its own.

import { getAvailablePort } from "@std/net";

/** A server to measure. */
export interface Measured extends Disposable {
  readonly name: string;
  readonly port: number;
  /** Lines of greeting on a new connection. */
  readonly greeting: number;
}

/** Starts a script of bench/servers that prints its port. */
export async function startScript(
  name: string,
  script: string,
  greeting: number,
): Promise<Measured> {
  const path = new URL(`./servers/${script}`, import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", path.href],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let printed = "";
  while (!printed.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${script} ended before it printed its port`);
    printed += value;
  }
  return {
    name,
    port: Number(printed),
    greeting,
    [Symbol.dispose]: () => child.kill("SIGKILL"),
  };
}

/** Starts Debian's redis-server without persistence; `undefined` where it is not installed. */
export async function startRedis(): Promise<Measured | undefined> {
  const port = getAvailablePort();
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("redis-server", {
      args: ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
      stdout: "null",
      stderr: "null",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  for (let tries = 0;; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      break;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return {
    name: "redis-server",
    port,
    greeting: 0,
    [Symbol.dispose]: () => child.kill("SIGKILL"),
  };
}
