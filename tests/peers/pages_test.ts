// The commands that the pages show, run as their readers run them.

import { assertEquals, assertGreater } from "@std/assert";
import { lineupProcess, startLineup } from "../cli/lineup_process.ts";
import { withDirectory } from "../temporary_directory.ts";
import { type RunningExample, startExample } from "./example_process.ts";
import { LINEUP, playSessions, sessionsOf } from "./page_sessions.ts";
import { run } from "./program.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The pages that speak of a queue, a calculator and a shelf, with the least number of their commands. */
const PAGES = { "README.md": 2, "docs/CLI.md": 8, "docs/GUIDE.md": 3, "docs/COOKBOOK.md": 8 };

for (const [page, least] of Object.entries(PAGES)) {
  Deno.test(`${page} shows the output of its commands`, async () => {
    const sessions = await sessionsIn(page, least);
    await using queue = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
    await using calc = await startLineup(["serve", `${ROOT}examples/calc.ts`, "--port", "0"]);
    await using shelf = await startShelf();
    const ports = { 5463: queue.port, 5464: calc.port, 5465: shelf.port };
    await playSessions(sessions, { ports, cwd: ROOT });
  });
}

async function sessionsIn(page: string, least: number): Promise<ReturnType<typeof sessionsOf>> {
  const sessions = sessionsOf(await Deno.readTextFile(`${ROOT}${page}`));
  assertGreater(sessions.length, least - 1);
  return sessions;
}

Deno.test("docs/DIALECTS.md shows the output of its commands", () =>
  withDirectory(async (cwd) => {
    const [fromData, ...sessions] = await sessionsIn("docs/DIALECTS.md", 9);
    const page = await Deno.readTextFile(`${ROOT}docs/DIALECTS.md`);
    const [, dialect] = /^```ts\n(.*?)^```/ms.exec(page)!;
    const calc = `export { default } from "${ROOT}examples/calc.ts";\n`;
    await Deno.writeTextFile(`${cwd}/calc.ts`, dialect + calc);
    await using plain = await startLineup(["serve", `${cwd}/calc.ts`, "--port", "0"], { cwd });
    await playSessions([fromData], { ports: { 5463: plain.port }, cwd });

    await using queue = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
    const changes = /(?:Queued as|with SMTP id) \S+|^ \w{3}, .*\+0000$/gm;
    await playSessions(sessions, { ports: { 5463: queue.port }, cwd, changes });
  }));

Deno.test("docs/BEANSTALKD.md shows the output of its commands", () =>
  withDirectory(async (cwd) => {
    const start = {
      command: "lineup queue --data :memory: --beanstalkd 11300",
      output: "lineup queue listening on tcp://127.0.0.1:5463\n",
    };
    await playSessions([start, ...await sessionsIn("docs/BEANSTALKD.md", 2)], { cwd });
  }));

/** Makes the errors that docs/OPERATIONS.md shows. */
const WRONG = `{
  "prot": 1,
  "timeouts": { "idle": 30 }
}
`;

Deno.test("docs/OPERATIONS.md shows the output of its commands", () =>
  withDirectory(async (cwd) => {
    const page = await Deno.readTextFile(`${ROOT}docs/OPERATIONS.md`);
    const [, file] = /^```jsonc\n(.*?)^```/ms.exec(page)!;
    await Deno.writeTextFile(`${cwd}/queue.jsonc`, file);
    await Deno.writeTextFile(`${cwd}/wrong.jsonc`, WRONG);
    for (const [from, to] of [["server.pem", "cert.pem"], ["server.key", "key.pem"]]) {
      await Deno.copyFile(`${ROOT}tests/transports/tls/${from}`, `${cwd}/${to}`);
    }
    await Deno.chmod(`${cwd}/key.pem`, 0o600);
    const changes = /lineup_acme_\w+/g;
    await playSessions(await sessionsIn("docs/OPERATIONS.md", 7), { cwd, changes });
  }));

/** The shelf of docs/GUIDE.md, in memory, with the permissions that the page gives it. */
function startShelf(): Promise<RunningExample> {
  const permissions = ["--allow-net", "--allow-env", "--allow-read", "--allow-write"];
  return startExample("shelf/main", permissions, ["--port", "0", "--data", ":memory:"], {
    SHELF_TOKEN: "secret",
  });
}

Deno.test("the two commands of README start their servers", async () => {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const lines = readme.match(/^lineup (?:queue|serve) .*(?= # )/gm) ?? [];
  assertEquals(lines.length, 2);
  const cwd = await Deno.makeTempDir();
  try {
    for (const line of lines) {
      const words = line.replace("examples/", `${ROOT}examples/`).trim().split(/ +/).slice(1)
        .map((word) => /^546\d$/.test(word) ? "0" : word);
      const port = words.includes("--port") ? [] : ["--port", "0"];
      await using server = await startLineup([...words, ...port], { cwd });
      assertGreater(server.port, 0);
    }
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

Deno.test("the load commands of docs/CLI.md run as they are written", async () => {
  const blocks = [
    ...(await Deno.readTextFile(`${ROOT}docs/CLI.md`)).matchAll(/^```sh\n(.*?)^```/gms),
  ];
  const loads = blocks.map(([, block]) => block).filter((block) => block.startsWith("lineup load"));
  assertEquals(loads.length, 1);
  await using queue = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  const folder = await Deno.makeTempDir();
  try {
    const here = loads[0].replaceAll("5463", String(queue.port))
      .replaceAll(/--duration \w+/g, "--warmup 0ms --duration 300ms")
      .replaceAll(/^lineup/gm, LINEUP);
    const { code, out } = await run("bash", ["-ec", here], { cwd: folder, quiet: true });
    assertEquals([code, [...out.matchAll(/^OK .* 100 % /gm)].length], [0, 2], out);
    assertGreater((await Deno.stat(`${folder}/report.html`)).size, 2000);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the examples of lineup COMMAND --help are valid command lines", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const env = `LINEUP_ADDRESS=127.0.0.1:${port}`;
  for (const name of ["put", "work", "call", "connect", "load", "queues", "top", "check", "spec"]) {
    const { out } = await lineupProcess([name, "--help"]);
    const examples = [...out.matchAll(/^ {2}\$ (lineup .*)$/gm)].map(([, example]) => example)
      .filter((example) => !/unix:|my_service|--list| < /.test(example));
    assertGreater(examples.length, 0);
    for (const example of examples) {
      // No server listens there. The error says so only where the command line is right.
      const here = example.replaceAll("5463", String(port)).replace(/ [|>] .*/, "")
        .replace("lineup", `${env} ${LINEUP}`);
      assertEquals((await run("bash", ["-c", here], { quiet: true })).code, 2, example);
    }
  }
});
