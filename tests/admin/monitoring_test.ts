// The dashboard and the alert rules name metrics that exist.

import { assertEquals, assertGreater } from "@std/assert";
import { serveAdmin } from "@lineup/lineup/admin";
import { openQueue, queueProtocol, sqliteStore } from "@lineup/lineup/queue";
import { listenMemory, serve } from "@lineup/lineup/server";
import { withDirectory } from "../temporary_directory.ts";

const FOLDER = new URL("../../monitoring/", import.meta.url);
const OPERATIONS = new URL("../../docs/OPERATIONS.md", import.meta.url);

/** The names of metrics in a text, a histogram by the name of its family. */
function namesIn(text: string): Set<string> {
  const names = text.match(/\b(?:lineup|process)_[a-z_]+\b/g) ?? [];
  return new Set(names.map((name) => name.replace(/(?<=_seconds)_(?:bucket|sum|count)$/, "")));
}

Deno.test("each metric of the dashboard, the alert rules and docs/OPERATIONS.md exists, and the page names all", () =>
  withDirectory(async (directory) => {
    await using queue = await openQueue({ store: await sqliteStore(`${directory}/q.db`) });
    const listener = listenMemory();
    await using server = await serve(queueProtocol, queue.handlers, { listen: [listener] });
    await using admin = await serveAdmin(server, {
      address: "0",
      metrics: () => queue.metrics({ keysOf: ["mail"] }),
    });
    const text = await (await fetch(`${admin.address}/metrics`)).text();
    const types = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
    const existing = new Set(types);
    for (const file of ["grafana-dashboard.json", "alerts.yml"]) {
      const named = namesIn(await Deno.readTextFile(new URL(file, FOLDER)));
      assertGreater(named.size, 10);
      assertEquals([...named].filter((name) => !existing.has(name)), [], file);
    }
    const page = await Deno.readTextFile(OPERATIONS);
    const named = namesIn(page);
    assertEquals([...named].filter((name) => !existing.has(name)), [], "docs/OPERATIONS.md");
    const missing = types.filter((name) => !named.has(name));
    assertEquals(missing, []);
  }));
