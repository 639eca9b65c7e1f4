import { compile, markdown } from "@lineup/lineup/protocol";
import { queueProtocol } from "@lineup/lineup/queue";
import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { pattern } from "./pattern.ts";
import { testQueue } from "../../test_queue.ts";

const FILE = new URL("../../../docs/QUEUE.md", import.meta.url);
const REFERENCE = /(<!-- reference: .*? -->\n)(.*)(<!-- reference ends -->)/s;

/** The commands of the queue's protocol, a level down, without the built-in ones. */
function reference(): string {
  const whole = markdown(compile(queueProtocol));
  const [own] = whole.split("\n## What every server answers\n");
  return own.slice(own.indexOf("\n| command |") + 1).replace(/^## /gm, "### ");
}

Deno.test("docs/QUEUE.md has the current reference of the protocol", async () => {
  const text = await Deno.readTextFile(FILE);
  const whole = text.replace(REFERENCE, (_, head, _old, end) => `${head}${reference()}${end}`);
  if (Deno.env.has("LINEUP_UPDATE")) await Deno.writeTextFile(FILE, whole);
  else {assertEquals(
      text,
      whole,
      "LINEUP_UPDATE=1 deno test -A tests/queue/protocol/document_test.ts",
    );}
  assertMatch(whole, /\n### PUT\n/);
});

Deno.test("docs/QUEUE.md shows a tour that runs as it is shown", async () => {
  const text = await Deno.readTextFile(FILE);
  const tour = text.slice(text.indexOf("## A tour"), text.indexOf("## What it guarantees"));
  const lines = [...tour.matchAll(/^```text\n(.*?)^```/gms)].map(([, block]) => block).join("")
    .trimEnd().split("\n");
  assertGreater(lines.length, 50);
  await using queue = await testQueue();
  const session = await queue.session();
  while (lines.length > 0) {
    const request = lines.shift()!;
    const reply = await session.ask(request);
    const shown = lines.splice(0, reply.split("\n").length).join("\n");
    assertMatch(reply, pattern(shown), request);
  }
});
