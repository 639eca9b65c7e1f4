import { assertEquals, assertMatch } from "@std/assert";
import { connect } from "../../client/mod.ts";
import { connectStream } from "../../net/mod.ts";
import { queueProtocol } from "../../queue/mod.ts";
import { trust } from "../transports/tls.ts";
import { startLineup } from "./run.ts";

const pem = (name: string): string =>
  new URL(`../transports/tls/${name}`, import.meta.url).pathname;

Deno.test("lineup queue serves TLS and WebSocket where it is told to, and says so", async () => {
  const identity = ["--tls-cert", pem("server.pem"), "--tls-key", pem("server.key")];
  const args = ["queue", "--port", "0", "--data", ":memory:", "--ws", "0", ...identity];
  await using server = await startLineup(args);
  assertMatch(
    server.line,
    /^lineup queue listening on tls:\/\/127\.0\.0\.1:\d+ and ws:\/\/127\.0\.0\.1:\d+\/$/,
  );
  for (const address of server.line.split(" on ")[1].split(" and ")) {
    await using client = await connect(queueProtocol, address, {
      dial: (place, options) => connectStream(place, { ...options, tls: trust }),
    });
    assertEquals(await client.PING(), { word: "pong" });
  }
});
