import { assertEquals, assertStringIncludes } from "@std/assert";
import { serve } from "@lineup/lineup";
import { compile, type Protocol, specDocument, typesModule } from "@lineup/lineup/protocol";
import fc from "fast-check";
import { hostileProtocol } from "../protocol/hostile_protocols.ts";
import { lineup } from "../cli/lineup_here.ts";

// No text of a server's SPEC may end a comment or a string of the module.
const HOSTILE = '*/ throw "ran"; /* ` ${x} \u2028 \\" \n // </script>';

const zoo = {
  name: "zoo-of-class",
  version: "2.1",
  summary: HOSTILE,
  commands: {
    "FEED-1": {
      summary: HOSTILE,
      args: { animal: { type: "enum", values: ["cat", "dog"] }, body: "bytes" },
      options: { amount: { type: "integer", required: true }, "how-fast": "duration" },
      reply: { left: "size", note: "text?" },
      errors: { "not-hungry": { summary: HOSTILE, executed: "maybe" } },
      examples: [{ request: 'FEED-1 cat amount=1 "\\x2a/"', reply: "OK left=…", summary: HOSTILE }],
    },
    FEED1: { summary: "Reads the same without its hyphen." },
    WATCH: {
      summary: "Watch.",
      args: { names: "word..." },
      items: { seen: "boolean" },
      reply: { count: "integer" },
    },
  },
} as const satisfies Protocol;

// This text is compiled and not run. A @ts-expect-error is itself an error where the line below it compiles.
const USE = `
import { connect } from "@lineup/lineup/client";
import zoo, { type Feed1Args, type Feed1Reply, type WatchItem, zooOfClassProtocol } from "./zoo.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
function same<_ extends true>(): void {}

same<Equal<typeof zoo, typeof zooOfClassProtocol>>();
same<Equal<Feed1Reply, { left: number; note?: string }>>();
same<Equal<WatchItem, { seen: boolean }>>();
const fed: Feed1Args = { animal: "cat", body: "x", amount: 1, "how-fast": 5 };

await using client = await connect(zoo, Deno.args[0]);
const { left, note } = await client["FEED-1"](fed);
same<Equal<typeof left, number>>();
same<Equal<typeof note, string | undefined>>();
// @ts-expect-error There is no such animal.
() => client["FEED-1"]({ animal: "cow", body: "x", amount: 1 });
// @ts-expect-error The amount is missing.
() => client["FEED-1"]({ animal: "cat", body: "x" });
// @ts-expect-error There is no such command.
() => client.FEED();
const seen: boolean[] = [];
for await (const item of client.WATCH({ names: ["a", "b"] })) seen.push(item.seen);
await client.FEED1();
console.log(JSON.stringify({ left, note, seen }));
`;

/** Writes modules of any protocols into a directory, and `all.ts`, which imports them. */
async function writeModules(dir: string): Promise<void> {
  const chosen: Protocol[] = [
    {
      name: "order",
      version: "1",
      summary: "@ts-expect-error",
      commands: {
        GIVEN: { summary: "@ts-ignore */ x" },
        RECEIVED: { summary: "x", items: { x: "text" }, reply: { x: "text" } },
        PROTOCOL: { summary: "x" },
        "A-B": { summary: "x" },
        AB: { summary: "x" },
        "A--B": { summary: "x" },
      },
    },
    ...fc.sample(hostileProtocol, 30),
  ];
  for (const [at, protocol] of chosen.entries()) {
    // The protocol as it comes from a stranger's server.
    const told = JSON.parse(JSON.stringify(specDocument(compile(protocol)))).protocol;
    const text = typesModule(compile(told));
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b]/.test(text), false);
    const same = `import { assertEquals } from "@std/assert";\nassertEquals(${
      /export const (\w+)/.exec(text)![1]
    } as unknown, JSON.parse(${JSON.stringify(JSON.stringify(told))}));\n`;
    await Deno.writeTextFile(`${dir}/m${at}.ts`, text + same);
  }
  const files = chosen.map((_, at) => `${dir}/m${at}.ts`);
  await Deno.writeTextFile(
    `${dir}/all.ts`,
    files.map((file) => `import ${JSON.stringify(file)};\n`).join(""),
  );
}

// The compiler takes seconds for the toolkit, so it reads all modules in one run, and the test is here.
Deno.test("lineup spec --format types writes a module that types a client of the server, and typesModule one that compiles for any protocol", async () => {
  await using server = await serve(zoo, {
    "FEED-1": ({ amount }) => ({ left: 10 - amount }),
    FEED1: () => {},
    *WATCH({ names }) {
      for (const name of names) yield { seen: name === "a" };
      return { count: names.length };
    },
  }, { port: 0, log: () => {} });
  // Beside this file, the package is found by its name.
  const dir = await Deno.makeTempDir({ dir: import.meta.dirname });
  try {
    const { code, out, err } = await lineup(["spec", "--format", "types", server.address]);
    assertEquals({ code, err }, { code: 0, err: "" });
    assertEquals(out, typesModule(compile(zoo)));
    await Deno.writeTextFile(`${dir}/zoo.ts`, out);
    await writeModules(dir);
    await Deno.writeTextFile(`${dir}/use.ts`, `import "./all.ts";\n${USE}`);
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--check", "--quiet", "--allow-net", `${dir}/use.ts`, server.address],
      env: { NO_COLOR: "1" },
    });
    const used = await command.output();
    const text = new TextDecoder();
    assertEquals(
      [text.decode(used.stdout), text.decode(used.stderr)],
      ['{"left":9,"seen":[true,false]}\n', ""],
    );
    const { default: read } = await import(`file://${dir}/zoo.ts`);
    assertEquals(read, specDocument(compile(zoo)).protocol);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("typesModule gives each verb its own types, also where two verbs read the same", () => {
  const text = typesModule(compile(zoo));
  assertStringIncludes(
    text,
    'export type Feed1Args = GivenArgs<(typeof zooOfClassProtocol)["commands"]["FEED-1"]>;',
  );
  assertStringIncludes(
    text,
    'export type Feed1_Args = GivenArgs<(typeof zooOfClassProtocol)["commands"]["FEED1"]>;',
  );
});
