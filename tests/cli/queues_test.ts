import { assertEquals, assertMatch } from "@std/assert";
import { age } from "../../cli/figures.ts";
import calc from "../../examples/calc.ts";
import { serve } from "@lineup/lineup/server";
import { lineup } from "./lineup_here.ts";
import { serveQueue } from "./queue_here.ts";

Deno.test("lineup queues shows each queue in a row, or as JSON, or its name", async () => {
  await using queue = await serveQueue();
  const { address, client } = queue;
  assertEquals(await lineup(["queues", address]), {
    code: 0,
    out: "",
    err: "There is no queue: PUT makes one.\n",
  });
  for (let i = 0; i < 12; i++) await client.PUT({ queue: "mail", body: "x" });
  await client.PUT({ queue: "video", body: "x", delay: 3_600_000 });
  await client.TAKE({ queue: ["mail"], max: 3 }).all();
  await client.PAUSE({ queue: "video" });
  const { code, out, err } = await lineup(["queues", address]);
  assertEquals([code, err], [0, ""]);
  const rows = out.replaceAll(/ +/g, " ").split("\n");
  assertEquals(rows[0], "queue ready oldest delayed taken dead done takers");
  assertMatch(rows[1], /^mail 9 [\d.]+m?s 0 3 0 0 0$/);
  assertEquals(rows.slice(2), ["video 0 - 1 0 0 0 0 paused", ""]);
  const lines = (await lineup(["queues", "--json", address])).out.trimEnd().split("\n");
  const [mail, video] = lines.map((line) => JSON.parse(line));
  assertEquals([mail.ready, mail.taken, typeof mail.oldest], [9, 3, "number"]);
  assertEquals(video, {
    queue: "video",
    delayed: 1,
    ready: 0,
    taken: 0,
    dead: 0,
    takers: 0,
    paused: true,
  });
  assertEquals((await lineup(["queues", "--names", address])).out, "mail\nvideo\n");
});

Deno.test("lineup queues names a server that is no queue", async () => {
  await using server = await serve(calc.protocol, calc.handlers, { port: 0, log: () => {} });
  assertEquals(await lineup(["queues", server.address]), {
    code: 2,
    out: "",
    err: "lineup: the server speaks calc/1.0, not queue/1.0\n",
  });
});

Deno.test("a long time is shown in its two largest units", () => {
  const cases: readonly (readonly [ms: number, text: string])[] = [
    [0, "0ms"],
    [999, "999ms"],
    [1500, "1.5s"],
    [9999, "9.9s"],
    [59_999, "59s"],
    [60_000, "1m"],
    [252_123, "4m12s"],
    [7_500_000, "2h5m"],
    [12 * 86_400_000, "12d"],
    [12.5 * 86_400_000, "12d12h"],
  ];
  for (const [ms, text] of cases) assertEquals(age(ms), text);
});
