// No token of a client is found in anything that a server says, nor its line in the memory of the server.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { hashOfToken, newToken } from "@lineup/lineup/server";
import { startLineup } from "../cli/lineup_process.ts";
import { RawClient } from "../raw_client.ts";
import { withDirectory } from "../temporary_directory.ts";
import { copiesInMemory } from "./process_memory.ts";

/** The end of a token, which no two tokens share. */
const secretOf = (token: string): string => token.slice(-40);

Deno.test("a queue tells no token in answers, pages, logs and its crash, and wipes the lines that had one", () =>
  withDirectory(async (folder) => {
    const [acme, gone] = [newToken("acme"), newToken("gone")];
    const path = `${folder}/identities.jsonl`;
    const line = { name: "acme", tokens: [hashOfToken(acme)], put: ["*"], roles: ["operator"] };
    await Deno.writeTextFile(path, JSON.stringify(line) + "\n");
    await using server = await startLineup([
      ...["queue", "--data", ":memory:", "--port", "0", "--admin", "0"],
      ...["--identities", path, "--log-level", "debug"],
    ]);
    const said: string[] = [server.line];

    // Connections that have nothing more to say for a while: nothing overwrites their lines.
    const open = (): Promise<RawClient> => RawClient.open(`tcp://127.0.0.1:${server.port}`);
    using quiet = await open();
    using stranger = await open();
    using clumsy = await open();
    said.push(await quiet.ask(`AUTH ${acme}`));
    assertEquals(said.at(-1), "OK identity=acme");
    said.push(await stranger.ask(`AUTH ${gone}`), await clumsy.ask(`AUTH acme ${acme}`));
    // The lines as they came: V8 has strings of its own, which no program can wipe.
    for (const received of [`AUTH ${acme}`, `AUTH ${gone}`, `AUTH acme ${acme}`]) {
      assertEquals(copiesInMemory(server.pid, received), 0, "a line with a token stays in memory");
    }
    // The search finds what is there.
    await quiet.ask(`PUT q ${"needle".repeat(5)}`);
    assertEquals(copiesInMemory(server.pid, "needle".repeat(5)) > 0, true);

    using wrong = await open();
    for (
      const words of [gone, `${acme}x`, `acme ${acme}`, `token=${acme}`, `"${acme}`, `${acme} {1}`]
    ) {
      const body = words.endsWith("}") ? "x\n" : "";
      said.push(await wrong.ask(`AUTH ${words}\n${body}`.trimEnd()));
    }
    said.push(await quiet.ask("STATS"), await quiet.ask("SPEC"), await quiet.ask("HELP AUTH"));
    said.push(
      await quiet.ask("HELLO lineup/1"),
      await quiet.ask("QUEUES"),
      await quiet.ask("TAKE q"),
    );

    const admin = /http:\S+/.exec(server.line)![0];
    const headers = { authorization: `Bearer ${acme}` };
    for (const place of ["/", "/metrics", "/healthz", "/readyz", "/history", "/none"]) {
      const asked = place === "/history"
        ? [{ headers }, { headers: { authorization: `Bearer ${gone}` } }]
        : [{}];
      for (const init of asked) said.push(await (await fetch(admin + place, init)).text());
    }

    server.kill("SIGABRT");
    const { out, err } = await server.finished();
    assertStringIncludes(err, "authentication failed");
    said.push(out, err);
    const leaks = said.filter((text) =>
      [acme, gone].some((token) => text.includes(secretOf(token)))
    );
    assertEquals(leaks, []);
  }));
