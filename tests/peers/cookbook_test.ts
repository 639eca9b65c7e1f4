// The programs of README and docs/COOKBOOK.md, as their readers run them. `deno task test:doc` runs the others.

import { connect } from "@lineup/lineup/client";
import { queueProtocol } from "@lineup/lineup/queue/protocol";
import { assertEquals, assertGreater } from "@std/assert";
import { bundle, endBundling } from "../../build/bundle.ts";
import { serve } from "../../server/mod.ts";
import { startLineup } from "../cli/lineup_process.ts";
import { openPage } from "./chromium.ts";
import { find } from "./program.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const COOKBOOK = await Deno.readTextFile(`${ROOT}docs/COOKBOOK.md`);

const README = await Deno.readTextFile(`${ROOT}README.md`);

/** The sections with a program for the queue: their titles, programs and outputs. */
const PROGRAMS = `${README}${COOKBOOK}`.split(/^## /m).slice(1).flatMap((recipe) => {
  const [, program, output] = /^```ts ignore\n(.*?)^```\n\n```text\n(.*?)^```$/ms.exec(recipe) ??
    [];
  return program === undefined ? [] : [{ title: recipe.split("\n")[0], program, output }];
});

/** Runs a program to its end, with a SIGTERM after its first line where it listens for one. */
async function outputOf(args: readonly string[], end = false): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  let out = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (end && out === "") child.kill("SIGTERM");
    out += text;
  }
  assertEquals((await child.status).code, 0);
  return out;
}

Deno.test("the programs of README and the cookbook print what they show", async (t) => {
  assertGreater(PROGRAMS.length, 5);
  await using queue = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  const folder = await Deno.makeTempDir();
  try {
    const flags = [`--config=${ROOT}deno.json`, `--lock=${ROOT}tests/deno.lock`, "--quiet"];
    const paths = PROGRAMS.map((_, i) => `${folder}/${i}.ts`);
    for (const [i, { program }] of PROGRAMS.entries()) {
      await Deno.writeTextFile(paths[i], program.replaceAll("5463", String(queue.port)));
    }
    await t.step("their types", () => outputOf(["check", ...flags, ...paths]).then(() => {}));
    for (const [i, { title, program, output }] of PROGRAMS.entries()) {
      await t.step(title, async () => {
        const args = ["run", "--no-check", "--allow-all", ...flags, paths[i]];
        assertEquals(await outputOf(args, program.includes("SIGTERM")), output);
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the Python worker of the cookbook does jobs", async () => {
  await find("python3");
  const [, program] = /^```python\n(.*?)^```$/ms.exec(COOKBOOK)!;
  await using queue = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  await using client = await connect(queueProtocol, `127.0.0.1:${queue.port}`);
  const child = new Deno.Command("python3", {
    args: ["-c", program.replaceAll("5463", String(queue.port))],
    stdout: "piped",
  }).spawn();
  try {
    const said = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    for (const body of ["ada", "Grace and\nothers", ""]) {
      const { id } = await client.PUT({ queue: "names", body, result: "keep" });
      await client.WAIT({ id }, { within: 20_000 });
      const expected = `Hello, ${body}\n`;
      let came = "";
      while (came.length < expected.length) came += (await said.read()).value;
      assertEquals(came, expected);
    }
    await said.cancel();
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
});

// esbuild's process ends some time after `stop` has resolved, perhaps during the next test.
const sanitizers = { sanitizeOps: false, sanitizeResources: false };

Deno.test("the browser page of the cookbook calls the calculator", sanitizers, async () => {
  const [, page] = /^```html\n(.*?)^```$/ms.exec(COOKBOOK)!;
  const options = { minify: true, name: "lineup.browser.js" };
  const { code } = await bundle("client/browser.ts", "browser", options);
  await endBundling();
  const called = Promise.withResolvers<unknown>();
  const calc = {
    name: "calc",
    version: "1.0",
    summary: "A calculator on a line.",
    commands: {
      ADD: { summary: "Add.", args: { a: "number", b: "number" }, reply: { sum: "number" } },
    },
  } as const;
  let html = "";
  const shown = Promise.withResolvers<string>();
  await using web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      switch (new URL(request.url).pathname) {
        case "/":
          return new Response(html, { headers: { "content-type": "text/html" } });
        case "/lineup.browser.js":
          return new Response(code.slice(), { headers: { "content-type": "text/javascript" } });
        case "/shown":
          shown.resolve(await request.text());
          return new Response();
        default:
          return new Response(null, { status: 404 });
      }
    },
  );
  const origin = `http://127.0.0.1:${web.addr.port}`;
  const handlers = {
    ADD({ a, b }: { a: number; b: number }) {
      called.resolve([a, b]);
      return { sum: a + b };
    },
  };
  await using server = await serve(calc, handlers, {
    port: 0,
    ws: { port: 0, origins: [origin] },
    log() {},
  });
  const address = server.addresses.find((each) => each.startsWith("ws:"))!;
  // The page tells what its reader sees.
  html = page.replace("ws://127.0.0.1:5480", address).replace(
    "</script>",
    'await fetch("/shown", { method: "POST", body: document.querySelector("output").textContent });</script>',
  );
  await using _browser = await openPage(`${origin}/`);
  assertEquals(await called.promise, [1, 2]);
  assertEquals(await shown.promise, "3");
});
