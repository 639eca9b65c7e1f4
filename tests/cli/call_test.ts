import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Protocol, Refusal } from "../../protocol/mod.ts";
import { serve, type Server } from "../../server/mod.ts";
import { bareProtocol } from "../bare_protocol.ts";
import { lineServer } from "./line_server.ts";
import { lineup } from "./lineup_here.ts";
import { startProcess } from "./lineup_process.ts";

const zoo = {
  name: "zoo",
  version: "1.0",
  summary: "One of each type.",
  commands: {
    ALL: {
      summary: "All types.",
      items: {
        word: { type: "word", positional: true },
        many: { type: "integer", positional: true, many: true },
        left: "duration",
        size: "size",
        open: "boolean",
        ratio: "number",
        body: "json",
      },
      reply: { status: "text", count: "integer" },
    },
    REFUSE: { summary: "Refuse.", errors: { full: { summary: "Full.", retry: true } } },
    KEEP: { summary: "Keep it.", args: { name: "word", body: "bytes" }, reply: { size: "size" } },
    MAY: {
      summary: "Keep it, if there is any.",
      args: { names: { type: "word", many: true }, body: { type: "bytes", optional: true } },
      reply: { size: "size" },
    },
    FOREVER: { summary: "Never ends.", items: { n: "integer" } },
    ENDED: { summary: "How many FOREVERs were stopped.", reply: { count: "integer" } },
  },
} as const satisfies Protocol;

async function serveZoo(): Promise<Server> {
  let ended = 0;
  return await serve(zoo, {
    *ALL() {
      yield {
        word: "a",
        many: [1, 2],
        left: 90_000,
        size: 2048,
        open: true,
        ratio: 0.5,
        body: { deep: [null] },
      };
      return { status: "fine", count: 1 };
    },
    REFUSE() {
      throw new Refusal("full", "Come back.", { retry: 500, details: { scope: "zoo" } });
    },
    KEEP: ({ body }) => ({ size: body.length }),
    MAY: ({ body }) => ({ size: body?.length ?? 0 }),
    async *FOREVER() {
      try {
        for (let n = 0;; n++) {
          yield { n };
          if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve));
        }
      } finally {
        ended++;
      }
    },
    ENDED: () => ({ count: ended }),
  }, { port: 0 });
}

Deno.test("lineup call --json types values by the SPEC", async () => {
  await using server = await serveZoo();
  const { out, code } = await lineup(["call", "--json", server.address, "ALL"]);
  assertEquals(code, 0);
  assertEquals(out.trim().split("\n").map((line) => JSON.parse(line)), [
    {
      item: {
        word: "a",
        many: [1, 2],
        left: 90_000,
        size: 2048,
        open: true,
        ratio: 0.5,
        body: { deep: [null] },
      },
    },
    // A field may have a name that the program uses itself.
    { reply: { status: "fine", count: 1 } },
  ]);
  const refused = await lineup(["call", "--json", server.address, "REFUSE"]);
  assertEquals([refused.code, JSON.parse(refused.out)], [1, {
    error: { scope: "zoo", retry: 500, code: "full", message: "Come back." },
  }]);
  const unknown = await lineup(["call", "--json", server.address, "FROB"]);
  assertEquals([unknown.code, JSON.parse(unknown.out).error.code], [1, "unknown-command"]);
});

/** Answers to SHOW that its SPEC does not allow, each with the end of the message. */
const BROKEN: readonly (readonly [answer: string, message: string])[] = [
  ["OK", "n must be an integer, at least 1, and is missing"],
  ["OK n=0", 'n must be an integer, at least 1, not "0"'],
  ["OK n=seven", 'n must be an integer, at least 1, not "seven"'],
  ["OK n=7 state=lost", 'state must be one of on, off, not "lost"'],
  ["* n=x\nOK n=7", 'n must be an integer, not "x"'],
  ["OK n=7 {2}\n{]", 'body must be JSON, not "{]"'],
];

Deno.test("lineup call --json names the field of an answer that breaks the SPEC, and ends with 2", async () => {
  const SHOW = {
    summary: "Show it.",
    items: { n: "integer" },
    reply: {
      n: { type: "integer", min: 1 },
      state: { type: "enum", values: ["on", "off"], optional: true },
      body: "json?",
    },
  };
  const spec = { protocol: { ...bareProtocol, commands: { SHOW } } };
  const text = JSON.stringify(spec);
  let answer = "";
  await using server = await lineServer((line) => {
    const [, tag, verb] = /^(#\S+) (\S+)/.exec(line) ?? [];
    if (verb === "SPEC") return `${tag} OK {${text.length}}\n${text}\n`;
    if (verb === "SHOW") return answer.replaceAll(/^(?=OK|\*)/gm, `${tag} `) + "\n";
    return `${tag} OK\n`;
  });
  const call = (...flags: string[]) => lineup(["call", ...flags, server.address, "SHOW"]);
  for (const [given, message] of BROKEN) {
    answer = given;
    const { code, err } = await call("--json");
    assertEquals([code, err], [
      2,
      `lineup: the answer to SHOW is not what the server's SPEC promises: ${message}\n`,
    ]);
    // Without --json the lines are shown as they came.
    assertEquals((await call()).code, 0);
  }
  answer = "OK n=7 state=on new=yes extra {4}\nnull";
  assertEquals(JSON.parse((await call("--json")).out), {
    reply: { n: 7, state: "on", words: ["extra"], new: "yes", body: null },
  });
});

Deno.test("lineup call reads a required body from standard input, and from @FILE", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeFile(file, new Uint8Array(3000));
    await using server = await serveZoo();
    const { address } = server;
    const cases: readonly { args: string[]; input: string; out: string }[] = [
      { args: ["KEEP", "x"], input: "12345", out: "OK size=5\n" },
      { args: ["KEEP", "x", "inline"], input: "unread", out: "OK size=6\n" },
      { args: ["KEEP", "x", `@${file}`], input: "unread", out: "OK size=3000\n" },
      { args: ["KEEP", "x", "@-"], input: "123", out: "OK size=3\n" },
      { args: ["KEEP", "x", "--", "@-"], input: "unread", out: "OK size=2\n" },
      { args: ["MAY", "x"], input: "unread", out: "OK size=0\n" },
      { args: ["MAY", "x", "y", "@-"], input: "1234", out: "OK size=4\n" },
      { args: ["PING", "@-"], input: "unread", out: "OK @-\n" },
    ];
    for (const { args, input, out } of cases) {
      assertEquals(
        await lineup(["call", address, ...args], { input }),
        { code: 0, out, err: "" },
        args.join(" "),
      );
    }
    const missing = await lineup(["call", address, "KEEP", "x", "@/nowhere"]);
    assertEquals([missing.code, missing.out], [64, ""]);
    assertStringIncludes(missing.err, "The body cannot be read from /nowhere");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("lineup call prints items as they come, and cancels at Ctrl-C with 130", async () => {
  await using server = await serveZoo();
  await using call = startProcess(["call", server.address, "FOREVER"]);
  await call.see("* n=0\n");
  call.kill("SIGINT");
  assertEquals(await call.code, 130);
  assertEquals((await lineup(["call", server.address, "ENDED"])).out, "OK count=1\n");
});

Deno.test("lineup call ends quietly where nobody reads its output", async () => {
  await using server = await serveZoo();
  await using call = startProcess(["call", "--json", server.address, "FOREVER"]);
  await call.see('{"item":{"n":0}}\n');
  await call.stopReading();
  assertEquals(await call.code, 141);
  assertEquals(await call.err, "");
});

Deno.test("lineup call --timeout bounds the whole call, and tells the server", async () => {
  await using server = await serveZoo();
  const { code, out } = await lineup(["call", "--timeout", "2s", server.address, "FOREVER"]);
  assertEquals(code, 1);
  assertStringIncludes(out, "ERR expired");
  // This server accepts and never greets.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const silent = await lineup([
    "call",
    "--timeout",
    "200ms",
    `127.0.0.1:${listener.addr.port}`,
    "PING",
  ]);
  assertEquals([silent.code, silent.out], [2, ""]);
});
