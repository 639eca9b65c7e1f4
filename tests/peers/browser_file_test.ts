// The client as one file for browsers: small, and whole.

import { assertEquals } from "@std/assert";
import { bundle, endBundling, INTERNAL_NAMES } from "../../build/bundle.ts";
import { BROWSER_BOUNDS, sizesOf, tooLarge } from "../../build/size.ts";

// esbuild's process ends after `stop` has resolved, perhaps in the test behind.
const sanitizers = { sanitizeOps: false, sanitizeResources: false };

Deno.test("the browser's file keeps to its size and imports nothing", sanitizers, async () => {
  try {
    const { code } = await bundle("client/mod.ts", "browser", { minify: true, name: "client.js" });
    assertEquals(tooLarge(await sizesOf(code), BROWSER_BOUNDS), []);
    const text = new TextDecoder().decode(code);
    assertEquals(text.match(/\bimport\b|\brequire\(/), null);
  } finally {
    await endBundling();
  }
});

/** The names of everything in the documentation of a module, but those of parameters, which nobody else can use. */
function namesIn(docs: unknown): string[] {
  if (typeof docs !== "object" || docs === null) return [];
  return Object.entries(docs).flatMap(([key, value]) => {
    if (key === "params") return [];
    return key === "name" && typeof value === "string" ? [value] : namesIn(value);
  });
}

/** The names of everything that the platform has. */
function* platformNames(): Generator<string> {
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    yield name;
    const value = Reflect.get(globalThis, name);
    if (typeof value !== "function" && (typeof value !== "object" || value === null)) continue;
    yield* Object.getOwnPropertyNames(value);
    yield* Object.getOwnPropertyNames(value.prototype ?? {});
  }
}

Deno.test(
  "names that are made short are none of the client's interface or of the platform",
  sanitizers,
  async () => {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["doc", "--json", new URL("../../client/mod.ts", import.meta.url).pathname],
    });
    const { stdout } = await command.output();
    const known = new Set([
      ...namesIn(JSON.parse(new TextDecoder().decode(stdout))),
      ...platformNames(),
    ]);
    // It would not do to have looked at nothing.
    assertEquals(["connect", "within", "onReply", "send"].filter((name) => !known.has(name)), []);
    assertEquals(INTERNAL_NAMES.filter((name) => known.has(name)), []);
  },
);
