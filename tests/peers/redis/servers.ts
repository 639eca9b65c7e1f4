// The example and the original, each in a process of its own.

import { getAvailablePort } from "@std/net";
import { holdsElsewhere } from "../../elsewhere.ts";
import { find } from "../program.ts";

/** A running server. `await using` stops it. */
export interface RedisProcess extends AsyncDisposable {
  readonly port: number;
}

/** Starts examples/redis.ts at a free port, and reads the port from its first line. */
export async function startExample(): Promise<RedisProcess> {
  const path = new URL("../../../examples/redis.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-lock", "--allow-net", path, "--port", "0"],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let printed = "";
  while (!printed.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("examples/redis.ts ended without a line");
    printed += value;
  }
  const found = /^redis listening on tcp:\/\/127\.0\.0\.1:(\d+)\n$/.exec(printed);
  if (found === null) throw new Error(`the first line is ${printed}`);
  return stoppable(Number(found[1]), child, () => reader.cancel());
}

/** Starts Debian's redis-server at a free port, without files. */
export async function startRedis(): Promise<RedisProcess> {
  await find("redis-server");
  const port = getAvailablePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const child = new Deno.Command("redis-server", { args, stdout: "null", stderr: "null" }).spawn();
  await holdsElsewhere(async () => {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return true;
    } catch {
      return false;
    }
  }, "redis-server accepts connections");
  return stoppable(port, child, () => Promise.resolve());
}

function stoppable(
  port: number,
  child: Deno.ChildProcess,
  close: () => Promise<void>,
): RedisProcess {
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await close();
    },
  };
}
