import { assert, assertEquals, assertNotMatch } from "@std/assert";
import type { RawClient } from "../../raw_client.ts";
import { WorkerFixture } from "../workers/worker_fixture.ts";
import { values } from "../workers/worker_service.ts";

/** Lets a handler answer. By then its other effects have happened. */
async function answer(wire: RawClient): Promise<void> {
  await wire.send("SAY\n");
  assertEquals(await wire.line(), "OK said");
}

const CANCELLED = 'ERR cancelled "CANCEL ended the request." executed=maybe';

// A handler's view and its client's answers are the same on the event loop and in a worker.
for (const [where, size] of [["on the loop", 0], ["in a worker", 1]] as const) {
  Deno.test(`serve gives a handler ${where} the whole context of its request`, async () => {
    await using fixture = await WorkerFixture.open(size);
    using wire = await fixture.client();
    await wire.send("HELLO lineup/1 agent=tester\n");
    await wire.line();
    const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await wire.send(`#t WHO within=60s trace=${trace}\n`);
    const quoted = /context=(".*")$/.exec(await wire.line())![1];
    // A quoted string of the wire is also one of JSON, unless it needs other escapes.
    const context = JSON.parse(JSON.parse(quoted));
    assertEquals(context, {
      verb: "WHO",
      client: { id: 1, peer: "memory", agent: "tester", closed: false },
      identity: "undefined",
      deadline: String(fixture.clock.now() + 60_000),
      trace,
      aborted: false,
    });
  });

  Deno.test(`serve passes bodies to and from a handler ${where}, also empty ones`, async () => {
    await using fixture = await WorkerFixture.open(size);
    using wire = await fixture.client();
    const long = "0123456789".repeat(10_000);
    for (const text of ["", "", "a", "", long, "b"]) {
      await wire.send(`ECHO {${text.length}}\n${text}\n`);
      assertEquals(await wire.line(), `OK {${text.length}}`);
      assertEquals(await wire.line(), text);
    }
    await wire.send("ECHO inline\n");
    assertEquals(await wire.lines(2), ["OK {6}", "inline"]);
  });

  Deno.test(`serve sends a Refusal of a handler ${where} with all its fields`, async () => {
    await using fixture = await WorkerFixture.open(size);
    using wire = await fixture.client();
    await wire.send("#f FAIL gone\n");
    assertEquals(
      await wire.line(),
      String.raw`#f ERR gone "It is \"gone\"." executed=maybe retry=250 id="7 8"`,
    );
    assertEquals([...fixture.log], []);
  });

  for (
    const how of [
      "throw",
      "string",
      "uncloneable",
      "wrong",
      "function",
      "nothing",
      "reject",
      "undeclared",
    ]
  ) {
    Deno.test(`serve answers internal where a handler ${where} fails: ${how}`, async () => {
      await using fixture = await WorkerFixture.open(size);
      using wire = await fixture.client();
      await wire.send(`FAIL ${how}\n`);
      const line = await wire.line();
      const incident = /^ERR internal .* incident=(\S+)$/.exec(line)![1];
      assertNotMatch(line, /secret/);
      const [{ error, ...entry }] = fixture.log;
      assertEquals(entry, {
        level: "error",
        message: how === "undeclared"
          ? "FAIL threw the Refusal not-declared, which its errors do not declare"
          : "FAIL failed",
        verb: "FAIL",
        client: "memory",
        incident,
      });
      if (how === "throw") {
        assert(error instanceof RangeError && error.message === "secret");
        assert(error.cause instanceof Error && error.cause.message === "deeper");
      }
      await wire.send("SAY\n");
      assertEquals(await wire.line(), "OK said");
    });
  }

  Deno.test(`log and park work for a handler ${where}`, async () => {
    await using fixture = await WorkerFixture.open(size);
    using wire = await fixture.client();
    await wire.send("SAY\n");
    assertEquals(await wire.line(), "OK said");
    const [{ f, ...entry }] = fixture.log;
    assertEquals(entry, { level: "info", message: "said", verb: "SAY", client: "memory", n: 1 });
    assert(f !== undefined);
  });

  Deno.test(`serve passes values of every type to and from a handler ${where}`, async () => {
    await using fixture = await WorkerFixture.open(size);
    using wire = await fixture.client();
    for (const [name, value] of Object.entries(values)) {
      fixture.log.length = 0;
      await wire.send(`TYPE ${name}\n`);
      const line = await wire.line();
      assert(line.startsWith("OK text="), `${name}: ${line}`);
      const { value: logged } = await fixture.logged("value");
      assertEquals(logged, value, name);
      const shown = (value: unknown) => Deno.inspect(value, { depth: Infinity });
      if (name !== "error") assertEquals(shown(logged), shown(value));
    }
  });

  Deno.test(`serve streams the items of a handler ${where}, then its reply`, async () => {
    await using fixture = await WorkerFixture.open(size);
    using wire = await fixture.client();
    await wire.send("#i ITEMS 3 2\nITEMS 0\n");
    const lines = await wire.lines(5);
    assertEquals(lines.filter((line) => line.startsWith("#i")), [
      "#i * xx",
      "#i * xx",
      "#i * xx",
      "#i OK count=3",
    ]);
    assertEquals(lines.filter((line) => !line.startsWith("#i")), ["OK count=0"]);
  });

  Deno.test(`serve ends a stream ${where} whose item cannot be sent`, async () => {
    await using fixture = await WorkerFixture.open(size);
    using wire = await fixture.client();
    await wire.send("BROKEN\n");
    assertEquals(await wire.line(), "* n=1");
    assert((await wire.line()).startsWith("ERR internal"));
    await fixture.logged("ended");
    await wire.send("SAY\n");
    assertEquals(await wire.line(), "OK said");
  });

  Deno.test(`serve asks a handler ${where} for no more items while the client does not read`, async () => {
    await using fixture = await WorkerFixture.open(size && 2);
    using wire = await fixture.client(1024);
    using other = await fixture.client();
    const made = () => fixture.log.filter(({ message }) => message === "made").length;
    await wire.send("ITEMS 1000000 1000\n");
    await fixture.log.until(() => made() > 64);
    for (let i = 0; i < 20; i++) await answer(other);
    assert(made() < 80, `${made()} items were made`);
    wire.close();
    await fixture.logged("ended");
  });

  Deno.test(`within= frees a handler ${where} whose client does not read`, async () => {
    await using fixture = await WorkerFixture.open(size);
    using wire = await fixture.client(1024);
    using other = await fixture.client();
    await wire.send("ITEMS 1000000 1000 within=1s\n");
    await fixture.log.until(() => fixture.log.length > 64);
    await fixture.clock.elapse(1020);
    await answer(other);
    await fixture.logged("ended");
  });

  for (const [verb, message] of [["NAP", "n was stopped"], ["REST", "n left"]]) {
    Deno.test(`CANCEL, within= and a lost connection reach ${verb} ${where}`, async () => {
      await using fixture = await WorkerFixture.open(size);
      const codes: unknown[] = [];
      const ended = async () => {
        codes.push((await fixture.logged(message)).code);
        fixture.log.length = 0;
      };
      using wire = await fixture.client();
      await wire.send(`#n ${verb} n\n`);
      await fixture.logged("n began");
      await wire.send("CANCEL n\n");
      assertEquals(await wire.lines(2), [`#n ${CANCELLED}`, "OK"]);
      await ended();
      await wire.send(`${verb} n within=100ms\n`);
      await fixture.logged("n began");
      await fixture.clock.elapse(120);
      assertEquals(
        await wire.line(),
        'ERR expired "The time given by within= is over." executed=maybe',
      );
      await ended();
      await wire.send(`#n ${verb} n\n#m ${verb} m within=100ms\n`);
      await fixture.logged("n began");
      wire.close();
      // The server notices the lost connection when it answers.
      await fixture.clock.elapse(120);
      if (verb === "NAP") assertEquals((await fixture.logged(message)).closed, true);
      await ended();
      assertEquals(codes, ["cancelled", "expired", "cancelled"]);
    });
  }
}
