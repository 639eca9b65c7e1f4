// The database file: its schema, who may open it, and what is done to it. Runs in the worker.

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { applier, type Row, storedJob } from "./sqlite_rows.ts";
import type { Change, Rules, Schedule, StoredJob } from "./store.ts";

/** "Line" in ASCII: what `file` and other programs know the file by. */
const APPLICATION_ID = 0x4c696e65;
const VERSION = 2;

/** What SQLite's words mean to whoever opens a file. */
const MEANINGS: Readonly<Record<string, string>> = {
  "database is locked": "is in use by another server",
  "file is not a database": "is not a SQLite database",
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

/** An open database file. */
export interface SqliteFile {
  /** Makes changes, all or none; they are on disk when it returns. Throws where it cannot. */
  commit(changes: Iterable<Change>): void;
  /** At most `limit` jobs with numbers above `after`. */
  load(after: number, limit: number): StoredJob[];
  /** The rules of all queues and keys. */
  rules(): Rules[];
  /** All schedules. */
  schedules(): Schedule[];
  /** The highest number that was ever put. */
  lastId(): number;
  /** The body of a job, or its result. */
  body(id: number): Uint8Array | undefined;
  /** Closes it. */
  close(): void;
}

/** Opens a file or makes it. Throws an `Error` that says what is wrong with it. */
export function openSqliteFile(path: string): SqliteFile {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    prepareFile(db, path);
    return operations(db);
  } catch (error) {
    db?.close();
    throw new Error(explain(error, path), { cause: error });
  }
}

function explain(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : String(error);
  if (Object.hasOwn(MEANINGS, message)) return `${path} ${MEANINGS[message]}`;
  return message.includes(path) ? message : `${path}: ${message}`;
}

function prepareFile(db: DatabaseSync, path: string): void {
  // The lock is taken with the first read and kept until the file is closed or the process ends.
  db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL");
  const application = pragma(db, "application_id");
  const version = pragma(db, "user_version");
  const [{ tables }] = db.prepare("SELECT count(*) AS tables FROM sqlite_schema").all();
  const fresh = application === 0 && version === 0 && tables === 0;
  if (!fresh && application !== APPLICATION_ID) {
    throw new Error(`${path} is a database of another program, not a queue`);
  }
  if (!fresh && version !== VERSION) {
    throw new Error(
      `${path} is a queue of version ${version}; this program reads version ${VERSION}`,
    );
  }
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(fresh ? `BEGIN EXCLUSIVE; ${SCHEMA} COMMIT` : "BEGIN EXCLUSIVE; COMMIT");
}

function pragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()![name];
}

function operations(db: DatabaseSync): SqliteFile {
  const begin = db.prepare("BEGIN");
  const end = db.prepare("COMMIT");
  const raise = db.prepare("UPDATE last SET id = ?1 WHERE id < ?1");
  const last = db.prepare("SELECT id FROM last");
  const body = db.prepare("SELECT body FROM job WHERE id = ?");
  const rules = db.prepare("SELECT * FROM rules");
  const schedules = db.prepare("SELECT * FROM schedule");
  const page = db.prepare(`
    SELECT job.id, queue, key, priority, attempts, lease, backoff, keep, name, put, expires,
      length(body), coalesce(progress.state, job.state), coalesce(attempt, 0), coalesce(spared, 0),
      coalesce(progress.ready, job.ready), coalesce(until, 0), coalesce(held, 0),
      coalesce(reason, '')
    FROM job LEFT JOIN progress USING (id) WHERE job.id > ? ORDER BY job.id LIMIT ?
  `);
  const apply = applier(db);

  // A row as an object is a slow one, and a start may read millions; Deno's types do not know this method yet.
  (page as StatementSync & { setReturnArrays(on: boolean): void }).setReturnArrays(true);

  return {
    commit(changes: Iterable<Change>): void {
      begin.run();
      try {
        let highest = 0;
        for (const change of changes) {
          apply(change);
          if (change.kind === "put") highest = change.job.id;
        }
        if (highest > 0) raise.run(highest);
        end.run();
      } catch (error) {
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
    },
    load(after: number, limit: number): StoredJob[] {
      return (page.all(after, limit) as unknown as Row[]).map(storedJob);
    },
    rules: () =>
      rules.all().map((row) => ({ ...row, paused: row.paused === 1 }) as unknown as Rules),
    schedules: () =>
      schedules.all().map((row) => ({ ...row, keep: row.keep === 1 }) as unknown as Schedule),
    lastId: () => Number(last.get()!.id),
    body: (id) => body.get(id)?.body as Uint8Array | undefined,
    close: () => db.close(),
  };
}
