import { assertEquals } from "@std/assert";
import { LineWriter } from "../../net/line_writer.ts";
import { WorkLog } from "../../cli/work/log.ts";

Deno.test("lineup work reports changes of an unstable connection at once, and repeats ever less often", async () => {
  let written = "";
  const writer = new LineWriter({
    write(bytes) {
      written += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
  });
  const log = new WorkLog(writer, false);
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

Deno.test("lineup work ends each reason with a full stop before the next sentence", async () => {
  for (
    const [message, told] of [
      ["no", "no."],
      ["Too many jobs.", "Too many jobs."],
      ["Is it closed?", "Is it closed?"],
      ["two lines \n", "two lines."],
      ["", "the reason is unknown."],
    ]
  ) {
    let written = "";
    const writer = new LineWriter({
      write(bytes) {
        written += new TextDecoder().decode(bytes);
        return Promise.resolve(bytes.length);
      },
    });
    const log = new WorkLog(writer, false);
    const error = new Error(message);
    log.worker({ type: "trouble", error, ms: 100 }, undefined!);
    log.client({ type: "disconnected", address: "tcp://x:1", error });
    await writer.flush();
    assertEquals(written.split("\n").slice(0, 2), [
      `lineup: no jobs can be taken: ${told} Trying again.`,
      `lineup: connection lost: ${told} Connecting again.`,
    ]);
  }
});
