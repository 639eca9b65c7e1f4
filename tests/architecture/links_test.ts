// The links of the documents lead somewhere, also in the published package, which has not all files.

import { assertEquals, assertGreater } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const LINK = /!?\[[^\]]*\]\(([^)\s]+)\)/g;

/** The paths of the files that are published. */
async function publishedFiles(): Promise<Set<string>> {
  const { publish } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const files = new Set<string>();
  for (const path of publish.include) {
    if (path.endsWith("/")) { for await (const each of filesIn(path)) files.add(each); }
    else files.add(path);
  }
  return files;
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (isDirectory) yield* filesIn(`${folder}${name}/`);
    else yield `${folder}${name}`;
  }
}

/** A document without its blocks of code. */
async function proseOf(path: string): Promise<string> {
  const text = await Deno.readTextFile(new URL(path, ROOT));
  return text.replaceAll(/^ *```.*\n[^]*?^ *```$/gm, "");
}

/** The anchors of the headings of a document, as GitHub and JSR make them. */
async function anchorsOf(path: string): Promise<string[]> {
  return [...(await proseOf(path)).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")
  );
}

Deno.test("every relative link of the published documents leads to a published file, and to a heading", async () => {
  const files = await publishedFiles();
  const dead: string[] = [];
  let count = 0;
  for (const path of files) {
    if (!path.endsWith(".md")) continue;
    for (const [, link] of (await proseOf(path)).matchAll(LINK)) {
      if (/^[a-z]+:/.test(link)) continue;
      count++;
      const { href, hash } = new URL(link, new URL(path, ROOT));
      const target = href.slice(ROOT.href.length, href.length - hash.length);
      const isThere = target.endsWith("/")
        ? [...files].some((file) => file.startsWith(target))
        : files.has(target);
      const isFound = isThere &&
        (hash === "" || (await anchorsOf(target)).includes(decodeURIComponent(hash.slice(1))));
      if (!isFound) dead.push(`${path}: ${link}`);
    }
  }
  assertGreater(count, 40);
  assertEquals(dead, []);
});

Deno.test("the README of the npm package has no relative links, because no other document is with it", async () => {
  const links = [...(await proseOf("build/npm.md")).matchAll(LINK)].map(([, link]) => link);
  assertEquals(links.filter((link) => !/^[a-z]+:/.test(link)), []);
});
