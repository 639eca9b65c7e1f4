// The tables of a queue's file, its versions, and who may open it.

import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

/** "Line" in ASCII: what `file` and other programs know the file by. */
export const APPLICATION_ID = 0x4c696e65;
/** The version of the schema. */
export const VERSION = 2;

/** What SQLite's words mean to whoever opens a file. */
const MEANINGS: Readonly<Record<string, string>> = {
  "database is locked": "is in use by another server",
  "file is not a database": "is not a SQLite database",
  "database disk image is malformed":
    "is damaged, and was left as it is; `lineup queue --check` tells more",
  "attempt to write a readonly database": "cannot be written",
};

// What was put never changes and may be large; how far it has come changes often and is small. So they are two tables,
// and a job that was never taken has no row in the second.
const SCHEMA = `
  CREATE TABLE job (
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
  ) STRICT;
  CREATE TABLE progress (
    id INTEGER PRIMARY KEY,
    state INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    spared INTEGER NOT NULL,
    ready REAL NOT NULL,
    until REAL NOT NULL,
    held INTEGER NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;
  CREATE TABLE rules (
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    paused INTEGER NOT NULL,
    running INTEGER NOT NULL,
    rate REAL NOT NULL,
    weight REAL NOT NULL,
    depth INTEGER NOT NULL,
    PRIMARY KEY (queue, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE schedule (
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
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE last (id INTEGER NOT NULL) STRICT;
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
    ${SCHEMA}
    INSERT INTO job SELECT id, queue, key, priority, attempts, lease, 0, 0, '', put, 0, state, ready, body
      FROM old_job;
    INSERT INTO progress SELECT id, state, attempt, 0, ready, until, 0, reason FROM old_progress;
    UPDATE last SET id = (SELECT id FROM old_last);
    DROP TABLE old_job;
    DROP TABLE old_progress;
    DROP TABLE old_last;
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
  const [{ tables }] = db.prepare("SELECT count(*) AS tables FROM sqlite_schema").all();
  const fresh = application === 0 && version === 0 && tables === 0;
  if (!fresh && application !== APPLICATION_ID) {
    throw new Error(`${path} is a database of another program, not a queue`);
  }
  const steps: string[] = [];
  for (let from = Number(version); !fresh && from !== VERSION; from++) {
    if (!canMigrate(from)) throw new Error(otherVersion(path, version));
    steps.push(STEPS[from]);
  }
  db.exec("PRAGMA journal_mode = WAL");
  // All or nothing: a program that dies here leaves the older version.
  db.exec(`BEGIN EXCLUSIVE; ${fresh ? SCHEMA : steps.join("")} COMMIT`);
}

/** Throws an `Error` where there is no file of this path. */
export function mustBeFile(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new Error(`there is no file ${path}`);
  if (!found.isFile()) throw new Error(`${path} is no file`);
}

/** Whether a file of this version becomes one of the present version where it is opened. */
export function canMigrate(version: unknown): boolean {
  return Object.hasOwn(STEPS, String(version));
}

/** What is said of a queue that another version of this program has made. */
export function otherVersion(path: string, version: unknown): string {
  return `${path} is a queue of version ${version}; this program reads version ${VERSION}`;
}

/** A number of the header of a file. */
export function pragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()![name];
}

/** What an error of SQLite means for a file. */
export function explain(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : String(error);
  if (Object.hasOwn(MEANINGS, message)) return `${path} ${MEANINGS[message]}`;
  return message.includes(path) ? message : `${path}: ${message}`;
}
