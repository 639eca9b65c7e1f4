// A client that waits for a job is killed.

import { NO_ORPHAN } from "../../orphan.ts";
import { type StartTaker, testLostTakers } from "../../queue/engine/lost_takers.ts";
import { AUTHORITY_FILE } from "../../transports/tls.ts";

/** The program of a client, which is small because there are many of them. */
const program = (way: string): string =>
  new URL(way === "work" ? "idle_worker.ts" : "idle_taker.ts", import.meta.url).pathname;

const startTaker: StartTaker = async (address, way) => {
  const authority = await Deno.readTextFile(AUTHORITY_FILE);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-all", NO_ORPHAN, program(way), address, authority, way],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  return {
    stop: () => child.kill("SIGSTOP"),
    async saw(text) {
      let seen = "";
      while (!seen.includes(text)) seen += (await output.read()).value ?? "";
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await output.cancel();
    },
  };
};

const TRANSPORTS = ["tcp://127.0.0.1:0", "tls://localhost:0", "unix:", "ws://127.0.0.1:0/"];

for (const transport of TRANSPORTS) testLostTakers(transport, startTaker);
