// The admin port with curl, and with a Prometheus that has a token.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { lineupProcess, startLineup } from "../cli/lineup_process.ts";
import { withDirectory } from "../temporary_directory.ts";
import { startPrometheus } from "./prometheus.ts";
import { run } from "./program.ts";

Deno.test("curl sends one request after the other over a connection, and ends it where it says so", () =>
  withDirectory(async () => {
    await using server = await startLineup([
      "queue",
      "--port",
      "0",
      "--admin",
      "0",
      "--data",
      ":memory:",
    ]);
    const admin = /http:\/\/\S+/.exec(server.line)![0];
    const curl = async (...args: string[]): Promise<string> => {
      const { code, out } = await run("curl", ["--silent", "--verbose", "--stderr", "-", ...args], {
        needs: ["curl"],
      });
      assertEquals(code, 0, out);
      return out;
    };
    const paths = ["/healthz", "/metrics", "/", "/readyz"];
    const kept = await curl(...paths.map((path) => admin + path));
    assertEquals(kept.match(/Re-using existing (?:http: )?connection/gi)?.length, 3, kept);
    assertEquals(kept.match(/^< HTTP\/1\.1 200 OK/gm)?.length, 4);
    for (const args of [["--http1.0"], ["--header", "connection: close"]]) {
      const closed = await curl(...args, ...paths.map((path) => admin + path));
      assertEquals(closed.match(/Re-using existing/gi), null, closed);
      assertEquals(closed.match(/^< connection: close/gm)?.length, 4);
    }
    const posted = await curl("--data", "x=1", `${admin}/metrics`, `${admin}/healthz`);
    assertEquals(posted.match(/^< HTTP\/1\.1 405 /gm)?.length, 2, posted);
  }));

Deno.test("Prometheus scrapes a server with identities by its token, and not without one", () =>
  withDirectory(async (directory) => {
    const file = `${directory}/identities.jsonl`;
    const add = ["token", "add", "prometheus", "--file", file, "--role", "metrics"];
    const { code, out, err } = await lineupProcess(add);
    assertEquals(code, 0, err);
    await Deno.writeTextFile(`${directory}/prometheus.token`, out);
    await using server = await startLineup([
      ...["queue", "--port", "0", "--admin", "0", "--data", ":memory:", "--identities", file],
    ]);
    const admin = /http:\/\/(\S+)/.exec(server.line)![1];
    const probe = await fetch(`http://${admin}/readyz`);
    assertEquals(await probe.text(), "ready\n");
    const targets = `static_configs: [{ targets: ["${admin}"] }]`;
    await using prometheus = await startPrometheus(
      directory,
      `global: { scrape_interval: 1s }
scrape_configs:
  - job_name: lineup
    authorization: { credentials_file: prometheus.token }
    ${targets}
  - job_name: nobody
    ${targets}
`,
    );
    assertEquals(await prometheus.seen('up{job="lineup"} == 1'), "1");
    assertEquals(await prometheus.seen('up{job="nobody"} == 0'), "0");
    assertEquals(await prometheus.seen('lineup_ready{job="lineup"}'), "1");
    // What the scraper may not read, it is told.
    const token = out.trim();
    const history = await fetch(`http://${admin}/history`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assertEquals(history.status, 403);
    assertMatch(await history.text(), /role operator/);
    server.kill("SIGTERM");
    const { err: log } = await server.finished();
    assertMatch(log, /access refused: unauthenticated client=127\.0\.0\.1:\d+ verb=\/metrics/);
    assert(!log.includes(token));
  }));
