import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { type Protocol, Refusal, serve, type ServeOptions } from "@lineup/lineup";
import { lineServer } from "./line_server.ts";
import { lineup } from "./lineup_here.ts";
import { lineupProcess } from "./lineup_process.ts";
import { unhurried } from "../unhurried.ts";

const shop = {
  name: "shop",
  version: "1.0",
  summary: "Takes note of what it is asked.",
  commands: {
    BUY: {
      summary: "Buy something.",
      args: { what: { type: "enum", values: ["apple", "pear"] }, body: "bytes" },
      options: { id: { type: "integer", required: true }, note: "text" },
    },
    LOOK: {
      summary: "Look around.",
      items: { what: "word" },
      reply: { body: "bytes" },
    },
    FAIL: { summary: "Fail.", errors: { gone: { summary: "It is gone." } } },
  },
} as const satisfies Protocol;

/** A server of this protocol, and the purchases that it has counted. */
async function serveShop(options: ServeOptions = {}) {
  const bought: { what: string; id: number; note?: string; size: number }[] = [];
  let looked = 0;
  const server = await serve(shop, {
    BUY: ({ what, id, note, body }) => void bought.push({ what, id, note, size: body.length }),
    *LOOK() {
      looked++;
      yield { what: "apple" };
      return { body: "OK 1\nOK 2\n" };
    },
    FAIL() {
      throw new Refusal("gone", "It is gone.");
    },
  }, { ...unhurried, ...options, port: 0, log: () => {} });
  return {
    address: server.address,
    bought,
    get looked() {
      return looked;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

Deno.test("lineup load sends the number of requests that it is told, from every thread", async () => {
  await using server = await serveShop();
  for (const flags of [["--tagged", "--depth", "7"], ["--rate", "1000"]]) {
    server.bought.length = 0;
    const { code, out, err } = await lineup([
      "load",
      ...["--json", "--quiet", "--threads", "2", "--connections", "5", "--requests", "301"],
      ...flags,
      server.address,
      ...["BUY", "{{choice apple pear}}", "id={{n}}", "note={{random 3..5}} {{uuid}}", "{10}"],
    ]);
    assertEquals({ code, err }, { code: 0, err: "" });
    const ids = server.bought.map(({ id }) => id).sort((a, b) => a - b);
    assertEquals(ids.length, 301);
    assertEquals(new Set(ids).size, 301, "no number comes twice");
    for (const { note, size } of server.bought) {
      assertMatch(note!, /^[345] [0-9a-f-]{36}$/);
      assertEquals(size, 10);
    }
    assertEquals(new Set(server.bought.map(({ what }) => what)), new Set(["apple", "pear"]));
    const report = JSON.parse(out);
    assertEquals(
      [report.sent, report.ok, report.failed, report.unanswered, report.unsent],
      [301, 301, 0, 0, 0],
    );
    assertEquals(report.latency.count, 301);
    const { least, p50, p99, most } = report.latency;
    assert(0 < least && least <= p50 && p50 <= p99 && p99 <= most, JSON.stringify(report.latency));
    const inCourse = report.course.reduce((sum: number, { ok }: { ok: number }) => sum + ok, 0);
    assertEquals(inCourse, 301);
    const counted = report.histogram.reduce((sum: number, [, count]: number[]) => sum + count, 0);
    assertEquals(counted, 301);
  }
});

Deno.test("lineup load sends a mix by weight, from a file or flags", async () => {
  await using server = await serveShop();
  const dir = await Deno.makeTempDir();
  try {
    const buy = 'BUY apple {{bytes 20}} id={{n}} note="two words"';
    await Deno.writeTextFile(`${dir}/mix`, `# a mix\n\n0.001 ${buy}\r\n  LOOK\n`);
    for (const flags of [["--mix", `${dir}/mix`], ["--command", buy, "--command", "3 LOOK"]]) {
      const before = server.looked;
      server.bought.length = 0;
      const { code, out } = await lineup(
        ["load", "--json", "--quiet", "--requests", "800", ...flags, server.address],
      );
      assertEquals(code, 0);
      const [bought, looked] = JSON.parse(out).requests;
      assertEquals([bought.request, looked.request], [buy, "LOOK"]);
      assertEquals([bought.ok, looked.ok], [server.bought.length, server.looked - before]);
      assertEquals(bought.ok + looked.ok, 800);
      // Of 800 draws, none of 0.8 or 200 expected comes near these bounds by chance.
      const share = flags[0] === "--mix" ? [0, 30] : [100, 300];
      assert(bought.ok >= share[0] && bought.ok <= share[1], String(bought.ok));
      for (const { note, size } of server.bought) assertEquals([note, size], ["two words", 20]);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("lineup load sends requests whole that are longer than the socket takes at once", async () => {
  await using server = await serveShop({ limits: { maxBody: 16_000_000 } });
  const { code, err } = await lineup([
    "load",
    ...["--json", "--quiet", "--threads", "1", "--connections", "1", "--requests", "2"],
    ...[server.address, "BUY", "pear", "id={{n}}", "{12000000}"],
  ]);
  assertEquals({ code, err }, { code: 0, err: "" });
  assertEquals(server.bought.map(({ size }) => size), [12_000_000, 12_000_000]);
});

Deno.test("lineup load counts errors by code, and exits with 1 for too many", async () => {
  await using server = await serveShop();
  const args = ["--quiet", "--requests", "100", "--command", "LOOK", "--command", "FAIL"];
  for (const [most, expected] of [["99", 0], ["1", 1]] as const) {
    const { code, out } = await lineup(
      ["load", "--json", "--max-errors", most, ...args, server.address],
    );
    const report = JSON.parse(out);
    assertEquals(code, expected);
    assertEquals(report.errors, { gone: report.failed });
    assertEquals(report.ok + report.failed, 100);
  }
  const none = await lineup(["load", "--quiet", "--requests", "9", server.address, "FAIL"]);
  assertEquals(none.code, 1);
  assertMatch(none.out, /^ERR replies\n {2}gone {2}9 {2}100 %$/m);
});

Deno.test("lineup load refuses a request that the server would refuse, before it sends anything", async () => {
  await using server = await serveShop();
  const id = "id={{n}}";
  const wrong: [string[], string][] = [
    [["BUYY"], "There is no command BUYY; did you mean BUY?"],
    [["BUY", "plum", id, "{1}"], 'what must be one of apple, pear, not "plum"'],
    [["BUY", "{{choice apple plum}}", id, "{1}"], 'not "plum"'],
    [["BUY", "apple", "id={{choice 1 x}}", "{1}"], 'id must be an integer, not "x"'],
    [["BUY", "apple", id], "BUY needs body"],
    [["BUY", "apple", id, "{1048577}"], "at most 1048576 bytes"],
    [["BUY", "apple", id, "note={{bytes 9000}}", "{1}"], "the server takes at most 8192"],
    [["BUY", "apple", id, "colour=red", "{1}"], "BUY has no option colour"],
  ];
  for (const [words, says] of wrong) {
    const { code, err } = await lineup(["load", "--requests", "9", server.address, ...words]);
    assertStringIncludes(err, says);
    assertEquals(code, 64, words.join(" "));
  }
  assertEquals(server.bought, []);
  const { code, out } = await lineup(
    [
      "load",
      "--unchecked",
      "--json",
      "--requests",
      "9",
      "--connections",
      "1",
      server.address,
      "BUYY",
    ],
  );
  assertEquals([code, JSON.parse(out).errors], [1, { "unknown-command": 9 }]);
});

Deno.test("lineup load refuses a page that cannot be written, before it sends anything", async () => {
  await using server = await serveShop();
  for (
    const [path, why] of [
      ["./nowhere/page.html", "No such file or directory"],
      [".", ". is a directory"],
      ["/", "/ is a directory"],
    ]
  ) {
    const args = ["load", "--html", path, "--requests", "9", server.address, "LOOK"];
    const { code, out, err } = await lineup(args);
    assertEquals({ code, out }, { code: 64, out: "" });
    assertStringIncludes(err, `--html ${path}: ${why}.`);
  }
  assertEquals(server.looked, 0);
});

Deno.test("lineup load shows a stall of the server with --rate; a closed loop hides it", async () => {
  const STALL_MS = 1000;
  const stalling = () => {
    let requests = 0;
    let stall: Promise<void> | undefined;
    return lineServer(async (line) => {
      // At the 51st request, the server answers and reads nothing for a second.
      if (line !== "SPEC" && ++requests === 51) {
        stall = new Promise((resolve) => setTimeout(resolve, STALL_MS));
      }
      await stall;
      return "OK\n";
    });
  };
  const measure = async (...flags: string[]) => {
    await using server = await stalling();
    const args = ["--json", "--quiet", "--unchecked", ...flags];
    const { code, out } = await lineup(["load", ...args, server.address, "PING"]);
    assertEquals(code, 0);
    return JSON.parse(out);
  };
  /** The number of requests that took longer than half the stall. */
  const late = ({ histogram }: { histogram: [upTo: number, count: number][] }): number =>
    histogram.reduce((sum, [upTo, count]) => upTo > STALL_MS / 2 ? sum + count : sum, 0);
  // About 50 of 250 requests are due in the first half of the stall, and 10 of them in its first 100 ms, on a machine of
  // any speed. This holds also where most of them find no free connection and are sent after the stall.
  // From 500 a second on, `lineup load` polls the clock all the time, which costs a core.
  for (const depth of ["256", "1"]) {
    const open = await measure(
      ...["--rate", "100", "--arrivals", "steady", "--requests", "250", "--depth", depth],
    );
    assertEquals(open.ok, 250);
    assert(late(open) >= 48, `open loop: ${late(open)} are late`);
    assert(open.latency.p99 >= 900, `open loop: p99 ${open.latency.p99}`);
  }
  // One of 2000 requests meets the stall: a closed loop sends no other one meanwhile.
  const closed = await measure("--connections", "1", "--requests", "2000");
  assertEquals(closed.ok, 2000);
  assert(closed.latency.most >= STALL_MS, `closed loop: most ${closed.latency.most}`);
  assert(late(closed) <= 5, `closed loop: ${late(closed)} are late`);
});

Deno.test("lineup load counts the requests that it could not send, and those without an answer", async () => {
  await using server = await lineServer(() => {});
  const { code, out } = await lineup([
    "load",
    ...["--json", "--quiet", "--unchecked", "--rate", "1000", "--connections", "2", "--depth", "3"],
    ...["--warmup", "0ms", "--duration", "500ms", "--grace", "0ms", server.address, "PING"],
  ]);
  const { sent, ok, unanswered, unsent, behind } = JSON.parse(out);
  assertEquals([code, sent, ok, unanswered], [1, 6, 0, 6]);
  assert(unsent > 0, String(unsent));
  assertEquals(behind.count, 6);
  // The load does not wait until the server has read them.
  await server.until(() => server.received.length >= 6);
  assertEquals(server.received.length, 6);
});

Deno.test("lineup load counts every request that was due, sent or not, and none of the warm-up", async () => {
  const run = async (address: string, ...flags: string[]) => {
    const args = ["--json", "--quiet", "--unchecked", "--connections", "1", "--arrivals", "steady"];
    return JSON.parse((await lineup(["load", ...args, ...flags, address, "PING"])).out);
  };
  await using deaf = await lineServer(() => {});
  // The 65th is due at 500 ms, and the 66th behind the end.
  const times = ["--rate", "130", "--depth", "1", "--duration", "505ms", "--grace", "0ms"];
  const { sent, unsent } = await run(deaf.address, "--warmup", "0ms", ...times);
  assertEquals([sent, unsent], [1, 64]);
  await using server = await lineServer(() => "OK\n");
  const warm = await run(
    server.address,
    "--warmup",
    "300ms",
    "--rate",
    "200",
    "--duration",
    "300ms",
  );
  assertEquals(warm.sent, warm.ok + warm.unanswered);
  assert(warm.sent > 0 && warm.sent + warm.unsent <= 60, `${warm.sent} and ${warm.unsent}`);
});

Deno.test("lineup load goes on with another connection where one is lost", async () => {
  await using server = await lineServer((_, connection) => {
    if (connection.lines === 6) connection.close();
    return "OK\n";
  });
  const { code, out } = await lineup([
    "load",
    ...["--json", "--quiet", "--unchecked", "--connections", "1", "--requests", "20"],
    server.address,
    "PING",
  ]);
  const { sent, ok, unanswered, connectionsLost } = JSON.parse(out);
  assertEquals([code, sent, ok, unanswered], [0, 20, 17, 3]);
  assertEquals(connectionsLost, { "the server closed the connection": 3 });
  // One more connection has read the greeting only.
  assertEquals(server.connections, 5);
});

Deno.test("lineup load shows an answer that is not of Lineup/1", async () => {
  const wrong: [string, string][] = [
    ["+PONG\n", "a line that begins with none of OK, ERR, * and !"],
    ["OK\nOK\n", "an answer to a request that was not made"],
    ["#1 OK\n", "an answer to a request that was not made"],
    ["#a OK\n", "a tag that was not sent"],
    ["OK {2}\nabc\n", "a body that is longer than it said"],
    [`OK ${"x".repeat(70_000)}`, "a line without end"],
  ];
  // Each connection gets one of the answers. The length of the run is a number of requests: on a busy machine, no answer
  // may come in a short time.
  let next = 0;
  await using server = await lineServer((line) => line === "PING" ? wrong[next++][0] : "");
  const { code, out } = await lineup([
    "load",
    ...["--json", "--quiet", "--unchecked", "--connections", "1"],
    ...["--requests", String(wrong.length), server.address, "PING"],
  ]);
  const { ok, unanswered, connectionsLost } = JSON.parse(out);
  const counts: Record<string, number> = {};
  for (const [, says] of wrong) {
    const why = `not Lineup/1: ${says}`;
    counts[why] = (counts[why] ?? 0) + 1;
  }
  assertEquals(connectionsLost, counts);
  // One answer is good before it goes wrong.
  assertEquals([code, ok, unanswered], [0, 1, wrong.length - 1]);
});

Deno.test("lineup load ends at Ctrl-C, with the report so far", async () => {
  const asked = Promise.withResolvers<void>();
  await using server = await lineServer((_, { lines }) => {
    if (lines > 50) asked.resolve();
    return "OK\n";
  });
  const args = ["--unchecked", "--warmup", "0ms", "--duration", "1h", server.address, "PING"];
  const { code, out } = await lineupProcess(["load", ...args], { interrupt: asked.promise });
  assertEquals(code, 0);
  assertMatch(out, /^load +closed loop, 1 in flight on each of 10 connections, 1 thread\n/);
  assertMatch(out, /^OK +[0-9,]+ {2}100 % /m);
  assertMatch(out, /^ +least +[0-9.]+ m?s +p50 +[0-9.]+ m?s +p99 +[0-9.]+ m?s$/m);
});

Deno.test("lineup load exits with 2 where no server answers, or none that speaks Lineup/1", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const refused = await lineup(["load", `127.0.0.1:${port}`, "PING"]);
  assertEquals([refused.code, refused.out], [2, ""]);
  assertStringIncludes(refused.err, `cannot connect to 127.0.0.1:${port}`);
  await using busy = await lineServer(() => {}, 'ERR busy "Too many." retry=5\r\n');
  const { code, err } = await lineup(["load", busy.address, "PING"]);
  assertEquals(code, 2);
  assertStringIncludes(err, "Too many.");
});

Deno.test("lineup load writes a page that needs no other file, and shows its progress", async () => {
  await using server = await serveShop();
  const dir = await Deno.makeTempDir();
  try {
    const { code, err, out } = await lineup([
      "load",
      ...["--html", `${dir}/page.html`, "--warmup", "0ms", "--duration", "3s", "--rate", "50"],
      ...["--connections", "2", server.address, "PING", "<b>&amp;"],
    ]);
    assertEquals(code, 0);
    // A line a second, or later on a busy machine.
    assertMatch(err, /^[123]\.\d of 3 s {2}[0-9,]+\/s {2}p50 [0-9.]+ m?s {2}p99 .* ERR 0$/m);
    assertMatch(out, /^latency up to\n/m);
    const page = await Deno.readTextFile(`${dir}/page.html`);
    assertMatch(page, /^<!doctype html>/);
    // Each plot is there for wide and for narrow pages.
    assertEquals(page.match(/<svg class="wide" /g)?.length, 3);
    assertEquals(page.match(/<svg class="narrow" /g)?.length, 3);
    const { version } = JSON.parse(await Deno.readTextFile("deno.json"));
    assertStringIncludes(page, `<td>lineup ${version}, deno ${Deno.version.deno}, `);
    assertStringIncludes(page, "<td>shop/1.0 at ");
    assertStringIncludes(
      page,
      `<td>lineup load --html ${dir}/page.html --warmup 0ms --duration 3s --rate 50 --connections 2 `,
    );
    assertStringIncludes(page, "PING &#39;&lt;b&gt;&amp;amp;&#39;</td>");
    assertFalse(/<script|<link|src=|https?:/.test(page), "nothing of elsewhere");
    assertStringIncludes(page, "PING &lt;b&gt;&amp;amp;");
    assertFalse(page.includes("NaN"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
