// The events of a server, as a subscriber hears them.

import { assertEquals, assertGreater } from "@std/assert";
import type { ObservedRequest, ServerEvent, TelemetrySubscriber } from "@lineup/lineup/server";
import { TestServer } from "../test_server.ts";

/** Writes down what it hears of requests, a line each. */
class Notes implements TelemetrySubscriber {
  readonly lines: string[] = [];
  readonly events: ServerEvent[] = [];

  event(event: ServerEvent): void {
    this.events.push(event);
  }

  requestQueued(request: ObservedRequest): void {
    this.lines.push(`queued ${request.verb} ${request.class}`);
  }

  requestStarted({ verb, startedAt, arrivedAt }: ObservedRequest): void {
    this.lines.push(`started ${verb} after ${Math.round(startedAt - arrivedAt)}`);
  }

  requestFinished(
    { verb, startedAt }: ObservedRequest,
    code: string | undefined,
    now: number,
  ): void {
    const ran = startedAt === 0 ? "never ran" : `ran ${Math.round(now - startedAt)}`;
    this.lines.push(`finished ${verb} ${code ?? "well"} ${ran}`);
  }

  inputRefused({ verb, code }: { verb: string | undefined; code: string }): void {
    this.lines.push(`refused ${verb} ${code}`);
  }

  take(): string[] {
    return this.lines.splice(0);
  }
}

Deno.test("a subscriber hears of each request: queued, started, finished with its code, or refused", async () => {
  await using test = await TestServer.open({ seats: 1 });
  const notes = new Notes();
  const end = test.server.telemetry.subscribe(notes);
  using wire = await test.client();

  assertEquals(await wire.ask("PING"), "OK pong");
  assertEquals(notes.take(), [
    "queued PING control",
    "started PING after 0",
    "finished PING well ran 0",
  ]);
  await wire.send("#h HOLD a\n#s SAY hello class=interactive\n");
  const held = await test.held("a");
  test.clock.advance(30);
  held.go("x");
  assertEquals(await wire.lines(2), ["#h OK x", "#s OK hello"]);
  assertEquals(notes.take(), [
    "queued HOLD normal",
    "started HOLD after 0",
    "queued SAY interactive",
    "finished HOLD well ran 30",
    "started SAY after 30",
    "finished SAY well ran 0",
  ]);
  await wire.ask("FAIL gone");
  await wire.ask("FAIL throw");
  await wire.ask("SAY");
  await wire.ask("FROB");
  await wire.ask('SAY "');
  assertEquals(notes.take(), [
    "queued FAIL normal",
    "started FAIL after 0",
    "finished FAIL gone ran 0",
    "queued FAIL normal",
    "started FAIL after 0",
    "finished FAIL internal ran 0",
    "finished SAY bad-arguments never ran",
    "refused undefined unknown-command",
    "refused undefined bad-syntax",
  ]);
  await wire.send("#h HOLD b\n#s SAY late within=5ms\n");
  await test.held("b");
  test.clock.advance(100);
  await wire.line();
  assertEquals(notes.take().slice(-1), ["finished SAY expired never ran"]);
  end();
  await wire.ask("PING");
  assertEquals(notes.take(), []);
  test.server.telemetry.subscribe(notes);
  const down = test.server.shutdown();
  test.clock.advance(10_000);
  assertEquals(notes.take(), ["finished HOLD lost ran 10100"]);
  test.holds.at(-1)!.go("x");
  await down;
});

Deno.test("a subscriber hears of connections and of the drain, and reads the figures", async () => {
  await using test = await TestServer.open();
  const notes = new Notes();
  const { telemetry } = test.server;
  telemetry.subscribe(notes);
  {
    using wire = await test.client();
    await wire.ask("SAY");
    const { connections, counters, schedulers, heldBytesLimit } = telemetry.figures();
    assertEquals([connections, counters.connections, counters.requests], [1, 1, 1]);
    assertEquals(counters.errors.get("bad-arguments"), 1);
    assertEquals(schedulers.map(({ prefix }) => prefix), [""]);
    assertGreater(heldBytesLimit, 0);
    test.clock.advance(250);
    assertEquals(await wire.ask("QUIT"), "OK bye");
    await wire.rest();
  }
  await test.server.shutdown();
  const kinds = notes.events.map(({ kind }) => kind);
  assertEquals([...new Set(kinds)].sort(), [
    "closed",
    "connection-closed",
    "connection-ended",
    "connection-opened",
    "draining",
    "loop-lag",
  ]);
  assertEquals([kinds[0], kinds.at(-1)], ["connection-opened", "closed"]);
  const closed = notes.events.find(({ kind }) => kind === "connection-closed");
  assertEquals(closed, {
    kind: "connection-closed",
    client: "memory",
    connection: 1,
    requests: 2,
    errors: 1,
    seconds: 0.25,
  });
});

Deno.test("a subscriber that throws ends no request, and hears nothing more", async () => {
  await using test = await TestServer.open();
  let calls = 0;
  const fail = (): never => {
    calls++;
    throw new Error("mine");
  };
  const notes = new Notes();
  test.server.telemetry.subscribe({ requestStarted: fail, requestFinished: fail });
  test.server.telemetry.subscribe({ requestFinished: fail });
  test.server.telemetry.subscribe({ event: fail });
  test.server.telemetry.subscribe(notes);
  using wire = await test.client();
  assertEquals(await wire.ask("SAY a"), "OK a");
  assertEquals(await wire.ask("SAY b"), "OK b");
  assertEquals(calls, 3);
  assertEquals(notes.lines.length, 6);
  const entries = test.log.filter(({ message }) => message.includes("subscriber of telemetry"));
  assertEquals(entries.map(({ error }) => (error as Error).message), ["mine", "mine", "mine"]);
});
