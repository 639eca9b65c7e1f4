// Runs the suite of transports in other runtimes, with the client built for them.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { bundle, endBundling, type Target } from "../../build/bundle.ts";
import { listen, type Listener, parseAddress } from "../../net/mod.ts";
import { serveSuite } from "../transports/transport_fixture.ts";
import { caseNames, type CaseResult } from "../transports/suite.ts";
import { AUTHORITY_FILE, identity } from "../transports/tls.ts";
import { openPage } from "./chromium.ts";
import { find, run } from "./program.ts";

async function suiteFor(platform: Target): Promise<Uint8Array> {
  try {
    const name = "suite.js";
    const entry = `tests/transports/run_${platform}.ts`;
    return (await bundle(entry, platform, { minify: true, name })).code;
  } finally {
    await endBundling();
  }
}

async function allPass(t: Deno.TestContext, results: readonly CaseResult[]): Promise<void> {
  for (const { name, error } of results) {
    await t.step(name, () => assertEquals(error, undefined, error));
  }
  assertEquals(results.map(({ name }) => name), caseNames);
}

const at = (address: string, origins?: readonly string[]): Promise<Listener> =>
  listen(parseAddress(address), { tls: identity, origins });

for (const runtime of ["node", "bun"]) {
  for (const transport of ["tcp", "tls", "unix", "ws"]) {
    Deno.test(`the suite passes in ${runtime} over ${transport}`, async (t) => {
      await find(runtime);
      const directory = await Deno.makeTempDir();
      const file = `${directory}/suite.mjs`;
      await Deno.writeFile(file, await suiteFor("node"));
      const place = transport === "unix" ? `unix:${directory}/s` : `${transport}://127.0.0.1:0`;
      await using server = await serveSuite(await at(place));
      const { code, out } = await run(runtime, [file, server.address, AUTHORITY_FILE]);
      const results = out.trim().split("\n").map((line) => JSON.parse(line) as CaseResult);
      if (transport === "ws" && await hasNoWebSocket(runtime)) {
        // Every case fails with this message, except where it also has a dead address.
        for (const { error = "" } of results) assertMatch(error, /version 22 has|dead\.invalid/);
      } else {
        await allPass(t, results);
        assertEquals(code, 0);
      }
      await server.shutdown();
      await Deno.remove(directory, { recursive: true });
    });
  }
}

async function hasNoWebSocket(runtime: string): Promise<boolean> {
  return (await run(runtime, ["-p", "typeof WebSocket"])).out.trim() === "undefined";
}

Deno.test("the suite passes in Chromium", async (t) => {
  const script = await suiteFor("browser");
  const results: CaseResult[] = [];
  const over = Promise.withResolvers<void>();
  await using pages = servePage(script, async (path, body) => {
    if (path === "/over") over.resolve();
    else results.push(JSON.parse(await body) as CaseResult);
  });
  await using server = await serveSuite(await at("ws://127.0.0.1:0", [pages.origin]));
  await using _ = await openPage(`${pages.origin}/?address=${encodeURIComponent(server.address)}`);
  await over.promise;
  await allPass(t, results);
});

Deno.test("Chromium's pages of another origin are refused", async () => {
  const script = await suiteFor("browser");
  const first = Promise.withResolvers<CaseResult>();
  await using pages = servePage(script, async (_, body) => {
    first.resolve(JSON.parse(await body) as CaseResult);
  });
  await using server = await serveSuite(await at("ws://127.0.0.1:0", ["http://other.example"]));
  await using _ = await openPage(`${pages.origin}/?address=${encodeURIComponent(server.address)}`);
  assertStringIncludes((await first.promise).error ?? "", "no WebSocket at ws://127.0.0.1:");
});

/** Serves a page that runs a script, and collects the lines that the script posts. */
function servePage(
  script: Uint8Array,
  posted: (path: string, body: Promise<string>) => unknown,
): AsyncDisposable & { readonly origin: string } {
  const html = "<!doctype html><title>Lineup</title><script type=module src=/suite.js></script>";
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "POST") {
      await posted(pathname, request.text());
      return new Response();
    }
    return pathname === "/suite.js"
      ? new Response(script as Uint8Array<ArrayBuffer>, {
        headers: { "content-type": "text/javascript" },
      })
      : new Response(html, { headers: { "content-type": "text/html" } });
  });
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
