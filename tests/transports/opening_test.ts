// The server's clock decides when to give up connections that do not open.

import { assertEquals } from "@std/assert";
import { type LogEntry, serve } from "../../server/mod.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { bareProtocol } from "../bare_protocol.ts";
import { identity } from "./tls.ts";

const HOUR = 3_600_000;

/** Lets hours pass on the clock until `ended` settles. The connection takes real time to arrive. */
async function hoursUntil(clock: VirtualClock, ended: Promise<unknown>): Promise<void> {
  let isOver = false;
  ended.then(() => isOver = true);
  while (!isOver) await clock.elapse(HOUR);
}

Deno.test("a WebSocket that does not open in an hour of a virtual clock is given up", async () => {
  const clock = new VirtualClock();
  await using server = await serve(bareProtocol, {}, {
    listen: [],
    ws: { port: 0 },
    clock,
    timeouts: { opening: HOUR },
  });
  using silent = await Deno.connect({ port: Number(new URL(server.address).port) });
  const ended = silent.read(new Uint8Array(1)).catch(() => null);
  await hoursUntil(clock, ended);
  assertEquals(await ended, null);
});

Deno.test("a TLS handshake that does not come in an hour of a virtual clock is given up", async () => {
  const clock = new VirtualClock();
  const { promise: logged, resolve: log } = Promise.withResolvers<LogEntry>();
  await using server = await serve(bareProtocol, {}, {
    listen: ["tls://127.0.0.1:0"],
    tls: identity,
    clock,
    timeouts: { opening: HOUR },
    log,
  });
  const { port } = new URL(server.address.replace("tls:", "http:"));
  using _silent = await Deno.connect({ port: Number(port) });
  await hoursUntil(clock, logged);
  assertEquals((await logged).why, "no TLS handshake within 3600000 ms");
});
