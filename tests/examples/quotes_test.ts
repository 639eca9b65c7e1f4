// The code that pages of docs/ quote is the code of the examples and their tests.

import { assert, assertGreater } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** The lines of code without their indentation, which `deno fmt` changes in a page. */
function lines(code: string): string {
  return code.split("\n").map((line) => line.trim()).join("\n");
}

/** Each page with the least number of its quotes, and the heading behind them. */
const PAGES: readonly (readonly [page: string, least: number, end?: string])[] = [
  ["DIALECTS.md", 11],
  ["GUIDE.md", 15, "\n## Connection state"],
];

for (const [page, least, end] of PAGES) {
  Deno.test(`docs/${page} quotes the examples as they are`, async () => {
    const text = await Deno.readTextFile(new URL(`docs/${page}`, ROOT));
    assert(end === undefined || text.includes(end), `${page} has no heading ${end}`);
    const [quoting] = end === undefined ? [text] : text.split(end);
    // Files of tests/ are not published, so a page names them without a link.
    const parts = quoting.matchAll(
      /(?:\]\(\.\.\/|`)((?:examples|tests)\/[\w/]+\.ts)[)`]|^```ts ignore\n(.*?)^```$/gms,
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
    assertGreater(quotes, least - 1);
  });
}
