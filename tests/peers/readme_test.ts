import { assertEquals, assertGreater } from "@std/assert";
import { lineupProcess, MAIN, startLineup } from "../cli/lineup_process.ts";
import { run } from "./program.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The commands of a document's console blocks, each with its output. */
function sessions(markdown: string): { command: string; output: string }[] {
  return [...markdown.matchAll(/^```console\n(.*?)^```/gms)].flatMap(([, block]) =>
    block.split(/^\$ /m).slice(1).map((session) => {
      const end = session.indexOf("\n");
      return { command: session.slice(0, end), output: session.slice(end + 1) };
    })
  );
}

Deno.test("README shows the output of its commands", async () => {
  const found = sessions(await Deno.readTextFile(`${ROOT}README.md`));
  assertGreater(found.length, 3);
  await using queue = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  await using calc = await startLineup(["serve", `${ROOT}examples/calc.ts`, "--port", "0"]);
  for (const { command, output } of found) {
    const here = command
      .replaceAll("5463", String(queue.port))
      .replaceAll("5464", String(calc.port))
      .replaceAll("deno run", `${Deno.execPath()} run`);
    const { out } = await run("bash", ["-c", here], { cwd: ROOT, needs: ["nc"] });
    assertEquals(out.replaceAll("\r\n", "\n"), output, command);
  }
});

/** The words that run this `lineup` in a shell, in place of the word `lineup`. */
const LINEUP = `${Deno.execPath()} run --quiet --allow-all ${MAIN}`;

Deno.test("the load commands of README run as they are written", async () => {
  const blocks = [
    ...(await Deno.readTextFile(`${ROOT}README.md`)).matchAll(/^```sh\n(.*?)^```/gms),
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
