// Hostile files and lines, and those of other programs. `--check`, an import and a server report the same errors of a
// file, execute nothing in it, and end in bounded time.

import {
  checkSqliteFile,
  exportSqliteFile,
  importSqliteFile,
  openQueue,
  sqliteStore,
} from "@lineup/lineup/queue";
import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { Buffer } from "node:buffer";
import { DatabaseSync } from "node:sqlite";
import { job, put } from "../../../queue/store/conformance/samples.ts";
import { LONG, SEED } from "../../seeded_random.ts";
import { withDirectory } from "../../temporary_directory.ts";

async function made(path: string, jobs = 3): Promise<void> {
  const store = await sqliteStore(path);
  await store.commit([
    ...Array.from({ length: jobs }, (_, at) => put(job(at + 1, { size: 10 }))),
    { kind: "move", id: 2, progress: { ...job(2), attempt: 1, reason: "no luck" } },
    {
      kind: "limits",
      limits: { queue: "mail", key: "", paused: false, running: 1, rate: 0, weight: 2, depth: 0 },
    },
    {
      kind: "schedule",
      schedule: {
        ...{ name: "nightly", queue: "mail", key: "", priority: 5, attempts: 1, lease: 1000 },
        ...{ backoff: 0, keep: false, cron: "0 3 * * *", zone: "UTC", interval: 0, expires: 0 },
        ...{ next: 1_577_836_800_000, paused: false, body: new Uint8Array(2) },
      },
    },
  ]);
  await store.close();
}

function change(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

/** The error of opening a file as a server does; "" where it opens. */
async function opening(path: string): Promise<string> {
  try {
    await (await openQueue({ store: await sqliteStore(path), log: () => {} })).close();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

function exporting(path: string): string {
  try {
    for (const _ of exportSqliteFile(path));
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether a server opens this one of many files. It starts a thread: LINEUP_LONG=2 opens all, LINEUP_SEED=2 others. */
function isOpened(at: number): boolean {
  return LONG > 1 || at % 6 === SEED % 6;
}

const HIGH = "9007199254740993";
const OUT_OF_BOUNDS: readonly string[] = [
  `UPDATE last SET id = ${HIGH}`,
  "UPDATE last SET id = 9007199254740991",
  "UPDATE last SET id = -1",
  "DELETE FROM last",
  "INSERT INTO last VALUES (3)",
  "UPDATE last SET id = 2",
  `UPDATE last SET id = ${HIGH}; UPDATE job SET id = ${HIGH} WHERE id = 1`,
  "UPDATE last SET id = 9007199254740991; UPDATE job SET id = 9007199254740991 WHERE id = 1",
  "UPDATE job SET id = -5 WHERE id = 1",
  "UPDATE job SET priority = 10 WHERE id = 1",
  "UPDATE job SET attempts = -1 WHERE id = 1",
  "UPDATE job SET rank = -2 WHERE id = 1",
  "UPDATE job SET rank = 4294967296 WHERE id = 1",
  `UPDATE job SET lease = ${HIGH} WHERE id = 1`,
  "UPDATE job SET lease = 2592000001 WHERE id = 1",
  "UPDATE job SET backoff = -1 WHERE id = 1",
  "UPDATE job SET keep = 2 WHERE id = 1",
  "UPDATE job SET state = 5 WHERE id = 1",
  "UPDATE job SET put = 9e999 WHERE id = 1",
  "UPDATE job SET ready = -9e999 WHERE id = 1",
  "UPDATE job SET expires = 8.7e15 WHERE id = 1",
  "UPDATE job SET queue = '' WHERE id = 1",
  "UPDATE job SET queue = 'a b' WHERE id = 1",
  "UPDATE job SET key = 'a' || char(10) || 'b' WHERE id = 1",
  "UPDATE job SET key = 'a' || char(0) || 'b' WHERE id = 1",
  "UPDATE job SET queue = printf('%.*c', 129, 'x') WHERE id = 1",
  "UPDATE job SET name = 'same'",
  `UPDATE progress SET attempt = ${HIGH}`,
  "UPDATE progress SET attempt = 9007199254740991",
  "UPDATE progress SET spared = -1",
  "UPDATE progress SET until = 9e999",
  "UPDATE progress SET held = 7",
  "UPDATE rules SET running = -1",
  `UPDATE rules SET depth = ${HIGH}`,
  "UPDATE rules SET paid = 9e999",
  "UPDATE rules SET queue = char(27) || '[2J'",
  "UPDATE schedule SET next = 9e999",
  `UPDATE schedule SET interval = ${HIGH}`,
  "UPDATE schedule SET name = printf('%.*c', 1000, 'x')",
];

Deno.test("a file with numbers or texts out of bounds is not sound, and does not open", () =>
  withDirectory(async (directory) => {
    const sound = `${directory}/sound.db`;
    await made(sound);
    assertEquals(checkSqliteFile(sound).problems, []);
    assertEquals([await opening(sound), exporting(sound)], ["", ""]);
    const path = `${directory}/queue.db`;
    for (const [at, sql] of OUT_OF_BOUNDS.entries()) {
      await Deno.copyFile(sound, path);
      change(path, sql);
      assert(checkSqliteFile(path).problems.length > 0, `${sql} is sound`);
      if (!isOpened(at)) continue;
      const why = await opening(path);
      // A text is read up to its NUL.
      if (!/char\(0\)/.test(sql)) assertMatch(why, /./, `${sql} opens`);
      if (!/name = 'same'/.test(sql) && why !== "") assertMatch(exporting(path), /./, sql);
    }
  }));

const STRANGE: readonly (readonly [sql: string, why: string])[] = [
  ["CREATE VIEW loot AS SELECT 1", "it has the view loot"],
  [
    "CREATE TRIGGER t AFTER INSERT ON job BEGIN DELETE FROM rules; END",
    "it has the trigger t",
  ],
  ["CREATE TABLE more (x)", "it has the table more"],
  ["CREATE INDEX slow ON job (body)", "it has the index slow"],
  ["ALTER TABLE job ADD COLUMN x INT AS (id + 1)", "its table job has other columns"],
  ["ALTER TABLE rules RENAME COLUMN rate TO pace", "its table rules has other columns"],
  ["DROP TABLE schedule", "it has no table schedule"],
  [
    `ALTER TABLE job RENAME TO kept; CREATE VIEW job AS
      WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id FROM n`,
    "it has the table kept",
  ],
  [
    "CREATE VIRTUAL TABLE words USING fts5(x)",
    "it has the table words",
  ],
];

Deno.test("a file with views, triggers, or other tables than a queue's is refused, and executes nothing", () =>
  withDirectory(async (directory) => {
    const sound = `${directory}/sound.db`;
    await made(sound);
    const path = `${directory}/queue.db`;
    for (const [at, [sql, why]] of STRANGE.entries()) {
      await Deno.copyFile(sound, path);
      change(path, sql);
      const before = await Deno.readFile(path);
      const { problems } = checkSqliteFile(path);
      assertEquals(problems.includes(why), true, problems.join());
      const refused = `${path} is no queue of ours: ${why}`;
      assertEquals(exporting(path), refused);
      if (isOpened(at)) assertEquals(await opening(path), refused);
      assertThrows(() => importSqliteFile(path, ['{"queue":"mail","body":"x"}']), Error, refused);
      assertEquals(await Deno.readFile(path), before);
    }
  }));

Deno.test("a file of another program, or of an unknown version, is refused", () =>
  withDirectory(async (directory) => {
    const sound = `${directory}/sound.db`;
    await made(sound);
    const path = `${directory}/queue.db`;
    for (
      const [sql, why] of [
        ["PRAGMA application_id = 7", "is a database of another program, not a queue"],
        ["PRAGMA user_version = -1", "is a queue of version -1; this program reads version 6"],
        ["PRAGMA user_version = 7", "is a queue of version 7; this program reads version 6"],
        ["PRAGMA user_version = 2", "is no queue of ours: its table job has other columns"],
      ]
    ) {
      await Deno.copyFile(sound, path);
      change(path, sql);
      assertEquals(await opening(path), `${path} ${why}`);
      assertEquals(checkSqliteFile(path).problems.length > 0, true);
    }
  }));

// A file of more than 64 MiB is checked in parts, which takes a while.
const SIZES = [["small", 0, /./], ["large", 70, /^imported$/]] as const;

for (const [what, bodies, only] of LONG > 1 ? SIZES : SIZES.slice(0, 1)) {
  Deno.test(`a ${what} file with any damaged table is refused, and left as it is`, () =>
    withDirectory(async (directory) => {
      const path = `${directory}/queue.db`;
      const store = await sqliteStore(path);
      for (let id = 1; id <= bodies; id++) await store.commit([put(job(id, { size: 1 << 20 }))]);
      await store.close();
      const db = new DatabaseSync(path);
      const roots = db.prepare("SELECT name, rootpage FROM sqlite_schema").all();
      db.close();
      const sound = await Deno.readFile(path);
      for (const { name, rootpage } of roots.filter(({ name }) => only.test(String(name)))) {
        const damaged = sound.slice();
        damaged.fill(0xa7, (Number(rootpage) - 1) * 4096, Number(rootpage) * 4096);
        await Deno.writeFile(path, damaged);
        assertGreater(checkSqliteFile(path).problems.length, 0);
        await assertRejects(
          async () => {
            await using _ = await openQueue({ store: await sqliteStore(path) });
          },
          Error,
          "is damaged, and was left as it is",
          String(name),
        );
        assertEquals(Buffer.compare(await Deno.readFile(path), damaged), 0);
      }
      await Deno.writeFile(path, sound);
      await (await openQueue({ store: await sqliteStore(path) })).close();
    }));
}

Deno.test("a file with circles among its pages is damaged, and its check ends", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    await made(path, 5_000);
    const bytes = await Deno.readFile(path);
    const view = new DataView(bytes.buffer);
    const size = view.getUint16(16);
    // In the inner pages of the tree of jobs, each child is the first one, or the page itself.
    for (const toItself of [false, true]) {
      const copy = bytes.slice();
      const changed = new DataView(copy.buffer);
      let inner = 0;
      for (let page = 1; page < bytes.length / size; page++) {
        const start = page * size;
        if (bytes[start] !== 0x05) continue;
        inner++;
        const cells = view.getUint16(start + 3);
        const first = view.getUint32(start + view.getUint16(start + 12));
        const child = toItself ? page + 1 : first;
        for (let cell = 0; cell < cells; cell++) {
          changed.setUint32(start + view.getUint16(start + 12 + 2 * cell), child);
        }
        changed.setUint32(start + 8, child);
      }
      assert(inner > 0);
      await Deno.writeFile(path, copy);
      // A check that follows the circles would never end.
      const { problems } = checkSqliteFile(path);
      assert(problems.length > 0);
      assertMatch(await opening(path), /is damaged, and was left as it is/);
      assertMatch(exporting(path), /is damaged/);
    }
  }));

/** A depth at which work that grows faster than its line does not end within the time of a test. */
const deep = 1_000_000;
const year = new Date(Date.now() + 2 * 366 * 86_400_000).toISOString().slice(0, 10);
const LINES: readonly (readonly [line: string, why: RegExp])[] = [
  [
    `{"queue":"mail","id":9007199254740991,"body":""}`,
    /^id must be an integer, 1 to 1125899906842624, /,
  ],
  [`{"queue":"mail","id":9007199254740993,"body":""}`, /^id must be an integer/],
  [`{"queue":"mail","id":1e999,"body":""}`, /^id must be an integer/],
  [`{"queue":"mail","id":0.5,"body":""}`, /^id must be an integer/],
  [`{"queue":"mail","attempt":9007199254740991,"body":""}`, /^attempt must be an integer/],
  [
    `{"queue":"mail","ready":8.64e15,"body":""}`,
    new RegExp(`^ready must be a time before ${year}, `),
  ],
  [`{"queue":"mail","expires":8e15,"body":""}`, /^expires must be a time before /],
  [`{"queue":"mail","state":"taken","attempt":1,"until":8e15,"body":""}`, /^until must be a time/],
  [`{"queue":"mail","put":-1,"body":""}`, /^put must be a number, 0 to /],
  [`{"queue":"mail","lease":2592000001,"body":""}`, /^lease must be an integer, 1 to 2592000000/],
  [
    `{"kind":"rules","queue":"mail","weight":5e-324}`,
    /^weight must be 0.001 to 1000, or 0 to lift it/,
  ],
  [`{"kind":"rules","queue":"mail","rate":1e-9}`, /^rate must be 0.00001 to 1000000, or 0/],
  [`{"kind":"rules","queue":"mail","rate":1e999}`, /^rate must be a number/],
  [
    `{"kind":"schedule","name":"n","queue":"mail","interval":1000,"next":8e15,"body":""}`,
    /^next must be a time/,
  ],
  [`{"queue":"mail","queue":"news","body":""}`, /^it has queue twice/],
  [`{"queue":"mail","qu\\u0065ue":"news","body":""}`, /^it has queue twice/],
  [`{"queue":"mail","__proto__":1,"body":""}`, /^a job has no __proto__; its nearest field is /],
  [`{"queue":"mail","constructor":1,"body":""}`, /^a job has no constructor/],
  [`{"kind":"toString","queue":"mail"}`, /^kind must be one of queue, job, rules, schedule/],
  [
    `{"queue":"mail","prioritty":1,"body":""}`,
    /^a job has no prioritty; its nearest field is priority/,
  ],
  [`{"queue":"mail","bdy":""}`, /^a job has no bdy; its nearest field is body/],
  [`{"queue":"mail","${"x".repeat(1e6)}":1}`, /^the name of a field has at most 128 characters/],
  [`{"queue":["mail"],"body":""}`, /^queue must be a text, a number, true or false, not a list/],
  [`{"queue":{"a":1},"body":""}`, /^queue must be .*, not an object/],
  [`{"queue":"mail","body":${"[".repeat(deep)}`, /^body must be .*, not a list/],
  ["[".repeat(deep), /^it is not a JSON object/],
  [`${"[".repeat(deep)}${"]".repeat(deep)}`, /^it is not a JSON object/],
  [`{"a":1}${"{".repeat(deep)}`, /^it is not JSON/],
  [`{"queue":null,"body":""}`, /^queue must be a word/],
  [`{"queue":"mail","body":7}`, /^body must be text/],
  [`{"queue":"mail","body":"\\ud800"}`, /^body must be text/],
  [`{"queue":"a\\u0000b","body":""}`, /^queue must be a word/],
  [`{"queue":"mail","reason":"${"x".repeat(5000)}","body":""}`, /^reason must be text of /],
  [
    `{"queue":"mail","body":"${"x".repeat((16 << 20) + 1)}"}`,
    /^the body must have at most 16777216 bytes/,
  ],
  [`{"queue":"mail","body":"${"\\".repeat(deep)}`, /^it is not JSON/],
  ["null", /^it is not a JSON object/],
  ["", /^there is no line/],
];

Deno.test("an import names the line that a queue could not load, in time that grows with its length only", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    for (const [line, why] of LINES) {
      const shown = line.slice(0, 60);
      const error = assertThrows(() =>
        importSqliteFile(path, line === "" ? [] : ['{"queue":"a","body":""}', line])
      );
      const { message } = error as Error;
      assertMatch(message.replace(/^line 2 is wrong: /, ""), why, shown);
      assert(message.length < 400, `${message.length} characters`);
    }
    assertEquals([...Deno.readDirSync(directory)], []);
    // Values just within the bounds make a queue that works.
    importSqliteFile(path, [
      '{"kind":"queue","version":1,"last":1125899906842624}',
      '{"queue":"mail","id":1125899906842624,"attempt":1125899906842624,"body":""}',
    ]);
    assertEquals(checkSqliteFile(path).problems, []);
    assertEquals(await opening(path), "");
    assertEquals(importSqliteFile(path, ['{"queue":"mail","body":"next"}']).jobs, 1);
    assertEquals([checkSqliteFile(path).problems, await opening(path)], [[], ""]);
  }));
