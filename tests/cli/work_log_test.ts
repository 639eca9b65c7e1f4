import { assertEquals } from "@std/assert";
import { LineWriter } from "../../net/line_writer.ts";
import { Log } from "../../cli/work/log.ts";

Deno.test("lineup work says of a connection that comes and goes what is new, and the rest less and less often", async () => {
  let written = "";
  const writer = new LineWriter({
    write(bytes) {
      written += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
  });
  const log = new Log(writer, false);
  const address = "tcp://x:1";
  log.client({ type: "connected", address });
  for (let i = 0; i < 1000; i++) {
    log.client({ type: "disconnected", address, error: new Error("gone") });
    log.client({ type: "connected", address });
  }
  await writer.flush();
  assertEquals(written.split("\n").slice(0, 2), [
    "lineup: connection lost: gone. Connecting again.",
    "lineup: connected again to tcp://x:1",
  ]);
  assertEquals(written.split("\n").length < 10, true, written);
});
