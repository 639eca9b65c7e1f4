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

/** Starts examples/redis.ts at a free port, with the identities of a file if there is one. */
export async function startExample(identities?: string): Promise<RedisProcess> {
  const example = identities === undefined
    ? await startProgram("redis", ["--allow-net"], ["--port", "0"])
    : await startProgram(
      "redis",
      ["--allow-net", "--allow-read"],
      ["--port", "0", "--identities", identities],
    );
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
