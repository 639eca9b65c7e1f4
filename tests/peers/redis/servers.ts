// The example and the original, each in a process of its own.

import { assertMatch } from "@std/assert";
import { getAvailablePort } from "@std/net";
import { holdsElsewhere } from "../../elsewhere.ts";
import { startExample as startProgram } from "../example_process.ts";
import { find } from "../program.ts";

/** A running server. `await using` stops it. */
export interface RedisProcess extends AsyncDisposable {
  readonly port: number;
}

/** Starts examples/redis.ts at a free port. */
export async function startExample(): Promise<RedisProcess> {
  const example = await startProgram("redis", ["--allow-net"], ["--port", "0"]);
  assertMatch(example.line, /^redis listening on tcp:\/\/127\.0\.0\.1:\d+$/);
  return example;
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
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}
