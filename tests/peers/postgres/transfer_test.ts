// From a file to a database and back, and the check of a database.

import {
  checkPostgres,
  exportPostgres,
  exportSqliteFile,
  importPostgres,
  importSqliteFile,
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
