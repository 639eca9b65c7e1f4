import { assert, assertEquals } from "@std/assert";
import { listenMemory } from "../../../net/mod.ts";
import { type LogEntry, serve } from "../../../server/mod.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { bareProtocol } from "../../bare_protocol.ts";
import { RawClient } from "../../raw_client.ts";

const kinds: Record<string, () => Error> = {
  EMFILE: () => Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" }),
  ENFILE: () => Object.assign(new Error("Too many open files in system"), { code: "ENFILE" }),
  EINTR: () => new Deno.errors.Interrupted("interrupted"),
  ECONNABORTED: () => new Deno.errors.ConnectionAborted("aborted"),
};

for (const [kind, error] of Object.entries(kinds)) {
  Deno.test(`serve goes on accepting after any number of ${kind}, without spinning, and logs them`, async () => {
    const clock = new VirtualClock();
    const log: LogEntry[] = [];
    const memory = listenMemory();
    let calls = 0;
    let isFailing = true;
    const listener = {
      address: memory.address,
      accept: () => {
        calls++;
        return isFailing ? Promise.reject(error()) : memory.accept();
      },
      close: () => memory.close(),
    };
    const server = await serve(bareProtocol, {}, {
      listen: [listener],
      clock,
      log: (entry) => void log.push(entry),
    });
    await clock.elapse(60_000);
    assert(calls > 50 && calls < 80, `${calls} calls in a minute`);
    const said = log.length;
    assert(said < 10 && log.every(({ message }) => message === "accept failed"), `${said} lines`);
    isFailing = false;
    await clock.elapse(1000);
    const wire = await RawClient.open(memory.connect());
    assertEquals(log.slice(said).map(({ message, failures }) => [message, failures]), [
      ["accepting again", calls - 2],
    ]);
    wire.close();
    await server.shutdown();
  });
}

Deno.test("errors of accept that come and go do not fill the log", async () => {
  const clock = new VirtualClock();
  const log: LogEntry[] = [];
  const memory = listenMemory();
  let calls = 0;
  const listener = {
    address: memory.address,
    accept: () => calls++ % 2 === 0 ? Promise.reject(kinds.EMFILE()) : memory.accept(),
    close: () => memory.close(),
  };
  const server = await serve(bareProtocol, {}, {
    listen: [listener],
    clock,
    log: (entry) => void log.push(entry),
  });
  for (let i = 0; i < 100; i++) {
    memory.connect().close();
    await clock.elapse(100);
  }
  assert(log.length < 20, `${log.length} lines`);
  await server.shutdown();
});
