import { assertEquals, assertMatch } from "@std/assert";
import { age } from "../../cli/figures.ts";
import calc from "../../examples/calc.ts";
import { serve } from "@lineup/lineup/server";
import { glob } from "../../queue/glob.ts";
import { lineup } from "./lineup_here.ts";
import { startProcess } from "./lineup_process.ts";
import { serveQueue } from "./queue_here.ts";
import { unhurried } from "../unhurried.ts";

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
  assertEquals(
    rows[0],
    "queue ready oldest delayed taken dead done takers puts/s takes/s dones/s fails/s limits",
  );
  assertMatch(rows[1], /^mail 9 [\d.]+m?s 0 3 0 0 0 0\.\d+ 0\.\d+ 0 0$/);
  assertMatch(rows[2], /^video 0 - 1 0 0 0 0 0\.\d+ 0 0 0 paused$/);
  assertEquals(rows.slice(3), [""]);
  const lines = (await lineup(["queues", "--json", address])).out.trimEnd().split("\n");
  const [mail, video] = lines.map((line) => JSON.parse(line));
  assertEquals([mail.ready, mail.taken, typeof mail.oldest], [9, 3, "number"]);
  assertEquals(video.puts > 0, true);
  assertEquals({ ...video, puts: 0 }, {
    queue: "video",
    keys: 1,
    blocked: "paused",
    puts: 0,
    takes: 0,
    dones: 0,
    fails: 0,
    delayed: 1,
    ready: 0,
    taken: 0,
    dead: 0,
    takers: 0,
    paused: true,
  });
  assertEquals((await lineup(["queues", "--names", address])).out, "mail\nvideo\n");
});

Deno.test("lineup queues filters, sorts and pages, and says how many are left", async () => {
  await using queue = await serveQueue();
  const { address, client } = queue;
  for (const [at, name] of ["mail.a", "mail.b", "mail.c", "news"].entries()) {
    for (let n = 0; n < [2, 3, 1, 9][at]; n++) await client.PUT({ queue: name, body: "x" });
  }
  await client.LIMIT({ queue: "mail.b", running: 3, rate: 0.5, weight: 2, depth: 1000 });
  const names = async (...args: string[]) =>
    (await lineup(["queues", "--names", ...args, address])).out.trim().split("\n");
  assertEquals(await names("--match", "mail.?"), ["mail.a", "mail.b", "mail.c"]);
  assertEquals(await names("--match", "*a*", "--sort", "ready"), ["mail.b", "mail.a", "mail.c"]);
  assertEquals(await names("--sort", "urgency"), ["mail.a", "mail.b", "mail.c", "news"]);
  assertEquals(await names("--sort", "puts", "--limit", "2"), ["news", "mail.b"]);
  assertEquals(await names("--after", "mail.b"), ["mail.c", "news"]);
  const first = await lineup(["queues", "--limit", "2", address]);
  assertMatch(first.out, /^mail\.b .* running 3, rate 0\.5\/s, weight 2, depth 1,000$/m);
  assertEquals(first.err, "There are more queues: --after mail.b shows the next ones.\n");
  const sorted = await lineup(["queues", "--limit", "1", "--sort", "ready", address]);
  assertEquals(sorted.err, "There are 3 more queues.\n");
  assertEquals(
    (await lineup(["queues", "--match", "x*", address])).err,
    "There is no such queue.\n",
  );
  const refused = await lineup(["queues", "--interval", "1s", address]);
  assertEquals([refused.code, refused.out], [64, ""]);
});

Deno.test("lineup queues --watch prints table after table until the server goes away", async () => {
  const queue = await serveQueue();
  await queue.client.PUT({ queue: "mail", body: "x" });
  await using process = startProcess(["queues", "--watch", "--interval", "100ms", queue.address]);
  await process.see("\n\nqueue  ready");
  await queue[Symbol.asyncDispose]();
  assertEquals(await process.code, 2);
});

Deno.test("a pattern of names matches as its stars and question marks say, in little time", () => {
  const cases: readonly (readonly [pattern: string, name: string, matches: boolean])[] = [
    ["mail", "mail", true],
    ["mail", "mails", false],
    ["", "", true],
    ["*", "", true],
    ["?", "", false],
    ["m*l", "mail", true],
    ["m*l", "mails", false],
    ["*.b?lls", "mail.bills", true],
    ["**a*?", "mail", true],
    ["a.c", "abc", false],
    ["[a]", "a", false],
  ];
  for (const [pattern, name, matches] of cases) {
    assertEquals(glob(pattern).matches(name), matches, `${pattern} ${name}`);
  }
  assertEquals(glob("a*".repeat(60) + "b").matches("a".repeat(128)), false);
  assertEquals(glob("mail.*?").prefix, "mail.");
});

Deno.test("lineup queues names a server that is no queue", async () => {
  await using server = await serve(calc.protocol, calc.handlers, {
    ...unhurried,
    port: 0,
    log: () => {},
  });
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
