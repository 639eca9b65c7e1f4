// From a file to a database and back, and the check of a database.

import {
  checkPostgres,
  exportPostgres,
  exportSqliteFile,
  importPostgres,
  importSqliteFile,
  openCluster,
  openQueue,
  postgresStore,
} from "@lineup/lineup/queue";
import { assertEquals, assertRejects } from "@std/assert";
import { lineupProcess } from "../../cli/lineup_process.ts";
import { withDirectory } from "../../temporary_directory.ts";
import { type Cluster, startCluster, UNSAFE } from "./cluster.ts";

let cluster: Cluster;
Deno.test.beforeAll(async () => {
  cluster = await startCluster(UNSAFE);
});
Deno.test.afterAll(async () => await cluster[Symbol.asyncDispose]());

const SOON = Date.now() + 60_000;
/** One of each. */
const LINES = [
  { kind: "queue", version: 1, last: 2000 },
  { kind: "rules", queue: "mail", key: "acme", running: 2, rate: 0.5, weight: 3 },
  { kind: "schedule", name: "nightly", queue: "mail", cron: "0 3 * * *", next: SOON, body: "go" },
  {
    kind: "schedule",
    name: "off",
    queue: "mail",
    interval: 5000,
    next: SOON,
    paused: true,
    body: "",
  },
  { id: 1, queue: "mail", key: "ünï", unique: "order-1", body: 'a "body" \\ {1,2}' },
  { id: 2, queue: "mail", state: "dead", attempt: 3, reason: 'no "luck", {really}\\', body: "" },
  { id: 3, queue: "mail", state: "taken", attempt: 1, until: SOON, base64: "AP8KAA==" },
  ...Array.from({ length: 1500 }, (_, at) => ({ id: at + 4, queue: "many", body: `${at}` })),
].map((line) => JSON.stringify(line));

Deno.test("all that a file keeps goes to a database and back", () =>
  withDirectory(async (directory) => {
    const url = await cluster.newDatabase();
    importSqliteFile(`${directory}/first.db`, LINES);
    const exported = [...exportSqliteFile(`${directory}/first.db`)];
    assertEquals(exported.length, LINES.length);
    const imported = await importPostgres(url, exported, { shards: 1 });
    assertEquals(imported, { jobs: 1503, duplicates: 0, renumbered: false });
    assertEquals(await Array.fromAsync(exportPostgres(url)), exported);
    importSqliteFile(`${directory}/second.db`, await Array.fromAsync(exportPostgres(url)));
    assertEquals([...exportSqliteFile(`${directory}/second.db`)], exported);
    assertEquals(await checkPostgres(url), { jobs: 1503, older: false, problems: [] });
  }));

Deno.test("a queue of several shards gives its own numbers, which its exports keep", () =>
  withDirectory(async (directory) => {
    const [first, second] = [await cluster.newDatabase(), await cluster.newDatabase()];
    const imported = await importPostgres(first, LINES);
    assertEquals(imported, { jobs: 1503, duplicates: 0, renumbered: true });
    const exported = await Array.fromAsync(exportPostgres(first));
    assertEquals(exported.length, LINES.length);
    const jobs = exported.map((line) => JSON.parse(line)).filter(({ id }) => id !== undefined);
    const shardsOf = (
      queue: string,
    ): number[] => [...new Set(jobs.filter((job) => job.queue === queue).map(({ id }) => id % 64))];
    // The queue with limits and a schedule comes first.
    assertEquals([shardsOf("mail"), shardsOf("many")], [[0], [1]]);
    assertEquals(jobs.map(({ id }) => id), jobs.map(({ id }) => id).sort((a, b) => a - b));
    assertEquals(
      jobs.filter(({ queue }) => queue === "many").map(({ body }) => body),
      Array.from({ length: 1500 }, (_, at) => String(at)),
    );
    const again = await importPostgres(second, exported);
    assertEquals(again, { jobs: 1503, duplicates: 0, renumbered: false });
    assertEquals(await Array.fromAsync(exportPostgres(second)), exported);
    importSqliteFile(`${directory}/home.db`, exported);
    const home = [...exportSqliteFile(`${directory}/home.db`)];
    assertEquals(home.slice(1), exported.slice(1));
    for (const url of [first, second]) {
      assertEquals(await checkPostgres(url), { jobs: 1503, older: false, problems: [] });
    }
  }));

/** Queues of one job, of several with keys, and of none but limits or a schedule. */
const MANY_QUEUES = [
  { kind: "queue", version: 1, last: 40 },
  { kind: "rules", queue: "b", key: "acme", running: 2 },
  { kind: "rules", queue: "limited", rate: 3 },
  { kind: "schedule", name: "nightly", queue: "c", cron: "0 3 * * *", next: SOON, body: "go" },
  {
    kind: "schedule",
    name: "off",
    queue: "planned",
    interval: 5000,
    next: SOON,
    paused: true,
    body: "",
  },
  { id: 1, queue: "a", body: "x" },
  ...Array.from({ length: 30 }, (_, at) => ({
    id: at + 2,
    queue: ["b", "c", "d"][at % 3],
    key: `key-${at % 4}`,
    body: `${at}`,
  })),
].map((line) => JSON.stringify(line));

/** The jobs of an export. */
function jobsOf(lines: readonly string[]): { id: number; queue: string; body: string }[] {
  return lines.map((line) => JSON.parse(line)).filter(({ id }) => id !== undefined);
}

Deno.test("an export of many queues goes into another database with its numbers", async () => {
  const [first, second] = [await cluster.newDatabase(), await cluster.newDatabase()];
  await importPostgres(first, MANY_QUEUES);
  const exported = await Array.fromAsync(exportPostgres(first));
  const shards = new Set(jobsOf(exported).map(({ id }) => id % 64));
  assertEquals(shards.size, 4);
  const kept = await importPostgres(second, exported);
  assertEquals(kept, { jobs: 31, duplicates: 0, renumbered: false });
  const after = await Array.fromAsync(exportPostgres(second));
  assertEquals(after.toSorted(), exported.toSorted());
  assertEquals(jobsOf(after), jobsOf(exported));
  assertEquals(await checkPostgres(second), { jobs: 31, older: false, problems: [] });
  const again = await importPostgres(second, exported);
  assertEquals([again.jobs, typeof again.before], [0, "number"]);
  assertEquals(await Array.fromAsync(exportPostgres(second)), after);
  // Queues without jobs got the shards that had none.
  const database = new URL(second).pathname.slice(1);
  const placed = await cluster.sql(
    "select count(*), count(distinct shard) from lineup.queue",
    database,
  );
  assertEquals(placed, [["6", "6"]]);
  await using queue = await openCluster(second);
  assertEquals(new Map(queue.stats()).get("queue-ready"), 31);
});

Deno.test("an export goes beside the queues of another database with new numbers", async () => {
  const [first, second] = [await cluster.newDatabase(), await cluster.newDatabase()];
  await importPostgres(first, MANY_QUEUES);
  const exported = await Array.fromAsync(exportPostgres(first));
  // The same queues in other shards, and a schedule of the same name in another queue.
  await importPostgres(
    second,
    [
      { queue: "d", body: "before" },
      { queue: "b", body: "before" },
      { kind: "schedule", name: "nightly", queue: "d", interval: 5000, next: SOON, body: "old" },
    ].map((line) => JSON.stringify(line)),
  );
  const added = await importPostgres(second, exported);
  assertEquals(added, { jobs: 31, duplicates: 0, renumbered: true });
  const after = await Array.fromAsync(exportPostgres(second));
  const bodiesOf = (lines: readonly string[], queue: string): string[] =>
    jobsOf(lines).filter((job) => job.queue === queue).map(({ body }) => body);
  assertEquals(bodiesOf(after, "b"), ["before", ...bodiesOf(exported, "b")]);
  assertEquals(bodiesOf(after, "a"), ["x"]);
  const schedules = after.map((line) => JSON.parse(line)).filter(({ kind }) => kind === "schedule");
  assertEquals(
    schedules.map(({ name, queue, paused }) => [name, queue, paused ?? false]).toSorted(),
    [["nightly", "c", false], ["off", "planned", true]],
  );
  assertEquals(await checkPostgres(second), { jobs: 33, older: false, problems: [] });
});

Deno.test("a queue without jobs keeps its shard, so an import gives new numbers", async () => {
  const [first, second] = [await cluster.newDatabase(), await cluster.newDatabase()];
  await importPostgres(first, MANY_QUEUES);
  const exported = await Array.fromAsync(exportPostgres(first));
  await importPostgres(second, ['{"kind":"rules","queue":"d","running":1}']);
  assertEquals((await importPostgres(second, exported)).renumbered, true);
  assertEquals((await checkPostgres(second)).problems, []);
});

Deno.test("jobs of one queue whose numbers tell several shards are refused", async () => {
  const url = await cluster.newDatabase();
  await assertRejects(
    () =>
      importPostgres(url, [
        '{"kind":"queue","version":1,"last":2,"shards":64}',
        '{"id":1,"queue":"a","body":""}',
        '{"id":2,"queue":"a","body":""}',
      ]),
    Error,
    "the number of job 2 tells the shard 2 of 64, but other jobs of a tell 1",
  );
});

Deno.test("an import adds all lines or none, and the same lines once", async () => {
  const url = await cluster.newDatabase();
  const wrong = [...LINES, '{"queue":"mail"}'];
  await assertRejects(
    () => importPostgres(url, wrong, { shards: 1 }),
    Error,
    `line ${wrong.length} is wrong: it has neither body nor base64`,
  );
  assertEquals(await Array.fromAsync(exportPostgres(url)), [
    '{"kind":"queue","version":1,"last":0}',
  ]);
  await importPostgres(url, LINES);
  const again = await importPostgres(url, LINES);
  assertEquals([again.jobs, typeof again.before], [0, "number"]);
  const more = await importPostgres(url, LINES, { again: true });
  assertEquals(more, { jobs: 1502, duplicates: 1, renumbered: true });
  await using queue = await openQueue({ store: await postgresStore(url) });
  assertEquals(new Map(queue.stats()).get("queue-ready"), 3001);
});

Deno.test("an export makes no tables, and neither goes beside a server", async () => {
  const url = await cluster.newDatabase();
  await assertRejects(
    () => Array.fromAsync(exportPostgres(url)),
    Error,
    "has no queue in the schema lineup",
  );
  const store = await postgresStore(url, { takeover: 1000 });
  for (
    const use of [() => Array.fromAsync(exportPostgres(url)), () => importPostgres(url, LINES)]
  ) {
    await assertRejects(use, Error, "is in use by another server");
  }
  assertEquals((await checkPostgres(url)).problems, []);
  await store.close();
});

Deno.test("a check names what is wrong in a database", async () => {
  const url = await cluster.newDatabase();
  const database = new URL(url).pathname.slice(1);
  assertEquals((await checkPostgres(url)).jobs, undefined);
  await importPostgres(url, LINES, { shards: 1 });
  await cluster.sql(
    `update lineup.job set priority = 99 where id = 1;
      update lineup.job set until = 0 where id = 3;
      update lineup.job set queue = 'two words' where id = 4;
      update lineup.job set name = 'order-1' where id = 2;
      update lineup.job set spared = 7 where id = 5`,
    database,
  );
  assertEquals((await checkPostgres(url)).problems, [
    "jobs are taken or done without an end to that: 1",
    "jobs have fewer attempts than none: 1",
    "names belong to several jobs of a queue: 1",
    "queue of job is out of bounds: 1",
    "priority of job is out of bounds: 1",
  ]);
  await cluster.sql("alter table lineup.job drop column rank, add column rank text", database);
  assertEquals((await checkPostgres(url)).problems, [
    "its table job has no column rank bigint",
    "its table job has a column rank text",
  ]);
});

Deno.test("lineup queue --import, --check and --export work on a database", () =>
  withDirectory(async (directory) => {
    const url = await cluster.newDatabase();
    await Deno.writeTextFile(`${directory}/lines`, LINES.join("\n"));
    const file = ["--data", url, "--data-schema", "jobs"];
    const imported = await lineupProcess(["queue", "--import", `${directory}/lines`, ...file]);
    // Where that takes long, it says how far it is first.
    const [said] = imported.err.trim().split("\n").slice(-1);
    assertEquals([imported.code, said], [0, `1,503 jobs imported into ${url}, with new numbers`]);
    const checked = await lineupProcess(["queue", "--check", url, "--data-schema", "jobs"]);
    assertEquals([checked.code, checked.out], [0, `${url} is sound: 1,503 jobs\n`]);
    const exported = await lineupProcess(["queue", "--export", "-", ...file]);
    assertEquals(exported.out.split("\n").length, LINES.length + 1);
    const none = await lineupProcess(["queue", "--check", url]);
    assertEquals([none.code, none.out], [1, `${url} has no queue in the schema lineup\n`]);
  }));
