// The modules of the page and of our client for browsers, as JavaScript. They are the files of the tree, without a build:
// the types are stripped when the page is first asked for.

import { stripTypeScriptTypes } from "node:module";

/** Where our files are: a folder, or the registry that Deno has them from. */
const ROOT = new URL("../../", import.meta.url);
/** An import of JavaScript as `stripTypeScriptTypes` writes it: on a line of its own, but for a comment before it. */
const IMPORT = /(?:^|\*\/ )(?:import|export)\b[^;"]*"(\.[^"]+)";$/gm;

/**
 * A module and all modules that it imports by relative paths, by their paths from the root. Only these are ever served, so
 * no path of a request reaches another file.
 */
export async function loadModules(entry: string): Promise<ReadonlyMap<string, string>> {
  const modules = new Map<string, string>();
  const add = async (url: URL): Promise<void> => {
    const path = url.href.slice(ROOT.href.length);
    if (modules.has(path)) return;
    modules.set(path, "");
    const code = stripTypeScriptTypes(await textOf(url), { mode: "transform" });
    modules.set(path, code);
    await Promise.all([...code.matchAll(IMPORT)].map(([, path]) => add(new URL(path, url))));
  };
  await add(new URL(entry, ROOT));
  return modules;
}

/** The text of one of our files, wherever Deno has loaded this module from. */
async function textOf(url: URL): Promise<string> {
  return (await import(url.href, { with: { type: "text" } })).default;
}
