// A type's name means one thing in the whole product, so that a reader can search for it.

import { assertEquals } from "@std/assert";
import { readSources } from "./sources.ts";

const DECLARATION =
  /^(?:export )?(?:abstract )?(?:const enum|enum|interface|class|type) (\w+)(?=[\s<{=])/gm;

/** Classes that each platform has once. A program uses one of them. */
const ONE_FOR_EACH_PLATFORM: readonly string[] = ["SocketStream"];

Deno.test("no two types have one name", async () => {
  const places = new Map<string, string[]>();
  for (const { path, text } of await readSources()) {
    for (const [, name] of text.matchAll(DECLARATION)) {
      places.set(name, [...places.get(name) ?? [], path]);
    }
  }
  const twice = [...places].filter(([name, paths]) =>
    new Set(paths).size > 1 && !ONE_FOR_EACH_PLATFORM.includes(name)
  );
  assertEquals(twice.map(([name, paths]) => `${name}: ${paths.join(", ")}`), []);
});
