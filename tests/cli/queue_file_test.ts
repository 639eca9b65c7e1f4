import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { withDirectory } from "../queue/temporary.ts";
import { lineup } from "./run.ts";

const QUEUE = '{"kind":"queue","version":1,"last":12}';
const RULES =
  '{"kind":"rules","queue":"mail","key":"acme","paused":false,"running":3,"rate":0,"weight":0,"depth":0}';
const SCHEDULE =
  '{"kind":"schedule","name":"nightly","queue":"mail","key":"","priority":5,"attempts":10,"lease":60000,' +
  '"backoff":0,"keep":false,"cron":"0 3 * * *","zone":"UTC","interval":0,"next":1700000000000,"expires":0,' +
  '"body":"go"}';

function jobLine(id: number, rest: Record<string, unknown> = {}): string {
  return JSON.stringify({
    kind: "job",
    queue: "mail",
    key: "acme",
    priority: 5,
    attempts: 10,
    lease: 60000,
    backoff: 0,
    keep: false,
    put: 1.5,
    expires: 0,
    size: undefined,
    state: "ready",
    attempt: 2,
    spared: 1,
    ready: 2.5,
    until: 0,
    held: false,
    reason: "no luck",
    id,
    unique: "",
    body: "grün\n",
    ...rest,
  });
}

/** Lines whatever the order of what they say. */
function sorted(text: string): unknown[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

const ALL = [
  QUEUE,
  RULES,
  SCHEDULE,
  jobLine(3),
  jobLine(12, { unique: "once", body: undefined, base64: "AP8=" }),
].join("\n") + "\n";

Deno.test("lineup queue --export gives what --import was given", () =>
  withDirectory(async (directory) => {
    const data = `${directory}/queue.db`;
    const imported = await lineup(["queue", "--data", data, "--import", "-"], { input: ALL });
    assertEquals([imported.code, imported.out], [0, ""]);
    assertStringIncludes(imported.err, `2 jobs imported into ${data}\n`);
    const exported = await lineup(["queue", "--data", data, "--export", "-"]);
    assertEquals(exported.code, 0);
    assertEquals(sorted(exported.out), sorted(ALL));
    const checked = await lineup(["queue", "--check", data]);
    assertEquals([checked.code, checked.out], [0, `${data} is sound: 2 jobs\n`]);

    const again = await lineup(["queue", "--data", data, "--import", "-"], { input: ALL });
    assertEquals(again.code, 0);
    assertStringIncludes(again.err, "1 jobs imported");
    assertStringIncludes(again.err, "with new numbers");
    assertStringIncludes(again.err, "1 left out, whose id= names are there");
    const file = `${directory}/out.jsonl`;
    await lineup(["queue", "--data", data, "--export", file]);
    assertMatch(await Deno.readTextFile(file), /"id":13/);
    const over = await lineup(["queue", "--data", data, "--export", file]);
    assertEquals(over.code, 1);
  }));

Deno.test("lineup queue --import names the line that is wrong, and imports nothing", () =>
  withDirectory(async (directory) => {
    const data = `${directory}/queue.db`;
    const wrongs: readonly (readonly [line: string, why: string])[] = [
      ["{", "it is not JSON"],
      ["7", "it is not a JSON object"],
      ['{"kind":"jbo"}', "kind must be one of queue, job, rules, schedule"],
      [jobLine(4, { priority: 10 }), "priority is 10"],
      [jobLine(4, { state: "lost" }), 'state is "lost"'],
      [jobLine(4, { prio: 1 }), "a job has no prio"],
      [jobLine(4, { base64: "AP8=" }), "it needs body or base64, and not both"],
      [jobLine(4, { body: undefined, base64: "A?" }), "base64 is no base64"],
      [jobLine(3), "job 3 is behind job 3"],
      [QUEUE, "kind is queue again"],
    ];
    for (const [line, why] of wrongs) {
      const input = `${QUEUE}\n\n${jobLine(3)}\n${line}\n`;
      const { code, err } = await lineup(["queue", "--data", data, "--import", "-"], { input });
      assertEquals(code, 1, line);
      assertStringIncludes(err, `line 4 is wrong: ${why}`);
    }
    assertEquals((await lineup(["queue", "--check", data])).out, `${data} is sound: 0 jobs\n`);
    const none = await lineup(["queue", "--data", data, "--import", "-"], { input: jobLine(1) });
    assertStringIncludes(none.err, "an export begins with a line of kind queue");
  }));

Deno.test("lineup queue --check, --export and --import say what they lack", () =>
  withDirectory(async (directory) => {
    const missing = `${directory}/none.db`;
    assertEquals((await lineup(["queue", "--check", missing])).code, 1);
    assertEquals((await lineup(["queue", "--data", missing, "--export", "-"])).code, 1);
    assertEquals([...Deno.readDirSync(directory)], []);
    const both = await lineup(["queue", "--export", "a", "--import", "b"]);
    assertEquals(both.code, 64);
    assertStringIncludes(both.err, "--export and --import exclude each other");
    const memory = await lineup(["queue", "--data", ":memory:", "--export", "-"]);
    assertStringIncludes(memory.err, "--export needs --data FILE");
  }));
