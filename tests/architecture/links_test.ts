// The links of the pages lead to files and headings that are there.

import { assertEquals, assertGreater } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** The pages by their paths. */
async function readPages(): Promise<Map<string, string>> {
  const paths = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", ROOT))) {
    if (name.endsWith(".md")) paths.push(`docs/${name}`);
  }
  const read = async (path: string): Promise<[string, string]> => [
    path,
    // Code shows links that are none.
    (await Deno.readTextFile(new URL(path, ROOT))).replaceAll(
      /^```.*?^```$|`[^`\n]*`/gms,
      (code) => code.replaceAll("](", "] ("),
    ),
  ];
  return new Map(await Promise.all(paths.map(read)));
}

/** The anchors of a page, as forges make them of its headings. */
function anchorsOf(page: string): Set<string> {
  return new Set(
    [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
    ),
  );
}

Deno.test("each link of a page leads somewhere", async () => {
  const pages = await readPages();
  let links = 0;
  const dead: string[] = [];
  for (const [path, text] of pages) {
    for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      links++;
      const target = new URL(link, new URL(path, ROOT));
      const isThere = await Deno.stat(target).then(() => true, () => false);
      if (!isThere) dead.push(`${path}: ${link}: no such file`);
      const anchor = decodeURIComponent(target.hash.slice(1));
      const page = pages.get(target.pathname.slice(ROOT.pathname.length));
      if (page === undefined || anchor === "" || anchorsOf(page).has(anchor)) continue;
      dead.push(`${path}: ${link}: no such heading`);
    }
  }
  assertGreater(links, 50);
  assertEquals(dead, []);
});
