// The client as one file for browsers: small, and whole.

import { assertEquals } from "@std/assert";
import { bundle, endBundling } from "../../build/bundle.ts";
import { BROWSER_BOUNDS, sizesOf, tooLarge } from "../../build/size.ts";

Deno.test("the browser's file keeps to its size and imports nothing", async () => {
  try {
    const { code } = await bundle("client/mod.ts", "browser", { minify: true, name: "client.js" });
    assertEquals(tooLarge(await sizesOf(code), BROWSER_BOUNDS), []);
    const text = new TextDecoder().decode(code);
    assertEquals(text.match(/\bimport\b|\brequire\(/), null);
  } finally {
    await endBundling();
  }
});
