// The client as one file for browsers: small, and whole.

import { assert, assertEquals } from "@std/assert";
import { bundle, endBundling } from "../../build/bundle.ts";
import { MOST_FOR_BROWSERS, sizesOf } from "../../build/size.ts";

// esbuild's process ends after `stop` has resolved, perhaps in the test behind.
const sanitizers = { sanitizeOps: false, sanitizeResources: false };

Deno.test("the browser's file keeps to its size and imports nothing", sanitizers, async () => {
  try {
    const { code } = await bundle("client/browser.ts", "browser", {
      minify: true,
      name: "client.js",
    });
    const { gzipped } = await sizesOf(code);
    assert(gzipped <= MOST_FOR_BROWSERS, `${gzipped} bytes`);
    const text = new TextDecoder().decode(code);
    assertEquals(text.match(/\bimport\b|\brequire\(/), null);
  } finally {
    await endBundling();
  }
});
