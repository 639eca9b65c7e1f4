import { assertEquals, assertGreater } from "@std/assert";
import { startLineup } from "../cli/run.ts";
import { run } from "./program.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The commands of a document's console blocks, each with what it prints. */
function sessions(markdown: string): { command: string; output: string }[] {
  return [...markdown.matchAll(/^```console\n(.*?)^```/gms)].flatMap(([, block]) =>
    block.split(/^\$ /m).slice(1).map((session) => {
      const end = session.indexOf("\n");
      return { command: session.slice(0, end), output: session.slice(end + 1) };
    })
  );
}

Deno.test("README shows what its commands print", async () => {
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
