// The package for npm, packed and installed as a stranger would, in Node and Bun and under the compiler of TypeScript.

import { assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import { bundle, endBundling } from "../../build/bundle.ts";
import { writePackage } from "../../build/npm.ts";
import { startLineup } from "../cli/lineup_process.ts";
import { run } from "./program.ts";

const ROOT = new URL("../../", import.meta.url);
// The compiler is the one that wrote the types.
const TSC = "npm:typescript@6.0.3/tsc";

/** A program that uses every entry point, and whose wrong lines the compiler must find. */
const PROGRAM = `
import { type CallOptions, type Client, connect, DeadlineExceeded, queue } from "@lineup/lineup/client";
import { connect as connectPage } from "@lineup/lineup/client/browser";
import { compile, helpText, type Protocol, SpecError, type StandardSchema } from "@lineup/lineup/protocol";
import { queueProtocol } from "@lineup/lineup/queue/protocol";
import { BadValue, builtin, connect as connectHere } from "@lineup/lineup";

const options: CallOptions = { within: 5_000 };
const client: Client<typeof queueProtocol> = await connect(queueProtocol, "127.0.0.1:5463");
const letter: StandardSchema<{ to: string }> = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: value as { to: string } }) },
};
const mail = queue(client, "typed", letter);
const { id } = await mail.put({ to: "grace" }, { key: "acme", priority: 3 });
const ids: number[] = [id];
const seen: string[] = [];
const worker = mail.work(({ payload }) => void seen.push(payload.to), { untilEmpty: true });
await worker.finished;
const { ready, dead }: { ready: number; dead: number } = await client.QUEUE({ queue: "typed" }, options);
try {
  await client.TAKE({ queue: "typed", wait: 60_000 } as never, { within: 1 });
} catch (error) {
  console.log(error instanceof DeadlineExceeded || error instanceof BadValue);
}
try {
  await connectPage(queueProtocol, "127.0.0.1:5463");
} catch (error) {
  console.log((error as Error).message);
}
try {
  compile({ name: "x", version: "1.0", summary: "X.", commands: { A: { summary: "A.", args: { b: "intger" } } } } as unknown as Protocol);
} catch (error) {
  console.log(error instanceof SpecError);
}
console.log(ids.length, seen, ready, dead, helpText(compile(queueProtocol)).includes("TAKE"));
console.log(connectHere === connect, builtin.name);
await client.close();

// deno-lint-ignore no-unused-vars
async function wrong(): Promise<void> {
  // @ts-expect-error PUT needs a queue.
  await client.PUT({ body: "hello" });
  // @ts-expect-error The identity of a job is a number.
  const { id }: { id: string } = await client.PUT({ queue: "mail", body: "hello" });
  // @ts-expect-error There is no such command.
  await client.PUTT({ queue: "mail" });
  // @ts-expect-error A protocol has a version.
  const protocol: Protocol = { name: "x", summary: "X.", commands: {} };
  // @ts-expect-error The payload has another type.
  await mail.put({ to: 7 });
  console.log(id, protocol);
}
`;

const PROGRAM_OUTPUT = `true
127.0.0.1:5463 is neither ws:// nor wss://host:port/path
true
1 [ 'grace' ] 0 0 true
true lineup
`;

/** The output of each program of the package's README. */
const README_OUTPUTS = ["3.5\n1\n2\n3\ndivided-by-zero\n", "a mail for ada\n"];

Deno.test("the npm package works in Node and Bun, with its types, as its README says", async (t) => {
  const folder = await Deno.makeTempDir();
  const inFolder = (program: string, ...args: string[]) => run(program, args, { cwd: folder });
  await using queue = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  await using calc = await startLineup([
    "serve",
    new URL("examples/calc.ts", ROOT).pathname,
    "--port",
    "0",
  ]);
  try {
    await t.step("it is packed and installed alone, offline", async () => {
      await writePackage(new URL(`file://${folder}/package/`));
      const { out } = await run("npm", ["pack", "--silent", "./package"], { cwd: folder });
      await Deno.writeTextFile(`${folder}/package.json`, '{ "type": "module" }');
      const flags = ["--offline", "--no-audit", "--no-fund", "--silent"];
      const { code } = await inFolder("npm", "install", ...flags, `./${out.trim()}`);
      assertEquals(code, 0);
      await Deno.remove(`${folder}/package`, { recursive: true });
      const names = [...Deno.readDirSync(`${folder}/node_modules`)].map(({ name }) => name).sort();
      assertEquals(names, [".package-lock.json", "@lineup"]);
    });
    const installed = `${folder}/node_modules/@lineup/lineup`;
    const readme = await Deno.readTextFile(`${installed}/README.md`);
    const shown = [...readme.matchAll(/^```ts ignore\n(.*?)^```/gms)].map(([, text]) => text);
    const outputs = [...README_OUTPUTS, PROGRAM_OUTPUT];
    const programs = [...shown, PROGRAM];
    assertEquals(programs.length, outputs.length);

    for (const resolution of ["nodenext", "bundler"]) {
      await t.step(`tsc accepts the types by ${resolution}`, async () => {
        for (const [i, program] of programs.entries()) {
          await Deno.writeTextFile(`${folder}/program${i}.ts`, program);
        }
        const options = {
          strict: true,
          noUncheckedIndexedAccess: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          target: "es2022",
          lib: ["es2022", "esnext", "dom"],
          types: [],
          module: resolution === "nodenext" ? "nodenext" : "esnext",
          moduleResolution: resolution,
        };
        await Deno.writeTextFile(
          `${folder}/tsconfig.json`,
          JSON.stringify({ compilerOptions: options }),
        );
        const { code, out } = await inFolder(Deno.execPath(), "run", "-A", "--quiet", TSC);
        assertEquals([code, out], [0, ""]);
      });
    }

    for (const runtime of ["node", "bun"]) {
      await t.step(`${runtime} runs the programs`, async () => {
        for (const [i, output] of outputs.entries()) {
          const file = `${folder}/program${i}.js`;
          const code = (await Deno.readTextFile(file))
            .replaceAll(
              /connect\((\w+), "127\.0\.0\.1:5464"\)/g,
              `connect($1, "127.0.0.1:${calc.port}")`,
            )
            .replaceAll(
              /connect\((\w+), "127\.0\.0\.1:5463"\)/g,
              `connect($1, "127.0.0.1:${queue.port}")`,
            );
          await Deno.writeTextFile(`${folder}/here${i}.js`, code);
          const { out } = await inFolder(runtime, `here${i}.js`);
          // Bun prints arrays with other quotes.
          assertEquals(out.replace(/\[ "(.*)" \]/, "[ '$1' ]"), output);
        }
      });
    }

    await t.step("a bundler finds the client for web pages", async () => {
      const page = `${folder}/page.js`;
      await Deno.writeTextFile(
        page,
        'import { connect } from "@lineup/lineup"; import * as client from "@lineup/lineup/client";\n' +
          "console.log(connect, client);\n",
      );
      try {
        const { code } = await bundle(page, "browser", { minify: false, name: "page.js" });
        const text = new TextDecoder().decode(code);
        assertStringIncludes(text, "WebSocket");
        assertNotMatch(text, /node:(net|tls)/);
      } finally {
        await endBundling();
      }
    });

    await t.step("README names every entry point", async () => {
      const { exports } = JSON.parse(await Deno.readTextFile(`${installed}/package.json`));
      const named = [...readme.matchAll(/^\| `@lineup\/lineup(.*?)` /gm)].map(([, path]) =>
        `.${path}`
      );
      assertEquals([...named, "./package.json"].sort(), Object.keys(exports).sort());
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
