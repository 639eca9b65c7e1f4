import { DatabaseSync } from "node:sqlite";
import {
  checkSqliteFile,
  exportSqliteFile,
  importSqliteFile,
  openQueue,
  sqliteStore,
} from "@lineup/lineup/queue";
import { assertEquals, assertRejects } from "@std/assert";
import { job, progress, put, schedule, told } from "../../../queue/store/conformance/samples.ts";
import { withDirectory } from "../../temporary_directory.ts";

// The tables of a file change only with a new version. These are the tables of every existing file of version 6.
Deno.test("sqliteStore makes a file of version 6 with the tables of that version", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    await (await sqliteStore(path)).close();
    const db = new DatabaseSync(path);
    const tables = db.prepare("SELECT sql FROM sqlite_schema ORDER BY rowid").all();
    const { user_version: version } = db.prepare("PRAGMA user_version").get()!;
    db.close();
    assertEquals(version, 6);
    assertEquals(tables.map(({ sql }) => String(sql).replace(/\s+/g, " ")), [
      "CREATE TABLE job ( id INTEGER PRIMARY KEY, queue TEXT NOT NULL, key TEXT NOT NULL, " +
      "priority INTEGER NOT NULL, attempts INTEGER NOT NULL, lease INTEGER NOT NULL, " +
      "backoff INTEGER NOT NULL, keep INTEGER NOT NULL, name TEXT NOT NULL, trace TEXT NOT NULL, " +
      "put REAL NOT NULL, " +
      "expires REAL NOT NULL, state INTEGER NOT NULL, ready REAL NOT NULL, rank INTEGER NOT NULL, " +
      "body BLOB NOT NULL ) STRICT",
      "CREATE TABLE progress ( id INTEGER PRIMARY KEY, state INTEGER NOT NULL, " +
      "attempt INTEGER NOT NULL, spared INTEGER NOT NULL, ready REAL NOT NULL, until REAL NOT NULL, " +
      "held INTEGER NOT NULL, reason TEXT NOT NULL, rank INTEGER NOT NULL, taken REAL NOT NULL, " +
      "past TEXT NOT NULL ) STRICT",
      "CREATE TABLE rules ( queue TEXT NOT NULL, key TEXT NOT NULL, paused INTEGER NOT NULL, " +
      "running INTEGER NOT NULL, rate REAL NOT NULL, weight REAL NOT NULL, depth INTEGER NOT NULL, " +
      "paid REAL NOT NULL, PRIMARY KEY (queue, key) ) STRICT, WITHOUT ROWID",
      "CREATE TABLE schedule ( name TEXT PRIMARY KEY, queue TEXT NOT NULL, key TEXT NOT NULL, " +
      "priority INTEGER NOT NULL, attempts INTEGER NOT NULL, lease INTEGER NOT NULL, " +
      "backoff INTEGER NOT NULL, keep INTEGER NOT NULL, cron TEXT NOT NULL, zone TEXT NOT NULL, " +
      "interval INTEGER NOT NULL, next REAL NOT NULL, expires INTEGER NOT NULL, " +
      "paused INTEGER NOT NULL, body BLOB NOT NULL ) STRICT, WITHOUT ROWID",
      "CREATE TABLE last (id INTEGER NOT NULL) STRICT",
      "CREATE TABLE clock ( one INTEGER PRIMARY KEY, now REAL NOT NULL, wall REAL NOT NULL ) STRICT",
      "CREATE TABLE imported ( digest BLOB PRIMARY KEY, at REAL NOT NULL, jobs INTEGER NOT NULL ) " +
      "STRICT, WITHOUT ROWID",
    ]);
  }));

/** Makes a file of version 1 of the schema. */
function versionOne(path: string): void {
  const db = new DatabaseSync(path);
  db.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE job (
      id INTEGER PRIMARY KEY, queue TEXT NOT NULL, key TEXT NOT NULL, priority INTEGER NOT NULL,
      attempts INTEGER NOT NULL, lease INTEGER NOT NULL, put REAL NOT NULL, state INTEGER NOT NULL,
      ready REAL NOT NULL, body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE progress (
      id INTEGER PRIMARY KEY, state INTEGER NOT NULL, attempt INTEGER NOT NULL,
      ready REAL NOT NULL, until REAL NOT NULL, reason TEXT NOT NULL
    ) STRICT;
    CREATE TABLE last (id INTEGER NOT NULL) STRICT;
    INSERT INTO job VALUES (3, 'mail', 'acme', 2, 7, 1000, 5.5, 1, 6.5, x'00ff');
    INSERT INTO job VALUES (4, 'mail', '', 5, 10, 60000, 7, 0, 8, x'');
    INSERT INTO progress VALUES (3, 3, 7, 9.5, 0, 'why');
    INSERT INTO last VALUES (9);
    PRAGMA application_id = 0x4c696e65;
    PRAGMA user_version = 1;
  `);
  db.close();
}

Deno.test("sqliteStore migrates a file of version 1 to the present version", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    versionOne(path);
    assertEquals(checkSqliteFile(path), { jobs: 2, older: true, problems: [] });
    for (let opened = 0; opened < 2; opened++) {
      const store = await sqliteStore(path);
      assertEquals(await Array.fromAsync(store.load()), [
        job(3, {
          key: "acme",
          priority: 2,
          attempts: 7,
          lease: 1000,
          enqueuedAt: 5.5,
          size: 2,
          state: "dead",
          attempt: 7,
          readyAt: 9.5,
          reason: "why",
        }),
        job(4, { enqueuedAt: 7, state: "delayed", readyAt: 8 }),
      ]);
      assertEquals(await store.bodies([3, 4]), [new Uint8Array([0, 255]), new Uint8Array()]);
      assertEquals(await store.lastId(), 9);
      await store.close();
    }
    assertEquals(checkSqliteFile(path), { jobs: 2, older: false, problems: [] });
  }));

Deno.test("sqliteStore migrates a file of version 2 to the present version, which keeps the paid time of limits", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const rules = {
      queue: "mail",
      key: "acme",
      paused: true,
      running: 2,
      rate: 0.5,
      weight: 3,
      depth: 4,
    };
    const made = await sqliteStore(path);
    await made.commit([put(job(1)), { kind: "limits", limits: rules }]);
    await made.close();
    const db = new DatabaseSync(path);
    db.exec(`
      DROP TABLE clock;
      DROP TABLE imported;
      ALTER TABLE rules DROP COLUMN paid;
      ALTER TABLE job DROP COLUMN rank;
      ALTER TABLE progress DROP COLUMN rank;
      ALTER TABLE progress DROP COLUMN taken;
      ALTER TABLE progress DROP COLUMN past;
      ALTER TABLE job DROP COLUMN trace;
      ALTER TABLE schedule DROP COLUMN paused;
      PRAGMA user_version = 2;
    `);
    db.close();
    assertEquals(checkSqliteFile(path), { jobs: 1, older: true, problems: [] });
    const store = await sqliteStore(path);
    assertEquals(await store.limits(), [rules]);
    await store.commit([{ kind: "limits", limits: { ...rules, paid: 1_577_836_800_000.5 } }]);
    await store.close();
    const again = await sqliteStore(path);
    assertEquals(await again.limits(), [{ ...rules, paid: 1_577_836_800_000.5 }]);
    await again.close();
    assertEquals(checkSqliteFile(path), { jobs: 1, older: false, problems: [] });
  }));

Deno.test("sqliteStore migrates a file of version 3 to the present version, whose jobs may have ranks", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const made = await sqliteStore(path);
    const taken = { ...progress, takenAt: 0, past: "" };
    await made.commit([put(job(1)), { kind: "move", id: 1, progress: taken }]);
    await made.close();
    const db = new DatabaseSync(path);
    db.exec(`
      ALTER TABLE job DROP COLUMN rank;
      ALTER TABLE progress DROP COLUMN rank;
      ALTER TABLE progress DROP COLUMN taken;
      ALTER TABLE progress DROP COLUMN past;
      ALTER TABLE job DROP COLUMN trace;
      ALTER TABLE schedule DROP COLUMN paused;
      PRAGMA user_version = 3;
    `);
    db.close();
    assertEquals(checkSqliteFile(path), { jobs: 1, older: true, problems: [] });
    const store = await sqliteStore(path);
    assertEquals(await Array.fromAsync(store.load()), [job(1, { ...taken, rank: -1 })]);
    await store.commit([put(job(2, { rank: 4_294_967_295 }))]);
    await store.commit([{ kind: "move", id: 2, progress: { ...taken, rank: 7 } }]);
    await store.close();
    const again = await sqliteStore(path);
    const [, second] = await Array.fromAsync(again.load());
    assertEquals(second, job(2, { ...taken, rank: 7 }));
    await again.close();
    assertEquals(checkSqliteFile(path), { jobs: 2, older: false, problems: [] });
  }));

Deno.test("sqliteStore migrates a file of version 4 to the present version, whose jobs have attempts", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const made = await sqliteStore(path);
    await made.commit([put(job(1)), { kind: "move", id: 1, progress }]);
    await made.close();
    const db = new DatabaseSync(path);
    db.exec(`
      ALTER TABLE progress DROP COLUMN taken;
      ALTER TABLE progress DROP COLUMN past;
      ALTER TABLE job DROP COLUMN trace;
      ALTER TABLE schedule DROP COLUMN paused;
      PRAGMA user_version = 4;
    `);
    db.close();
    assertEquals(checkSqliteFile(path), { jobs: 1, older: true, problems: [] });
    const store = await sqliteStore(path);
    const old = job(1, { ...progress, takenAt: 0, past: "" });
    assertEquals(await Array.fromAsync(store.load()), [old]);
    await store.commit([{ kind: "move", id: 1, progress }]);
    await store.close();
    const again = await sqliteStore(path);
    assertEquals(await Array.fromAsync(again.load()), [job(1, { ...progress })]);
    await again.close();
  }));

Deno.test("sqliteStore migrates a file of version 5 to the present version, whose schedules may be paused", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const made = await sqliteStore(path);
    await made.commit([{ kind: "schedule", schedule }]);
    await made.close();
    const db = new DatabaseSync(path);
    db.exec("ALTER TABLE schedule DROP COLUMN paused; PRAGMA user_version = 5");
    db.close();
    assertEquals(checkSqliteFile(path), { jobs: 0, older: true, problems: [] });
    const store = await sqliteStore(path);
    assertEquals(await store.schedules(), [told(schedule)]);
    await store.commit([{ kind: "reschedule", name: schedule.name, next: 7, paused: true }]);
    await store.close();
    const again = await sqliteStore(path);
    assertEquals(await again.schedules(), [told({ ...schedule, next: 7, paused: true })]);
    await again.close();
    assertEquals(checkSqliteFile(path), { jobs: 0, older: false, problems: [] });
    const lines = [...exportSqliteFile(path)];
    assertEquals(JSON.parse(lines.at(-1)!).paused, true);
    importSqliteFile(`${directory}/copy.db`, lines);
    assertEquals([...exportSqliteFile(`${directory}/copy.db`)], lines);
  }));

Deno.test("checkSqliteFile reads the files of a dead server, and does not change them", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const store = await sqliteStore(path);
    await store.commit([put(job(1)), put(job(2))]);
    assertEquals(checkSqliteFile(path).problems, [`${path} is in use by another server`]);
    const left = `${directory}/left.db`;
    for (const end of ["", "-wal"]) await Deno.copyFile(path + end, left + end);
    await store.close();
    const before = await Deno.readFile(`${left}-wal`);
    assertEquals(checkSqliteFile(left), { jobs: 2, older: false, problems: [] });
    assertEquals(await Deno.readFile(`${left}-wal`), before);
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), [
      "left.db",
      "left.db-wal",
      "queue.db",
      "queue.db-reserve",
    ]);
  }));

Deno.test("openQueue refuses a damaged file and leaves it as it is, and checkSqliteFile names it", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const store = await sqliteStore(path);
    await store.commit(Array.from({ length: 2000 }, (_, at) => put(job(at + 1, { size: 100 }))));
    await store.close();
    const bytes = await Deno.readFile(path);
    // The pages have 4096 bytes. The header and the schema are whole, later pages are damaged.
    bytes.fill(0xa5, 10 * 4096, 30 * 4096);
    await Deno.writeFile(path, bytes);
    await assertRejects(
      async () => {
        await openQueue({ store: await sqliteStore(path) });
      },
      Error,
      `${path} is damaged, and was left as it is`,
    );
    const { problems } = checkSqliteFile(path);
    assertEquals(problems.length > 0, true);
    assertEquals(problems.filter((problem) => problem.includes("--check")), []);
    assertEquals(await Deno.readFile(path), bytes);
    // One table cannot be read at all, so that the check itself fails.
    bytes.fill(0xa5, 4096);
    await Deno.writeFile(path, bytes);
    assertEquals(checkSqliteFile(path).problems.filter((each) => each.includes("--check")), []);
    await Deno.writeFile(path, bytes.fill(0xa5, 100, 4096));
    assertEquals(checkSqliteFile(path).problems, [`${path} is damaged, and was left as it is`]);
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), [
      "queue.db",
      "queue.db-reserve",
    ]);
  }));

Deno.test("checkSqliteFile finds errors that SQLite cannot find", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const store = await sqliteStore(path);
    await store.commit([put(job(1, { unique: "x" })), put(job(2)), put(job(3))]);
    await store.close();
    assertEquals(checkSqliteFile(path), { jobs: 3, older: false, problems: [] });
    const damages: readonly (readonly [damage: string, problem: string])[] = [
      ["UPDATE last SET id = 2", "jobs have numbers above the last one given: 1"],
      [
        "UPDATE last SET id = 3; UPDATE job SET priority = 10 WHERE id = 2",
        "jobs have no such priority: 1",
      ],
      [
        "UPDATE job SET priority = 5, name = 'x' WHERE id = 2",
        "names belong to several jobs of a queue: 1",
      ],
      [
        "UPDATE job SET name = '' WHERE id = 2; INSERT INTO progress VALUES (8, 1, 1, 0, 0, 0, 0, '', -1, 0, '')",
        "jobs have progress and are not there: 1",
      ],
      [
        "UPDATE progress SET id = 2, state = 2",
        "jobs are taken or done without an end to that: 1",
      ],
    ];
    for (const [damage, problem] of damages) {
      const db = new DatabaseSync(path);
      db.exec(damage);
      db.close();
      assertEquals(checkSqliteFile(path).problems, [problem]);
    }
    await Deno.writeTextFile(`${directory}/text`, "not a database ".repeat(100));
    assertEquals(checkSqliteFile(`${directory}/text`).problems, [
      `${directory}/text is not a SQLite database`,
    ]);
  }));
