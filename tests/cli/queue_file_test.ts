import { checkSqliteFile, importSqliteFile } from "@lineup/lineup/queue";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";

import { withDirectory } from "../temporary_directory.ts";
import { lineup } from "./lineup_here.ts";
import { command, startLineup } from "./lineup_process.ts";
import { RawClient } from "../raw_client.ts";

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

/** The values of lines of JSON, in an order that does not depend on the file. */
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

Deno.test("lineup queue --export writes the lines that --import has read", () =>
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

    const same = await lineup(["queue", "--data", data, "--import", "-"], { input: ALL });
    assertEquals(same.code, 0);
    assertMatch(
      same.err,
      /^these lines were imported into .* already, at 20.*: nothing was added;/,
    );
    const more = ["--again", "--data", data, "--import", "-"];
    const again = await lineup(["queue", ...more], { input: ALL });
    assertEquals(again.code, 0);
    assertStringIncludes(again.err, "1 job imported");
    assertStringIncludes(again.err, "with new numbers");
    assertStringIncludes(again.err, "1 job left out by id= name");
    const file = `${directory}/out.jsonl`;
    await lineup(["queue", "--data", data, "--export", file]);
    assertMatch(await Deno.readTextFile(file), /"id":13/);
    const over = await lineup(["queue", "--data", data, "--export", file]);
    assertEquals(over.code, 1);
    assertStringIncludes(over.err, "exists already; --export writes a new file");
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), [
      "out.jsonl",
      "queue.db",
    ]);
  }));

Deno.test("lineup queue --import names a wrong line, and imports nothing", () =>
  withDirectory(async (directory) => {
    const data = `${directory}/queue.db`;
    const input = `${QUEUE}\n\n${jobLine(3)}\n${jobLine(4, { priority: 10 })}\n`;
    const wrong = await lineup(["queue", "--data", data, "--import", "-"], { input });
    const why = 'line 4 is wrong: priority must be an integer, 0 to 9, not "10"';
    assertEquals([wrong.code, wrong.err], [1, `lineup: ${why}\n`]);
    assertEquals((await lineup(["queue", "--check", data])).out, `there is no file ${data}\n`);
    // An empty file counts as a queue without jobs.
    await Deno.writeFile(data, new Uint8Array());
    assertEquals((await lineup(["queue", "--check", data])).out, `${data} is sound: 0 jobs\n`);
    const none = await lineup(["queue", "--data", data, "--import", "-"]);
    assertEquals([none.code, none.err], [1, "lineup: there is no line to import\n"]);
    await Deno.writeFile(`${directory}/latin1`, new Uint8Array([10, 0xe9, 10]));
    const latin1 = await lineup(["queue", "--data", data, "--import", `${directory}/latin1`]);
    assertEquals(latin1.err, "lineup: line 2 is wrong: it is not UTF-8\n");
  }));

Deno.test("importSqliteFile tells the error of each wrong line", () =>
  withDirectory((directory) => {
    const path = `${directory}/queue.db`;
    const cron = { kind: "schedule", name: "n", queue: "mail", next: 1, body: "" };
    const wrongs: readonly (readonly [line: string, why: string])[] = [
      ["{", "it is not JSON"],
      ["7", "it is not a JSON object"],
      ['{"kind":"jbo"}', "kind must be one of queue, job, rules, schedule"],
      ['{"body":"x"}', "a job needs queue"],
      ['{"queue":"mail"}', "it has neither body nor base64"],
      [
        '{"queue":"mail","body":"","put":1e400}',
        "put must be a number, 0 to 8640000000000000, not one as large",
      ],
      [jobLine(4, { queue: "a b" }), "queue must be a word without white space"],
      [jobLine(4, { priority: 10 }), "priority must be an integer, 0 to 9"],
      [jobLine(4, { lease: 1.5 }), "lease must be an integer, 1 to 2592000000"],
      [jobLine(4, { keep: 1 }), "keep must be true or false, not 1"],
      [jobLine(4, { state: "lost" }), "state must be one of delayed, ready, taken, dead, done"],
      [jobLine(4, { state: "taken" }), "until must be when that ends for a job that is taken"],
      [jobLine(4, { until: 5 }), "until must be 0 for a job that is ready"],
      [jobLine(4, { held: true }), "held must be false for a job that is ready"],
      [jobLine(4, { spared: 3 }), "spared must be at most 2, its attempts"],
      [jobLine(4, { prio: 1 }), "a job has no prio"],
      [jobLine(4, { base64: "AP8=" }), "it has body and base64, and takes one of them"],
      [jobLine(4, { body: undefined, base64: "A?" }), "base64 must be base64"],
      [jobLine(3), "job 3 is behind job 3"],
      [JSON.stringify({ ...cron, cron: "never" }), "cron must be five or six fields"],
      [JSON.stringify(cron), "it has neither cron nor interval"],
      [
        JSON.stringify({ ...cron, cron: "0 3 * * *", interval: 1000 }),
        "it has cron and interval, and takes one of them",
      ],
      ['{"kind":"rules","queue":"mail","rate":-1}', "rate must be a number"],
      [QUEUE, "kind queue is for the first line"],
    ];
    for (const [line, why] of wrongs) {
      const lines = [QUEUE, "", jobLine(3), line];
      assertThrows(() => importSqliteFile(path, lines), Error, `line 4 is wrong: ${why}`);
    }
    // A failed import leaves no new file, and does not change an existing one.
    assertEquals([...Deno.readDirSync(directory)], []);
    importSqliteFile(path, [QUEUE]);
    assertThrows(() => importSqliteFile(path, [jobLine(13), "{"]), Error, "line 2 is wrong");
    assertEquals(checkSqliteFile(path), { jobs: 0, older: false, problems: [] });
    return Promise.resolve();
  }));

Deno.test("lineup queue --import makes jobs of lines with only a queue and a body", () =>
  withDirectory(async (directory) => {
    const data = `${directory}/queue.db`;
    const input = '{"queue":"mail","body":"one"}\n{"queue":"mail","key":"acme","body":"two"}';
    const imported = await lineup(["queue", "--data", data, "--import", "-"], { input });
    assertEquals([imported.code, imported.err], [0, `2 jobs imported into ${data}\n`]);
    await using server = await startLineup(["queue", "--port", "0", "--data", data]);
    const address = `127.0.0.1:${server.port}`;
    const taken = await lineup(["call", address, "TAKE", "mail", "max=2"]);
    assertEquals(
      taken.out,
      "* id=1 queue=mail attempt=1 lease=60s {3}\none\n" +
        "* id=2 queue=mail key=acme attempt=1 lease=60s {3}\ntwo\nOK count=2\n",
    );
    for (const flag of ["--check", "--data"]) {
      const more = flag === "--check" ? [] : ["--export", "-"];
      const held = await lineup(["queue", flag, data, ...more]);
      assertEquals(held.code, 1);
      assertStringIncludes(held.out + held.err, `${data} is in use by another server`);
    }
    const also = await lineup(["queue", "--data", data, "--import", "-"], { input });
    assertStringIncludes(also.err, `${data} is in use by another server`);
    const second = await lineup(["queue", "--port", "0", "--data", data]);
    assertEquals(second.code, 1);
    assertStringIncludes(second.err, `${data} is in use by another server`);
    const begun = performance.now();
    const waited = await lineup(["queue", "--port", "0", "--data", data, "--wait", "100ms"]);
    assertStringIncludes(waited.err, `${data} is in use by another server`);
    // SQLite alone would wait for five seconds.
    assert(performance.now() - begun < 4000);
  }));

Deno.test("lineup queue --import tells its progress, and adds nothing where it is killed", () =>
  withDirectory(async (directory) => {
    const data = `${directory}/queue.db`;
    const child = command(["queue", "--data", data, "--import", "-"], { stdin: "piped" }).spawn();
    const told = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let progress = "";
    const telling = told.read().then(({ value = "" }) => progress = value);
    const lines = new TextEncoder().encode(`${jobLine(0)}\n`.repeat(100));
    const writer = child.stdin.getWriter();
    while (progress === "") await writer.write(lines);
    child.kill("SIGKILL");
    await child.status;
    await Promise.all([telling, told.cancel(), child.stdout.cancel(), writer.abort()]);
    assertMatch(progress, /^lines read: [\d,]+ so far\n$/);
    assertEquals((await lineup(["queue", "--check", data])).out, `${data} is sound: 0 jobs\n`);
  }));

Deno.test("lineup queue --check, --export and --import name a missing flag or file", () =>
  withDirectory(async (directory) => {
    const missing = `${directory}/none.db`;
    const why = `there is no file ${missing}\n`;
    const checked = await lineup(["queue", "--check", missing]);
    assertEquals([checked.code, checked.out], [1, why]);
    const exported = await lineup(["queue", "--data", missing, "--export", "-"]);
    assertEquals([exported.code, exported.err], [1, `lineup: ${why}`]);
    assertEquals((await lineup(["queue", "--check", directory])).out, `${directory} is no file\n`);
    assertEquals([...Deno.readDirSync(directory)], []);
    const both = await lineup(["queue", "--export", "a", "--import", "b"]);
    assertEquals(both.code, 64);
    assertStringIncludes(both.err, "--export and --import exclude each other");
    const memory = await lineup(["queue", "--data", ":memory:", "--export", "-"]);
    assertStringIncludes(memory.err, "--export needs --data FILE");
  }));

Deno.test("lineup queue --max-size bounds its file, and is for a server only", () =>
  withDirectory(async (directory) => {
    const data = `${directory}/queue.db`;
    await using server = await startLineup([
      ...["queue", "--port", "0", "--data", data, "--max-size", "2MiB"],
    ]);
    const session = new RawClient(await Deno.connect({ port: server.port }));
    await session.reply();
    const body = "x".repeat(100_000);
    let reply: string;
    let puts = 0;
    while (/^OK/.test(reply = await session.ask(`PUT mail {100000}\n${body}`))) puts++;
    assertMatch(reply, /^ERR busy "The disk, or the size .* retry=1000$/);
    assertEquals(puts > 5 && puts < 20, true, `${puts}`);
    const sizes = ["", "-wal"].map((end) => Deno.statSync(data + end).size);
    assertEquals(sizes[0] + sizes[1] <= 2 << 20, true, sizes.join());
    assertMatch(await session.ask("TAKE mail"), /^\* id=1 /);
    assertEquals(await session.ask("DONE 1"), "OK");
    assertEquals(await session.ask("PURGE mail"), `OK count=${puts - 1}`);
    assertMatch(await session.ask(`PUT mail {100000}\n${body}`), /^OK id=/);
    session.close();
    for (
      const [flags, why] of [
        [["--data", ":memory:"], "--max-size has an effect only when serving --data FILE"],
        [["--export", "-"], "--max-size has an effect only when serving --data FILE"],
      ] as const
    ) {
      const wrong = await lineup(["queue", "--max-size", "2MiB", ...flags]);
      assertEquals(wrong.code, 64);
      assertStringIncludes(wrong.err, why);
    }
    const small = await lineup(["queue", "--max-size", "1000"]);
    assertStringIncludes(small.err, "--max-size must be a size in bytes");
  }));

Deno.test("lineup queue --wait is refused where there is no file to wait for", async () => {
  for (const data of [":memory:", "postgres://app@127.0.0.1:1/app"]) {
    const { code, err } = await lineup(["queue", "--port", "0", "--data", data, "--wait", "1s"]);
    assertEquals(code, 64);
    assertStringIncludes(err, "--wait has an effect only with --data FILE");
  }
});
