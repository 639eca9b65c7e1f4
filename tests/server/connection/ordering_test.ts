import { assertEquals } from "@std/assert";
import { listenMemory, memoryPair } from "../../../net/mod.ts";
import { serve } from "@lineup/lineup/server";
import calc from "../../../examples/calc.ts";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { RawClient } from "../../raw_client.ts";
import { TestServer } from "../../test_server.ts";
import { CountingStream, only, settle } from "../../streams.ts";

Deno.test("serve answers tagged requests as they finish", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send("#a HOLD a\n#b WAIT b\n#c PING\n");
  assertEquals(await wire.line(), "#c OK pong");
  (await testServer.held("b")).go("2");
  assertEquals(await wire.line(), "#b OK 2");
  (await testServer.held("a")).go("1");
  assertEquals(await wire.line(), "#a OK 1");
});

Deno.test("serve lets untagged requests overlap and answers them in order", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send("HOLD a\nWAIT b\nFLOW 2\nFROB\nECHO {3}\nx\ny\n#t PING\nPING\n");
  assertEquals(await wire.line(), "#t OK pong");
  (await testServer.held("b")).go("2");
  await settle(testServer);
  await wire.send("#u PING\n");
  assertEquals(await wire.line(), "#u OK pong");
  (await testServer.held("a")).go("1");
  assertEquals(await wire.lines(9), [
    "OK 1",
    "OK 2",
    "* x",
    "* x",
    "OK count=2",
    'ERR unknown-command "There is no command FROB; HELP lists them."',
    "OK {3}",
    "x",
    "y",
  ]);
  assertEquals(await wire.line(), "OK pong");
});

Deno.test("serve starts untagged requests in order, also across slices of the event loop", async () => {
  const order = {
    name: "order",
    version: "1",
    summary: "Notes who starts when.",
    commands: {
      BURN: { summary: "Take a while, then wait a turn.", args: { n: "integer" } },
    },
  } as const;
  const started: number[] = [];
  const listener = listenMemory();
  await using _ = await serve(order, {
    async BURN({ n }) {
      started.push(n);
      const end = performance.now() + 1;
      while (performance.now() < end);
      await null;
    },
  }, { listen: [listener] });
  using wire = await RawClient.open(listener.connect());
  const numbers = Array.from({ length: 60 }, (_, n) => n);
  const classes = ["background", "interactive", "normal", "bulk"];
  await wire.send(numbers.map((n) => `BURN ${n} class=${classes[n % 4]}\n`).join(""));
  assertEquals(await wire.lines(60), numbers.map(() => "OK"));
  assertEquals(started, numbers);
});

Deno.test("serve lets a tag be used again once it is answered", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send("#a SAY 1\n#a SAY 2\n#a FROB\n#a SAY A=1\n#a SAY 3\n");
  const lines = await wire.lines(5);
  assertEquals([lines[0], lines[1], lines[4]], ["#a OK 1", "#a OK 2", "#a OK 3"]);
});

Deno.test("serve answers more untagged requests than may be in flight, in order", async () => {
  await using testServer = await TestServer.open({ maxInFlight: 4 });
  using wire = await testServer.client();
  await wire.send(Array.from({ length: 20 }, (_, i) => `WAIT w${i}\n`).join(""));
  await testServer.held("w3");
  await settle(testServer);
  assertEquals(testServer.holds.length, 4);
  for (let i = 0; i < 20; i++) (await testServer.held(`w${i}`)).go(String(i));
  assertEquals(await wire.lines(20), Array.from({ length: 20 }, (_, i) => `OK ${i}`));
});

Deno.test("serve answers a long pipeline in order", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  const words = Array.from({ length: 2000 }, (_, i) => `w${i}`);
  const sent = wire.send(words.map((word) => `PING ${word}\n`).join(""));
  assertEquals(await wire.lines(2000), words.map((word) => `OK ${word}`));
  await sent;
});

Deno.test("serve answers all requests of one read in one write", async () => {
  const [near, far] = memoryPair();
  const stream = new CountingStream(far);
  await using _server = await TestServer.open({ listen: [only(stream)] });
  using wire = await RawClient.open(near);
  stream.writes = 0;
  await wire.send("PING\n".repeat(16));
  assertEquals(await wire.lines(16), Array(16).fill("OK pong"));
  assertEquals(stream.writes, 1);

  stream.writes = 0;
  await wire.send("#a ECHO {2}\nab\nFROB\nSAY\nSTATS\nHELP\nHELLO lineup/1\nPING last\n");
  while (await wire.line() !== "OK last");
  assertEquals(stream.writes, 1);
});

Deno.test("serve gathers the answers of one slice", async () => {
  const [near, far] = memoryPair();
  const stream = new CountingStream(far);
  await using testServer = await TestServer.open({ listen: [only(stream)] });
  using wire = await RawClient.open(near);
  await wire.send(Array.from({ length: 8 }, (_, i) => `#t${i} WAIT w${i}\n`).join(""));
  await testServer.held("w7");
  stream.writes = 0;
  for (const { go } of testServer.holds) go("x");
  await wire.lines(8);
  // The first answer is written at once, the others gather meanwhile.
  assertEquals(stream.writes <= 2, true, `${stream.writes} writes`);
});

Deno.test("calc answers #b PING before #a SLEEP, and without tags in order", async () => {
  await using server = await serve(calc.protocol, calc.handlers, { port: 0 });
  using wire = await RawClient.open(server.address);
  await wire.send("#a SLEEP 20\n#b PING\n");
  assertEquals(await wire.lines(2), ["#b OK pong", "#a OK"]);
  await wire.send("SLEEP 20\nPING\n");
  assertEquals(await wire.lines(2), ["OK", "OK pong"]);
});

Deno.test("calc answers its examples", async () => {
  await using server = await serve(calc.protocol, calc.handlers, { port: 0 });
  using wire = await RawClient.open(server.address);
  for (const { examples } of Object.values(calc.protocol.commands)) {
    for (const { request, reply } of examples) {
      await wire.send(`${request}\n`);
      const lines = reply.split("\n");
      assertEquals(await wire.lines(lines.length), lines);
    }
  }
});

/** The requests of one connection, and the answers that each end of a request lets go. */
class PlainOrder {
  #ordered: { readonly name: string; isDone: boolean }[] = [];
  readonly #tags = new Map<string, string>();

  send(name: string, tag: string | undefined): void {
    if (tag === undefined) this.#ordered.push({ name, isDone: false });
    else this.#tags.set(name, tag);
  }

  end(name: string): string {
    const tag = this.#tags.get(name);
    if (tag !== undefined) return `#${tag} OK ${name}\n`;
    this.#ordered.find((each) => each.name === name)!.isDone = true;
    const first = this.#ordered.findIndex(({ isDone }) => !isDone);
    const answered = this.#ordered.splice(0, first === -1 ? this.#ordered.length : first);
    return answered.map(({ name }) => `OK ${name}\n`).join("");
  }
}

Deno.test("serve answers as a plain list of requests does, in whatever order they end", async () => {
  for (let seed = SEED; seed < SEED + 4 * LONG; seed++) {
    const random = seededRandom(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    await using testServer = await TestServer.open({ seats: 100 });
    using wire = (await testServer.client()).listen();
    const model = new PlainOrder();
    const running: string[] = [];
    for (let step = 0, sent = 0; sent < 40 || running.length > 0; step++) {
      let expected = "";
      if (sent < 40 && (running.length === 0 || random() < 0.6)) {
        const name = `n${sent++}`;
        const tag = random() < 0.4 ? `t${sent}` : undefined;
        const verb = random() < 0.3 ? "SAY" : "HOLD";
        await wire.send(`${tag === undefined ? "" : `#${tag} `}${verb} ${name}\n`);
        model.send(name, tag);
        if (verb === "SAY") expected = model.end(name);
        else running.push(name);
      } else {
        const [name] = running.splice(below(running.length), 1);
        (await testServer.held(name)).go(name);
        expected = model.end(name);
      }
      await settle(testServer);
      assertEquals(wire.take(), expected, `LINEUP_SEED=${seed}, step ${step}`);
    }
  }
});
