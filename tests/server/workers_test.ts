import { assert, assertEquals, assertNotEquals, assertNotMatch } from "@std/assert";
import { until, type Wire } from "../wire.ts";
import { Workshop } from "./workshop.ts";

const CANCELLED = 'ERR cancelled "CANCEL ended the request." executed=maybe';

/** Which worker answers. */
async function thread(wire: Wire): Promise<string> {
  await wire.send("WHO\n");
  return /thread=(\S+)/.exec(await wire.line())![1];
}

// What a handler sees and what its client gets is the same on the loop and in a worker.
for (const [where, size] of [["on the loop", 0], ["in a worker", 1]] as const) {
  Deno.test(`serve tells a handler ${where} all about its request`, async () => {
    await using workshop = await Workshop.open(size);
    using wire = await workshop.client();
    await wire.send("HELLO lineup/1 agent=tester\n");
    await wire.line();
    const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await wire.send(`#t WHO within=60s trace=${trace}\n`);
    const quoted = /context=(".*")$/.exec(await wire.line())![1];
    // A string of the wire is one of JSON as long as it needs no other escapes.
    const context = JSON.parse(JSON.parse(quoted));
    assertEquals(context, {
      verb: "WHO",
      client: { id: 1, peer: "memory", agent: "tester", closed: false },
      identity: "undefined",
      deadline: String(workshop.clock.now() + 60_000),
      trace,
      aborted: false,
    });
  });

  Deno.test(`serve passes bodies to and from a handler ${where}, also empty ones`, async () => {
    await using workshop = await Workshop.open(size);
    using wire = await workshop.client();
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
    await using workshop = await Workshop.open(size);
    using wire = await workshop.client();
    await wire.send("#f FAIL gone\n");
    assertEquals(
      await wire.line(),
      String.raw`#f ERR gone "It is \"gone\"." executed=maybe retry=250 id="7 8"`,
    );
    assertEquals(workshop.log, []);
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
      await using workshop = await Workshop.open(size);
      using wire = await workshop.client();
      await wire.send(`FAIL ${how}\n`);
      const line = await wire.line();
      const incident = /^ERR internal .* incident=(\S+)$/.exec(line)![1];
      assertNotMatch(line, /secret/);
      const [{ error, ...entry }] = workshop.log;
      assertEquals(entry, {
        level: "error",
        message: "FAIL failed",
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
    await using workshop = await Workshop.open(size);
    using wire = await workshop.client();
    await wire.send("SAY\n");
    assertEquals(await wire.line(), "OK said");
    const [{ f, ...entry }] = workshop.log;
    assertEquals(entry, { level: "info", message: "said", verb: "SAY", client: "memory", n: 1 });
    assert(f !== undefined);
  });

  Deno.test(`serve streams the items of a handler ${where}, then its reply`, async () => {
    await using workshop = await Workshop.open(size);
    using wire = await workshop.client();
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
    await using workshop = await Workshop.open(size);
    using wire = await workshop.client();
    await wire.send("BROKEN\n");
    assertEquals(await wire.line(), "* n=1");
    assert((await wire.line()).startsWith("ERR internal"));
    await workshop.logged("ended");
    await wire.send("SAY\n");
    assertEquals(await wire.line(), "OK said");
  });

  Deno.test(`serve asks a handler ${where} for no more items while the client does not read`, async () => {
    await using workshop = await Workshop.open(size && 2);
    using wire = await workshop.client(1024);
    using other = await workshop.client();
    const made = () => workshop.log.filter(({ message }) => message === "made").length;
    await wire.send("ITEMS 1000000 1000\n");
    await until(() => made() > 64, "the buffers are full");
    for (let i = 0; i < 20; i++) await thread(other);
    assert(made() < 80, `${made()} items were made`);
    wire.close();
    await workshop.logged("ended");
  });

  Deno.test(`within= frees a handler ${where} whose client does not read`, async () => {
    await using workshop = await Workshop.open(size);
    using wire = await workshop.client(1024);
    using other = await workshop.client();
    await wire.send("ITEMS 1000000 1000 within=1s\n");
    await until(() => workshop.log.length > 64, "the buffers are full");
    await workshop.clock.elapse(1020);
    await thread(other);
    await workshop.logged("ended");
  });

  for (const [verb, message] of [["NAP", "n was stopped"], ["REST", "n left"]]) {
    Deno.test(`CANCEL, within= and a lost connection reach ${verb} ${where}`, async () => {
      await using workshop = await Workshop.open(size);
      const codes: unknown[] = [];
      const ended = async () => {
        codes.push((await workshop.logged(message)).code);
        workshop.log.length = 0;
      };
      using wire = await workshop.client();
      await wire.send(`#n ${verb} n\n`);
      await workshop.logged("n began");
      await wire.send("CANCEL n\n");
      assertEquals(await wire.lines(2), [`#n ${CANCELLED}`, "OK"]);
      await ended();
      await wire.send(`${verb} n within=100ms\n`);
      await workshop.logged("n began");
      await workshop.clock.elapse(120);
      assertEquals(
        await wire.line(),
        'ERR expired "The time given by within= is over." executed=maybe',
      );
      await ended();
      await wire.send(`#n ${verb} n\n#m ${verb} m within=100ms\n`);
      await workshop.logged("n began");
      wire.close();
      // The server learns of it as it answers.
      await workshop.clock.elapse(120);
      if (verb === "NAP") assertEquals((await workshop.logged(message)).closed, true);
      await ended();
      assertEquals(codes, ["cancelled", "expired", "cancelled"]);
    });
  }
}

Deno.test("serve replaces a worker whose handler does not stop, after the grace", async () => {
  await using workshop = await Workshop.open(1);
  using wire = await workshop.client();
  const first = await thread(wire);
  await wire.send("#s SPIN s\n");
  await workshop.logged("s began");
  await wire.send("CANCEL s\n#w WHO\n");
  assertEquals(await wire.lines(2), [`#s ${CANCELLED}`, "OK"]);
  await workshop.clock.elapse(99);
  assertEquals(await workshop.figure(wire, "workers-waiting"), "1");
  await workshop.clock.elapse(1);
  const line = await wire.line();
  assert(line.startsWith("#w OK ") && !line.includes(first));
  const { message, verb } = workshop.log.at(-1)!;
  assertEquals({ message, verb }, {
    message: "SPIN did not stop, so its worker was replaced",
    verb: "SPIN",
  });
  assertEquals(workshop.clock.pending, 0);
});

Deno.test("serve replaces a worker at once again and again where requests make it", async () => {
  await using workshop = await Workshop.open(1, { grace: 5 });
  using wire = await workshop.client();
  const threads = new Set<string>();
  for (let i = 0; i < 4; i++) {
    await wire.send(`#s SPIN ${i}\n`);
    await workshop.logged(`${i} began`);
    await wire.send("CANCEL s\n");
    await wire.lines(2);
    await workshop.clock.elapse(5);
    threads.add(await thread(wire));
  }
  assertEquals(threads.size, 4);
});

Deno.test("serve keeps the other workers' requests where one is replaced", async () => {
  await using workshop = await Workshop.open(2);
  using wire = await workshop.client();
  await wire.send("#n NAP n\n#s SPIN s within=50ms\n");
  await workshop.logged("n began");
  await workshop.logged("s began");
  await workshop.clock.elapse(200);
  assertEquals(
    await wire.line(),
    '#s ERR expired "The time given by within= is over." executed=maybe',
  );
  await wire.send("#a WHO\n");
  assert((await wire.line()).startsWith("#a OK"));
  await wire.send("CANCEL n\n");
  assertEquals(await wire.lines(2), [`#n ${CANCELLED}`, "OK"]);
  assertEquals((await workshop.logged("n was stopped")).code, "cancelled");
});

for (const how of ["throw", "reject", "close", "exit"]) {
  Deno.test(`serve answers internal where a worker ends, and starts another: ${how}`, async () => {
    await using workshop = await Workshop.open(1);
    using wire = await workshop.client();
    const first = await thread(wire);
    await wire.send(`END ${how}\n`);
    assert((await wire.line()).startsWith('ERR internal "END failed; '));
    const { message, error } = workshop.log[0];
    assertEquals(message, "END failed");
    assert(/^a worker ended/.test((error as Error).message), String(error));
    assertNotEquals(await thread(wire), first);
    assertEquals(workshop.clock.pending, 0);
  });
}

Deno.test("serve hands one request at a time to a worker; the others wait in the fair queue", async () => {
  await using workshop = await Workshop.open(2);
  using wire = await workshop.client();
  await wire.send("#a NAP a\n#b NAP b\n#c NAP c\n#d NAP d\n#e WHO\n");
  await workshop.logged("a began");
  await workshop.logged("b began");
  assertEquals(await workshop.figure(wire, "workers-running"), "2");
  assertEquals(await workshop.figure(wire, "workers-waiting"), "3");
  assertEquals(workshop.log.length, 2);
  await wire.send("CANCEL c\n");
  assertEquals(await wire.lines(2), [
    '#c ERR cancelled "CANCEL ended the request." executed=no',
    "OK",
  ]);
  await wire.send("CANCEL b\n");
  await wire.lines(2);
  await workshop.logged("d began");
  assertEquals(await workshop.figure(wire, "workers-waiting"), "1");
  await wire.send("CANCEL d\n");
  const lines = await wire.lines(3);
  assert(lines.some((line) => line.startsWith("#e OK")), lines.join("\n"));
  assertEquals(workshop.log.some(({ message }) => message === "c began"), false);
});

Deno.test("serve answers what waits for a worker as its class and deadline say", async () => {
  await using workshop = await Workshop.open(1);
  using wire = await workshop.client();
  await wire.send("#n NAP n\n#w WHO within=100ms\n");
  await workshop.logged("n began");
  await workshop.clock.elapse(70);
  // Half of its time is over.
  assert((await wire.line()).startsWith("#w ERR busy "));
});

Deno.test("serve shuts down with workers that nap and spin, and leaves nothing", async () => {
  const workshop = await Workshop.open(2);
  {
    await using _ = workshop;
    using wire = await workshop.client();
    await wire.send("NAP n\n#s SPIN s\n");
    await workshop.logged("n began");
    await workshop.logged("s began");
  }
  assertEquals(workshop.clock.pending, 0);
});

Deno.test("serve shuts down while a worker is being replaced", async () => {
  const workshop = await Workshop.open(1);
  {
    await using _ = workshop;
    using wire = await workshop.client();
    await wire.send("#s SPIN s\n");
    await workshop.logged("s began");
    await wire.send("CANCEL s\n#w WHO\n");
    await wire.lines(2);
    await workshop.clock.elapse(100);
  }
  assertEquals(workshop.clock.pending, 0);
});
