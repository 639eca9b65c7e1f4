// The code that docs/DIALECTS.md shows is the code of the examples.

import { assert, assertGreater } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** The lines of code without their indentation, which `deno fmt` changes in a page. */
function lines(code: string): string {
  return code.split("\n").map((line) => line.trim()).join("\n");
}

Deno.test("docs/DIALECTS.md quotes the examples as they are", async () => {
  const page = await Deno.readTextFile(new URL("docs/DIALECTS.md", ROOT));
  const parts = page.matchAll(
    /\]\(\.\.\/((?:examples|tests)\/[\w/]+\.ts)\)|^```ts ignore\n(.*?)^```$/gms,
  );
  let file = "";
  let quotes = 0;
  for (const [, named, quote] of parts) {
    if (named !== undefined) {
      file = named;
      continue;
    }
    quotes++;
    const source = lines(await Deno.readTextFile(new URL(file, ROOT)));
    assert(source.includes(lines(quote).trim()), `${file} has no such lines:\n${quote}`);
  }
  assertGreater(quotes, 10);
});
