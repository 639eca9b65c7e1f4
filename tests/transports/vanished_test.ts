// Servers and clients that vanish without the end of their connections, over every transport. A stopped process
// vanishes: it keeps its sockets and sends nothing.

import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { connect, ConnectionLost } from "../../client/mod.ts";
import { connectStream, parseAddress } from "../../net/mod.ts";
import { type LogEntry, serve } from "../../server/mod.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { RawClient } from "../raw_client.ts";
import { identity, trust } from "./tls.ts";
import { NO_ORPHAN } from "../orphan.ts";

const dial: typeof connectStream = (address, options) =>
  connectStream(address, { ...options, tls: trust });

const slow = {
  name: "slow",
  version: "1.0",
  summary: "Answers late.",
  commands: { HANG: { summary: "Never answer." } },
} as const;

const TRANSPORTS = ["tcp", "tls", "unix", "ws"];

async function withPlace(transport: string, test: (place: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  await test(transport === "unix" ? `unix:${directory}/s` : `${transport}://127.0.0.1:0`);
  await Deno.remove(directory, { recursive: true });
}

const HEARTBEAT_MS = 60_000;

/** Lets time pass until the promise settles. */
async function passUntil<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  promise.finally(() => isSettled = true);
  while (!isSettled) await clock.elapse(HEARTBEAT_MS);
  return await promise;
}

/** A server whose process is stopped, continued and stopped again. */
async function stopServer(place: string): Promise<void> {
  const program = new URL("every_server.ts", import.meta.url).href;
  const server = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", NO_ORPHAN, program, place],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const address = (await reader.read()).value!.trim();
  const clock = new VirtualClock();
  const lost = Promise.withResolvers<void>();
  const client = await connect(address, {
    dial,
    clock,
    heartbeat: HEARTBEAT_MS,
    timeout: 60 * HEARTBEAT_MS,
    retry: { attempts: 1 },
    onEvent: ({ type }) => type === "disconnected" && lost.resolve(),
  });
  const ping = (): Promise<unknown> => client.call("PING").catch((error) => error);
  try {
    assertEquals(await ping(), { word: "pong" });
    // A connection that lasts a second announces its heartbeat.
    await clock.elapse(1000);
    assertEquals(await ping(), { word: "pong" });
    server.kill("SIGSTOP");
    // The client notices that the server is gone.
    await passUntil(clock, lost.promise);
    assertInstanceOf(await passUntil(clock, ping()), ConnectionLost);
    server.kill("SIGCONT");
    // The pause before the next connection passes, and no heartbeat.
    const answer = ping();
    await clock.elapse(HEARTBEAT_MS / 2);
    assertEquals(await answer, { word: "pong" });
    server.kill("SIGSTOP");
    assertInstanceOf(await passUntil(clock, ping()), ConnectionLost);
    await client.close(0);
  } finally {
    server.kill("SIGKILL");
    await Promise.all([server.status, reader.cancel()]);
  }
}

Deno.test({
  name:
    "a client notices over every transport that its server vanishes, with and without a call in flight",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await Promise.all(TRANSPORTS.map((transport) => withPlace(transport, stopServer)));
  },
});

for (const transport of TRANSPORTS) {
  Deno.test(`a server gives up a client that vanishes, and its requests in flight: ${transport}`, () =>
    withPlace(transport, async (place) => {
      const clock = new VirtualClock();
      const log: LogEntry[] = [];
      let isAborted = false;
      await using server = await serve(slow, {
        HANG: (_, { signal, park }) =>
          park(
            new Promise<void>((resolve) =>
              signal.addEventListener("abort", () => {
                isAborted = true;
                resolve();
              })
            ),
          ),
      }, { listen: [place], tls: identity, clock, log: (entry) => void log.push(entry) });
      using wire = await RawClient.open(await dial(parseAddress(server.address)));
      await wire.send("HELLO lineup/1 heartbeat=10s\n#h HANG\nPING\n");
      assertStringIncludes(await wire.line(), "OK lineup/1 slow/1.0");
      assertEquals(await wire.line(), "OK pong");
      await clock.elapse(20_000);
      assertEquals([log, isAborted], [[], false]);
      await clock.elapse(60_000);
      assert(isAborted);
      assertStringIncludes(log[0].message, "connection dropped: nothing came from the client for");
      assertEquals(await wire.rest().catch(() => ""), "");
    }));
}
