// Words that show that a room knows more than it should.

import { assertEquals } from "@std/assert";
import { readSources, roomOf } from "./sources.ts";

const LINEUP1 = /lineup\/1|\btelnet\b|\bHELLO\b|"(?:OK|ERR)\b|\bERR\b|`(?:OK|ERR) |\bwithin=/i;
const VERBS = /\b(?:HELP|SPEC|STATS|CANCEL|QUIT)\b/;
/** A flag in a text or a comment. Deno's own flags are allowed. */
const FLAG = /(?:[`"]|\w )--(?!allow-|config|v8-flags|no-prompt|unstable-)[a-z]/;

const sources = await readSources();

Deno.test("nothing of Lineup/1 stands in server/, net/ and scheduling/", () => {
  assertEquals(linesWith(LINEUP1, ["server", "net", "scheduling"]), []);
  assertEquals(linesWith(VERBS, ["server", "net", "scheduling"]), []);
});

Deno.test("no library names a flag of the command line", () => {
  const libraries = [
    "protocol",
    "dialects",
    "scheduling",
    "net",
    "server",
    "client",
    "queue",
    "admin",
    "testing",
  ];
  assertEquals(linesWith(FLAG, libraries), []);
});

function linesWith(pattern: RegExp, rooms: readonly string[]): string[] {
  return sources.filter(({ path }) => rooms.includes(roomOf(path))).flatMap(({ path, text }) =>
    text.split("\n").filter((line) => pattern.test(line)).map((line) => `${path}: ${line.trim()}`)
  );
}
