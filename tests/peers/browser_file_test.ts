// The client as one file for browsers is small and complete.

import { assert, assertEquals } from "@std/assert";
import { bundle, endBundling } from "../../build/bundle.ts";
import { MOST_FOR_BROWSERS, sizesOf } from "../../build/size.ts";

// esbuild's process ends some time after `stop` has resolved, perhaps during the next test.
const sanitizers = { sanitizeOps: false, sanitizeResources: false };

Deno.test("the browser's file stays within its size and imports nothing", sanitizers, async () => {
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
