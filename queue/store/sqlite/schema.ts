// The tables of a queue's file, its versions, and who may open it.

import type { DatabaseSync } from "node:sqlite";

/** "Line" in ASCII: what `file` and other programs know the file by. */
export const APPLICATION_ID = 0x4c696e65;
/** The version of the schema. */
export const VERSION = 3;

/** What SQLite says of a file that is damaged. */
export const DAMAGED = "database disk image is malformed";

/** What SQLite's words mean to whoever opens a file. */
const MEANINGS: Readonly<Record<string, string>> = {
  "database is locked": "is in use by another server",
  "file is not a database": "is not a SQLite database",
  [DAMAGED]: "is damaged, and was left as it is",
  "attempt to write a readonly database": "cannot be written",
};

/** Up to this size, in bytes, each page of a file is looked at before it is used: that takes less than 100 ms. */
const CHECKED_WHOLE = 64 << 20;
/** The tables of a larger file of which not all pages are. */
const LARGE = ["job", "progress"];

// What was put never changes and may be large; how far it has come changes often and is small. So they are two tables,
// and a job that was never taken has no row in the second.
const TABLES = {
  job: `CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    priority INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    lease INTEGER NOT NULL,
    backoff INTEGER NOT NULL,
    keep INTEGER NOT NULL,
    name TEXT NOT NULL,
    put REAL NOT NULL,
    expires REAL NOT NULL,
    state INTEGER NOT NULL,
    ready REAL NOT NULL,
    body BLOB NOT NULL
  ) STRICT`,
  progress: `CREATE TABLE progress (
    id INTEGER PRIMARY KEY,
    state INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    spared INTEGER NOT NULL,
    ready REAL NOT NULL,
    until REAL NOT NULL,
    held INTEGER NOT NULL,
    reason TEXT NOT NULL
  ) STRICT`,
  rules: `CREATE TABLE rules (
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    paused INTEGER NOT NULL,
    running INTEGER NOT NULL,
    rate REAL NOT NULL,
    weight REAL NOT NULL,
    depth INTEGER NOT NULL,
    paid REAL NOT NULL,
    PRIMARY KEY (queue, key)
  ) STRICT, WITHOUT ROWID`,
  schedule: `CREATE TABLE schedule (
    name TEXT PRIMARY KEY,
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    priority INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    lease INTEGER NOT NULL,
    backoff INTEGER NOT NULL,
    keep INTEGER NOT NULL,
    cron TEXT NOT NULL,
    zone TEXT NOT NULL,
    interval INTEGER NOT NULL,
    next REAL NOT NULL,
    expires INTEGER NOT NULL,
    body BLOB NOT NULL
  ) STRICT, WITHOUT ROWID`,
  last: "CREATE TABLE last (id INTEGER NOT NULL) STRICT",
  clock: `CREATE TABLE clock (
    one INTEGER PRIMARY KEY,
    now REAL NOT NULL,
    wall REAL NOT NULL
  ) STRICT`,
  imported: `CREATE TABLE imported (
    digest BLOB PRIMARY KEY,
    at REAL NOT NULL,
    jobs INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
} as const;

type Tables = Readonly<Record<string, string>>;

const { clock: _, imported: __, ...TABLES_2 } = {
  ...TABLES,
  rules: TABLES.rules.replace("    paid REAL NOT NULL,\n", ""),
};
const TABLES_1 = {
  job: TABLES.job.replace(/ (?:backoff|keep|name|expires) [A-Z]+ NOT NULL,\n/g, ""),
  progress: TABLES.progress.replace(/ (?:spared|held) [A-Z]+ NOT NULL,\n/g, ""),
  last: TABLES.last,
};

/** The tables of each version. */
const VERSIONS: Readonly<Record<number, Tables>> = { 1: TABLES_1, 2: TABLES_2, 3: TABLES };

function create(tables: Tables): string {
  return Object.values(tables).map((sql) => `${sql};\n`).join("");
}

const FRESH = `
  ${create(TABLES)}
  INSERT INTO last VALUES (0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};
`;

/** What makes of each version the next one. */
const STEPS: Readonly<Record<number, string>> = {
  1: `
    ALTER TABLE job RENAME TO old_job;
    ALTER TABLE progress RENAME TO old_progress;
    ALTER TABLE last RENAME TO old_last;
    ${create(TABLES_2)}
    INSERT INTO job SELECT id, queue, key, priority, attempts, lease, 0, 0, '', put, 0, state, ready, body
      FROM old_job;
    INSERT INTO progress SELECT id, state, attempt, 0, ready, until, 0, reason FROM old_progress;
    INSERT INTO last SELECT id FROM old_last;
    DROP TABLE old_job;
    DROP TABLE old_progress;
    DROP TABLE old_last;
    PRAGMA user_version = 2;
  `,
  2: `
    ALTER TABLE rules RENAME TO old_rules;
    ${create({ rules: TABLES.rules, clock: TABLES.clock, imported: TABLES.imported })}
    INSERT INTO rules SELECT *, 0 FROM old_rules;
    DROP TABLE old_rules;
    PRAGMA user_version = 3;
  `,
};

/**
 * Locks a file, and makes its tables where there are none or they are of an older version. Throws an `Error` that says
 * what is wrong with it.
 */
export function prepareFile(db: DatabaseSync, path: string): void {
  // The lock is taken with the first read and kept until the file is closed or the process ends.
  db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL");
  const application = pragma(db, "application_id");
  const version = pragma(db, "user_version");
  const fresh = isFresh(db);
  if (!fresh && application !== APPLICATION_ID) {
    throw new Error(`${path} is a database of another program, not a queue`);
  }
  const steps: string[] = [];
  for (let from = Number(version); !fresh && from !== VERSION; from++) {
    if (!canMigrate(from)) throw new Error(otherVersion(path, version));
    steps.push(STEPS[from]);
  }
  const [strange] = fresh ? [] : strangeIn(db, version);
  if (strange !== undefined) throw new Error(`${path} is no queue of ours: ${strange}`);
  if (!fresh) lookForDamage(db, Object.keys(VERSIONS[version as number]));
  db.exec("PRAGMA journal_mode = WAL");
  // All or nothing: a program that dies here leaves the older version.
  db.exec(`BEGIN EXCLUSIVE; ${fresh ? FRESH : steps.join("")} COMMIT`);
}

// The rows of the large tables are read by the start, the bodies of their jobs are not: how long that would take nobody knows.
function lookForDamage(db: DatabaseSync, tables: readonly string[]): void {
  const size = Number(pragma(db, "page_count")) * Number(pragma(db, "page_size"));
  const parts = size <= CHECKED_WHOLE
    ? [""]
    : tables.filter((table) => !LARGE.includes(table)).map((table) => `('${table}')`);
  for (const part of parts) {
    const { quick_check: said } = db.prepare(`PRAGMA quick_check${part}`).get()!;
    if (said !== "ok") throw new Error(DAMAGED);
  }
}

/**
 * What the schema of a file has that one of its version has not, and the reverse, in words. Nothing that a file brings
 * along, such as a view, a trigger or a column that is computed, is ever run.
 */
export function strangeIn(db: DatabaseSync, version: unknown): string[] {
  const expected = VERSIONS[version as number];
  const missing = new Set(Object.keys(expected));
  const strange: string[] = [];
  const all = db.prepare("SELECT type, name, sql FROM sqlite_schema LIMIT 100").all();
  for (const { type, name, sql } of all) {
    const isOurs = type === "table" && missing.delete(String(name));
    if (!isOurs) strange.push(`it has the ${type} ${name}`);
    else if (bare(String(sql)) !== bare(expected[String(name)])) {
      strange.push(`its table ${name} has other columns`);
    }
  }
  return [...strange, ...[...missing].map((name) => `it has no table ${name}`)];
}

/** SQL however it is set out. */
function bare(sql: string): string {
  return sql.replace(/\s*([(),])\s*/g, "$1").replace(/\s+/g, " ").replaceAll('"', "");
}

/** Lets a file run nothing: no function of its schema with a side effect, no writing to what SQLite keeps for itself. */
export function distrust(db: DatabaseSync): void {
  // Deno's types do not know this method yet.
  (db as DatabaseSync & { enableDefensive(on: boolean): void }).enableDefensive(true);
  db.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
}

/** Whether a file of this version becomes one of the present version where it is opened. */
export function canMigrate(version: unknown): boolean {
  return Object.hasOwn(STEPS, String(version));
}

/** Whether a file has nothing yet, and becomes a queue where it is opened. */
export function isFresh(db: DatabaseSync): boolean {
  const [{ tables }] = db.prepare("SELECT count(*) AS tables FROM sqlite_schema").all();
  return pragma(db, "application_id") === 0 && pragma(db, "user_version") === 0 && tables === 0;
}

/** What is said of a queue that another version of this program has made. */
export function otherVersion(path: string, version: unknown): string {
  return `${path} is a queue of version ${version}; this program reads version ${VERSION}`;
}

/** A number of the header of a file. */
export function pragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()![name];
}

/** What an error of SQLite means for a file; `more` says where more is told of a damage. */
export function explain(
  error: unknown,
  path: string,
  more = "; `lineup queue --check` tells more",
): string {
  const message = error instanceof Error ? error.message : String(error);
  if (Object.hasOwn(MEANINGS, message)) {
    return `${path} ${MEANINGS[message]}${message === DAMAGED ? more : ""}`;
  }
  // Of node:sqlite, for numbers that JavaScript cannot tell apart.
  if (/too large to be represented/.test(message)) {
    return `${path} has a number that is out of bounds${more}`;
  }
  return message.includes(path) ? message : `${path}: ${message}`;
}
