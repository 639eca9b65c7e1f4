// Foreign modules that `lineup serve` loads, in its process and in workers.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { lineup } from "../../cli/lineup_here.ts";
import { lineupProcess, MAIN, startLineup } from "../../cli/lineup_process.ts";
import { NO_ORPHAN } from "../../orphan.ts";

const ROOT = new URL("../../../", import.meta.url);
const BOUND_MS = 30_000;

async function inDirectory(act: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await act(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Runs `deno`. `onText` gets standard error as it comes, and may end the process. */
async function deno(
  args: readonly string[],
  onText: (text: string, end: () => void) => void = () => {},
): Promise<{ code: number; err: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--no-check", "--quiet", "--allow-all", NO_ORPHAN, ...args],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const late = setTimeout(() => child.kill("SIGKILL"), BOUND_MS);
  let err = "";
  let isEnded = false;
  // A second signal cuts the server off. It logs the first one, so more text comes.
  const end = (): void => {
    if (!isEnded) child.kill("SIGTERM");
    isEnded = true;
  };
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    err += text;
    onText(err, end);
  }
  const { code } = await child.status;
  clearTimeout(late);
  return { code, err };
}

Deno.test("lineup serve speaks the dialect that a module exports", async () => {
  await inDirectory(async (directory) => {
    const write = (name: string, dialect: string): Promise<void> =>
      Deno.writeTextFile(
        `${directory}/${name}.ts`,
        `import { lineDialect } from "${new URL("dialects/mod.ts", ROOT)}";
         export { default } from "${new URL("examples/calc.ts", ROOT)}";
         export const dialect = ${dialect};\n`,
      );
    await write(
      "calc",
      'lineDialect({ name: "calc/1", greeting: "220 {summary}", reply: "250 {text}", ' +
        'error: "550 {text}", multiline: "smtp", aliases: { PLUS: "ADD" }, quit: { QUIT: "221 bye" } })',
    );
    await write("wrong", '{ name: "calc/1" }');
    await using server = await startLineup(["serve", "--port", "0", `${directory}/calc.ts`]);
    const conn = await Deno.connect({ port: server.port });
    await conn.write(new TextEncoder().encode("plus 1 2\r\nQUIT\r\n"));
    const text = await new Response(conn.readable).text();
    assertEquals(text.split("\r\n"), ["220 A calculator on a line.", "250 3", "221 bye", ""]);
    server.kill("SIGTERM");
    const { err } = await server.finished();
    assertMatch(err, /^It speaks calc\/1\.\nTry: telnet 127\.0\.0\.1 \d+\. Ctrl-C stops/m);
    const { code, err: why } = await lineup(["serve", `${directory}/wrong.ts`]);
    assertEquals(code, 64);
    assertMatch(why, /The dialect that \S+wrong\.ts exports is none; lineDialect makes one\./);
  });
});

Deno.test("a module that never finishes loading is named in a message", async () => {
  await inDirectory(async (directory) => {
    const module = `${directory}/never.ts`;
    await Deno.writeTextFile(module, "await new Promise(() => {});\nexport default {};\n");
    // The import never ends, so it runs in a process of its own.
    const program = `
      import { main } from ${JSON.stringify(MAIN)};
      const { setTimeout: timeout } = globalThis;
      // A minute passes in less than a second.
      globalThis.setTimeout = (action, ms, ...rest) => timeout(action, ms / 100, ...rest);
      Deno.exit(await main(${JSON.stringify(["serve", module])}));`;
    const file = `${directory}/main.js`;
    await Deno.writeTextFile(file, program);
    const config = new URL("deno.json", ROOT).pathname;
    const { code, err } = await deno([`--config=${config}`, file]);
    assertEquals([code, err], [
      1,
      `${module} is still loading.\n` +
      `lineup: ${module} did not finish loading in 60 s: an await at its top level does not end\n`,
    ]);
  });
});

Deno.test("the error of a module is shown as it is, and no character of it acts on a terminal", async () => {
  await inDirectory(async (directory) => {
    const module = `${directory}/evil.ts`;
    await Deno.writeTextFile(module, String.raw`throw new Error("\x1b[31mEVIL\x07\nfake");`);
    const { code, err } = await lineupProcess(["serve", module], { env: { NO_COLOR: "" } });
    assertEquals(code, 1);
    assertEquals(err.split("\n").slice(0, 2), [
      String.raw`lineup: ${module} cannot be imported: Error: \x1b[31mEVIL\x07`,
      "  fake",
    ]);
    await Deno.writeTextFile(module, "throw null;");
    const nothing = await lineupProcess(["serve", module]);
    assertEquals(nothing.err, `lineup: ${module} cannot be imported: null\n`);
    await Deno.writeTextFile(module, 'export { default } from "@nobody/here";');
    const unknown = await lineupProcess(["serve", module]);
    assertMatch(
      unknown.err,
      /^lineup: .* cannot be imported: the import "@nobody\/here" is in no deno\.json of this lineup\n.*Import "jsr:@nobody\/here", or run `deno run .* in that folder in place of `lineup`\.\n +at .*evil\.ts:1:\d+\n$/,
    );
    // Deno's own colours must not appear as escapes.
    await Deno.writeTextFile(module, `import "nowhere-to-be-found";`);
    const own = await lineupProcess(["serve", module], { env: { NO_COLOR: "" } });
    assertEquals([own.code, own.err.includes("\\x1b"), own.err.includes("async")], [
      1,
      false,
      false,
    ], own.err);
    assertMatch(own.err, /evil\.ts:1:8\n$/);
  });
});

Deno.test("serve and check name a module whose protocol or handlers are wrong, and show none of Lineup's frames", async () => {
  await inDirectory(async (directory) => {
    const module = `${directory}/bad.ts`;
    const sound =
      '{ name: "p", version: "1", summary: "P.", commands: { ONE: { summary: "One." } } }';
    const cases = [
      [
        'export default { protocol: { name: "B!" }, handlers: {} };',
        `the protocol of ${module} is wrong: `,
      ],
      [
        `export default { protocol: ${sound}, handlers: {} };`,
        `the handlers of ${module} are wrong: no handler for the command ONE\n`,
      ],
      [
        `import { compile } from ${JSON.stringify(new URL("protocol/mod.ts", ROOT).href)};\n` +
        'await 0;\ncompile({ name: "B!" } as never);',
        `${module} cannot be imported: `,
      ],
    ];
    for (const [text, says] of cases) {
      const file = module.replace("bad", `bad${cases.findIndex(([each]) => each === text)}`);
      await Deno.writeTextFile(file, text);
      for (const command of ["serve", "check"]) {
        const { code, err } = await lineup([command, file]);
        assertEquals(code, 1);
        assertStringIncludes(err, `lineup: ${says.replace(module, file)}`);
        assertEquals(err.includes(ROOT.href), false, err);
      }
    }
  });
});

Deno.test("serve --workers takes --worker-config, and names it where an import needs another", async () => {
  await inDirectory(async (directory) => {
    const write = (name: string, text: string) => Deno.writeTextFile(`${directory}/${name}`, text);
    await write(
      "deno.json",
      JSON.stringify({ imports: { ...await ownImports(), greet: "./greet.ts" } }),
    );
    await write("greet.ts", `export const word = "hi";`);
    await write(
      "m.ts",
      `import { word } from "greet";
      const commands = { ONE: { summary: "One.", reply: { word: "word" } } };
      export default {
        protocol: { name: "p", version: "1", summary: "P.", commands },
        handlers: { ONE: () => ({ word }) },
      };`,
    );
    const config = `${directory}/deno.json`;
    const serve = [`--config=${config}`, MAIN, "serve", "--port", "0", "--workers", "1"];
    const other = await deno([...serve, `${directory}/m.ts`]);
    assertEquals(other.code, 1);
    const own = new URL("deno.json", ROOT).pathname;
    assertStringIncludes(
      other.err,
      `Workers run with ${own}; --worker-config FILE names another one.\n`,
    );
    // The worker's Deno must add no colours, neither as escapes nor as text.
    assertEquals(other.err.includes("\\x1b"), false, other.err);
    const right = await deno(
      [...serve, "--worker-config", config, `${directory}/m.ts`],
      (text, end) => text.includes("Ctrl-C stops") && end(),
    );
    assertEquals(right.code, 0, right.err);
  });
});

/** The imports of Lineup itself, for a configuration in another directory. */
async function ownImports(): Promise<Record<string, string>> {
  const read = async (url: URL) => JSON.parse(await Deno.readTextFile(url));
  const { imports, workspace } = await read(new URL("deno.json", ROOT));
  for (const folder of workspace as string[]) {
    const place = new URL(`${folder}/`, ROOT);
    const { name, exports } = await read(new URL("deno.json", place));
    const all: Record<string, string> = typeof exports === "string" ? { ".": exports } : exports;
    for (const [key, path] of Object.entries(all)) {
      imports[name + key.slice(1)] = new URL(path, place).href;
    }
  }
  return imports;
}
