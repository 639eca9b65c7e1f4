// The queue from TypeScript with the schemas of others, and as docs/QUEUE.md shows it.

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import * as v from "npm:valibot@1.5.0";
import { z } from "npm:zod@4.6.7";
import { queue } from "@lineup/lineup/client";
import { startLineup } from "../cli/lineup_process.ts";
import { openQueueFixture } from "../client/queue_fixture.ts";

const ROOT = new URL("../../", import.meta.url);

/** The same payload by two libraries: the text of a date comes in, a Date goes out. */
const schemas = {
  zod: z.object({
    to: z.array(z.string().min(1)),
    at: z.iso.date().transform((at) => new Date(at)),
  }),
  valibot: v.object({
    to: v.array(v.pipe(v.string(), v.minLength(1))),
    at: v.pipe(v.string(), v.isoDate(), v.transform((at) => new Date(at))),
  }),
};

for (const [library, schema] of Object.entries(schemas)) {
  Deno.test(`queue types and checks payloads by a schema of ${library}`, async () => {
    await using fixture = await openQueueFixture();
    const client = await fixture.client();
    const mail = queue(client, "mail", schema);
    await mail.put({ to: ["ada"], at: "2026-12-01" }, { priority: 0 });
    await assertRejects(() => mail.put({ to: ["ada", ""], at: "2026-12-01" }), TypeError, "to.1: ");
    // @ts-expect-error The schema takes a text.
    await assertRejects(() => mail.put({ to: [], at: new Date(0) }), TypeError, "at: ");
    const { id } = await client.PUT({ queue: "mail", body: '{"to":["ada"],"at":7}' });
    const got: { to: string[]; at: Date }[] = [];
    const worker = mail.work(({ payload }) => void got.push(payload), {
      clock: fixture.clock,
      untilEmpty: true,
    });
    await fixture.until(worker.finished);
    assertEquals(got, [{ to: ["ada"], at: new Date("2026-12-01") }]);
    const { state, reason } = await client.JOB({ id });
    assertEquals(state, "dead");
    assertMatch(reason!, /^the payload of a job for mail is refused: at: /);
  });
}

Deno.test("docs/QUEUE.md shows programs in TypeScript that run as they are shown", async () => {
  const text = await Deno.readTextFile(new URL("docs/QUEUE.md", ROOT));
  const programs = [...text.matchAll(/^```ts ignore\n(.*?)^```/gms)].map(([, program]) => program);
  assertEquals(programs.length, 3);
  const [connecting] = programs[0].split("\n\n", 2).map((part) => part + "\n");
  const client = /^await using client = .*\n/m.exec(programs[0])![0];
  const places: Readonly<Record<string, string>> = {
    "@lineup/lineup/client": new URL("client/mod.ts", ROOT).href,
    "@lineup/lineup/queue/protocol": new URL("queue/protocol/mod.ts", ROOT).href,
    "zod": "npm:zod@4.6.7",
  };
  await using server = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    for (const program of programs) {
      const begun = program.includes("import ") ? program : connecting + client + program;
      const whole = begun.replaceAll(/(?<= from )"(.*)"/g, (_, name) => `"${places[name]}"`)
        .replaceAll("5463", String(server.port)) + "\nfunction send(..._: unknown[]) {}\n";
      await Deno.writeTextFile(file, whole);
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--check", "--no-lock", "--allow-net", "--allow-env", file],
        stdout: "null",
      }).output();
      assertEquals([code, new TextDecoder().decode(stderr)], [0, ""], program);
    }
  } finally {
    await Deno.remove(file);
  }
});
