import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { lineup } from "../cli/lineup_here.ts";
import { find, run } from "./program.ts";

Deno.test("man renders the page of lineup man without a warning", async () => {
  await find("man");
  const { code, out: page } = await lineup(["man"]);
  assertEquals(code, 0);
  const file = await Deno.makeTempFile({ suffix: ".1" });
  try {
    await Deno.writeTextFile(file, page);
    const command =
      `MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 ${file} 2>&1 | col -b`;
    const { out } = await run("sh", ["-c", command], { needs: ["col"] });
    assertEquals(/warning|error|man:/.test(out.split("\n")[0]), false, out.slice(0, 500));
    assertEquals(out.match(/^.*warning.*$/gm), null);
    assertMatch(out, /^LINEUP\(1\)\s+User Commands\s+LINEUP\(1\)$/m);
    // What roff could take for its own stands as it is typed.
    assertStringIncludes(out, `lineup put mail -- "$text"`);
    assertStringIncludes(out, `sh -c 'cat >> mail.log'`);
    assertStringIncludes(
      out,
      "completion bash > ~/.local/share/bash-completion/completions/lineup",
    );
    assertMatch(out, /^ +64 +The command line is wrong\.$/m);
    const help = await lineup(["help"]);
    for (const [, name] of help.out.matchAll(/^ {2}([a-z]+) {2}/gm)) {
      assertMatch(out, new RegExp(`^\\s+lineup ${name} \\[flags\\]`, "m"));
    }
  } finally {
    await Deno.remove(file);
  }
});
