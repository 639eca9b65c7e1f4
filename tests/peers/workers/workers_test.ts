import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { holdsElsewhere } from "../../elsewhere.ts";
import type { RawClient } from "../../raw_client.ts";
import { ownWorkers, processes, workersAlive } from "../../server/workers/processes.ts";
import { settle } from "../../streams.ts";
import { WorkerFixture } from "../../server/workers/worker_fixture.ts";

const CANCELLED = 'ERR cancelled "CANCEL ended the request." executed=maybe';

/** The id of the worker that answers. */
async function thread(wire: RawClient): Promise<string> {
  await wire.send("WHO\n");
  return /thread=(\S+)/.exec(await wire.line())![1];
}

Deno.test("serve replaces a worker whose handler does not stop, after the grace", async () => {
  await using fixture = await WorkerFixture.open(1);
  using wire = await fixture.client();
  const first = await thread(wire);
  await wire.send("#s SPIN s\n");
  await fixture.logged("s began");
  await wire.send("CANCEL s\n#w WHO\n");
  assertEquals(await wire.lines(2), [`#s ${CANCELLED}`, "OK"]);
  await fixture.clock.elapse(99);
  assertEquals(await fixture.figure(wire, "workers-waiting"), "1");
  await fixture.clock.elapse(1);
  const line = await wire.line();
  assert(line.startsWith("#w OK ") && !line.includes(first));
  const { message, verb } = fixture.log.at(-1)!;
  assertEquals({ message, verb }, {
    message: "SPIN did not stop, so its worker was replaced",
    verb: "SPIN",
  });
});

Deno.test("serve replaces a worker at once, again and again, where requests block it", async () => {
  await using fixture = await WorkerFixture.open(1, { grace: 5 });
  using wire = await fixture.client();
  const threads = new Set<string>();
  for (let i = 0; i < 4; i++) {
    await wire.send(`#s SPIN ${i}\n`);
    await fixture.logged(`${i} began`);
    await wire.send("CANCEL s\n");
    await wire.lines(2);
    await fixture.clock.elapse(5);
    threads.add(await thread(wire));
  }
  assertEquals(threads.size, 4);
});

Deno.test("serve keeps the other workers' requests where one is replaced", async () => {
  await using fixture = await WorkerFixture.open(2);
  using wire = await fixture.client();
  await wire.send("#n NAP n\n#s SPIN s within=50ms\n");
  await fixture.logged("n began");
  await fixture.logged("s began");
  await fixture.clock.elapse(200);
  assertEquals(
    await wire.line(),
    '#s ERR expired "The time given by within= is over." executed=maybe',
  );
  await wire.send("#a WHO\n");
  assert((await wire.line()).startsWith("#a OK"));
  await wire.send("CANCEL n\n");
  assertEquals(await wire.lines(2), [`#n ${CANCELLED}`, "OK"]);
  assertEquals((await fixture.logged("n was stopped")).code, "cancelled");
});

for (
  const [how, why] of [
    ["throw", /^a worker ended: Error: thrown in a timer$/],
    ["reject", /^a worker ended: Error: rejected, unheard$/],
    ["close", /^a worker ended: exit code 0$/],
    ["exit", /^a worker ended: exit code 3$/],
    ["kill", /^a worker ended: signal SIGKILL$/],
    ["heap", /^a worker ended: signal SIG(TRAP|ABRT|ILL)$/],
    ["buffers", /^a worker ended: signal SIGKILL$/],
  ] as const
) {
  Deno.test(`serve answers internal where a worker ends, and starts another: ${how}`, async () => {
    await using fixture = await WorkerFixture.open(1);
    using wire = await fixture.client();
    const first = await thread(wire);
    await wire.send(`END ${how}\n`);
    assert((await wire.line()).startsWith('ERR internal "END failed; '));
    const { message, error } = fixture.log[0];
    assertEquals(message, "END failed");
    assertMatch((error as Error).message, why);
    assertNotEquals(await thread(wire), first);
  });
}

Deno.test("serve hands one request at a time to a worker; the others wait in the fair queue", async () => {
  await using fixture = await WorkerFixture.open(2);
  using wire = await fixture.client();
  await wire.send("#a NAP a\n#b NAP b\n#c NAP c\n#d NAP d\n#e WHO\n");
  await fixture.logged("a began");
  await fixture.logged("b began");
  assertEquals(await fixture.figure(wire, "workers-running"), "2");
  assertEquals(await fixture.figure(wire, "workers-waiting"), "3");
  assertEquals(fixture.log.length, 2);
  await wire.send("CANCEL c\n");
  assertEquals(await wire.lines(2), [
    '#c ERR cancelled "CANCEL ended the request." executed=no',
    "OK",
  ]);
  await wire.send("CANCEL b\n");
  await wire.lines(2);
  await fixture.logged("d began");
  assertEquals(await fixture.figure(wire, "workers-waiting"), "1");
  await wire.send("CANCEL d\n");
  const lines = await wire.lines(3);
  assert(lines.some((line) => line.startsWith("#e OK")), lines.join("\n"));
  assertEquals(fixture.log.some(({ message }) => message === "c began"), false);
});

Deno.test("serve answers requests that wait for a worker by their class and deadline", async () => {
  await using fixture = await WorkerFixture.open(1);
  using wire = await fixture.client();
  await wire.send("#n NAP n\n#w WHO within=100ms\n");
  await fixture.logged("n began");
  await fixture.clock.elapse(70);
  // Half of the request's time is over.
  assert((await wire.line()).startsWith("#w ERR busy "));
});

Deno.test("serve shuts down with workers that nap and spin, and leaves nothing", async () => {
  const fixture = await WorkerFixture.open(2);
  {
    await using _ = fixture;
    using wire = await fixture.client();
    await wire.send("NAP n\n#s SPIN s\n");
    await fixture.logged("n began");
    await fixture.logged("s began");
  }
  assertEquals(fixture.clock.pending, 0);
});

Deno.test("serve shuts down while a worker is being replaced", async () => {
  const fixture = await WorkerFixture.open(1);
  {
    await using _ = fixture;
    using wire = await fixture.client();
    await wire.send("#s SPIN s\n");
    await fixture.logged("s began");
    await wire.send("CANCEL s\n#w WHO\n");
    await wire.lines(2);
    await fixture.clock.elapse(100);
  }
  assertEquals(fixture.clock.pending, 0);
});

Deno.test("no process burns after handlers that spin were cancelled", async () => {
  await using fixture = await WorkerFixture.open(2, { grace: 5 });
  using wire = await fixture.client();
  for (let i = 0; i < 6; i++) {
    await wire.send(`#s SPIN s${i}\n`);
    await fixture.logged(`s${i} began`);
    await wire.send("CANCEL s\n");
    await wire.lines(2);
    await fixture.clock.elapse(5);
  }
  await holdsElsewhere(() => workersAlive() === 2, "two workers run");
  await wire.send("#a WHO\n#b WHO\n");
  await wire.lines(2);
  const pids = () => ownWorkers().map(({ pid }) => pid);
  const before = ownWorkers();
  await wire.send("WHO\n");
  await wire.line();
  const used = ownWorkers().reduce((sum, { used }) => sum + used, 0) -
    before.reduce((sum, { used }) => sum + used, 0);
  assertEquals(before.map(({ pid }) => pid), pids());
  assert(used < 50, `${used} hundredths of a second for a request`);
});

for (const name of ["child", ...(Deno.build.os === "linux" ? ["session"] : [])]) {
  Deno.test(`serve ends a worker together with the processes of its handler: a ${name}`, async () => {
    await using fixture = await WorkerFixture.open(1, { grace: 5 });
    using wire = await fixture.client();
    await wire.send(`#s START ${name}\n`);
    const { pid } = await fixture.logged(`${name} began`);
    await wire.send("CANCEL s\n");
    await wire.lines(2);
    await fixture.clock.elapse(5);
    await holdsElsewhere(() => processes().every((each) => each.pid !== pid), "it has ended");
  });
}

Deno.test("a worker is asked to end together with its server, and lets its request finish", async () => {
  await using fixture = await WorkerFixture.open(1);
  using wire = await fixture.client();
  await wire.send("#n NAP n\n");
  await fixture.logged("n began");
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.kill(ownWorkers()[0].pid, signal);
  }
  await wire.send("CANCEL n\n");
  await wire.lines(2);
  await fixture.logged("n was stopped");
});

for (const how of ["goes", "cancels"]) {
  Deno.test(`serve ends a stream that spins where its client ${how}`, async () => {
    await using fixture = await WorkerFixture.open(1, { grace: 5 });
    using other = await fixture.client();
    const first = await thread(other);
    const [{ pid }] = ownWorkers();
    using wire = await fixture.client();
    await wire.send("HELLO lineup/1 half-close=no\n#s STUCK\n");
    await wire.line();
    assertEquals(await wire.line(), "#s * n=1");
    if (how === "goes") wire.close();
    else {
      await wire.send("CANCEL s\n");
      await wire.lines(2);
    }
    await other.send("#w WHO\n");
    await settle(fixture);
    await fixture.clock.elapse(5);
    const line = await other.line();
    assert(line.startsWith("#w OK ") && !line.includes(first), line);
    await holdsElsewhere(() => processes().every((each) => each.pid !== pid), "it is killed");
  });
}
