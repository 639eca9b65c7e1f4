// Clients in this process whose connections the kernel ends: with FIN where they have read all, and with a reset where not.
// `tests/peers/kills/` has the same tests with killed processes, over all transports.

import { connect, work } from "@lineup/lineup/client";
import { queueProtocol } from "@lineup/lineup/queue/protocol";
import { type ByteStream, connectStream, parseAddress } from "../../../net/mod.ts";
import { RawClient } from "../../raw_client.ts";
import { type StartTaker, type Taker, testLostTakers } from "./lost_takers.ts";

async function startWorker(address: string): Promise<Taker> {
  const streams: ByteStream[] = [];
  const client = await connect(queueProtocol, address, {
    dial: async (place, options) => {
      // A lost client does not come back.
      if (streams.length > 0) throw new Error("the client is lost");
      streams.push(await connectStream(place, options));
      return streams[0];
    },
  });
  const working = work(client, "mail", () => {});
  return {
    stop() {},
    saw: () => Promise.reject(new Error("a worker shows nothing")),
    async [Symbol.asyncDispose]() {
      streams[0].close();
      await working.close();
      await client.close();
    },
  };
}

const startTaker: StartTaker = async (address, way) => {
  if (way === "work") return await startWorker(address);
  const client = new RawClient(await connectStream(parseAddress(address)));
  await client.reply();
  await client.send("TAKE mail wait=1h\n");
  if (way === "half-closed") await client.half();
  let seen = "";
  return {
    stop() {},
    async saw(text) {
      while (!seen.includes(text)) seen += await client.reply();
    },
    [Symbol.asyncDispose]() {
      client.close();
      return Promise.resolve();
    },
  };
};

for (const transport of ["tcp://127.0.0.1:0", "unix:"]) testLostTakers(transport, startTaker);
