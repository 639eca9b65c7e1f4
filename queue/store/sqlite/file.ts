// The database file, and what is done to it. Runs in the worker.

import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { DAMAGED, distrust, explain, pragma, prepareFile } from "./schema.ts";
import { locateFile, makePrivate, Watched } from "./path.ts";
import { type Row, rowsWriter, runs, storedJob } from "./rows.ts";
import { rowCheck } from "../stored_bounds.ts";
import type { Change, Moment, QueueLimits, StoredJob, StoredSchedule } from "../store.ts";

const SLICE = "LIMIT 1000 OFFSET ?";
/** The most pages that SQLite knows of. */
const MOST_PAGES = 2 ** 32 - 2;
/** How many more a file gets for what makes room that is as large as it may be, or larger. */
const SPARE_PAGES = 64;
const LEAST_ROW = -(2n ** 63n);
/** How many imports are remembered. */
const MOST_IMPORTS = 1000;
const RULE_COLUMNS = ["queue", "key", "paused", "running", "rate", "weight", "depth", "paid"];
// deno-fmt-ignore
const SCHEDULE_COLUMNS = [
  "name", "queue", "key", "priority", "attempts", "lease", "backoff", "keep", "cron", "zone", "interval", "next",
  "expires",
];
/** How old the moment of a file may be, and how far the time of day may be from it, in ms. */
const MOMENT_MS = 1000;
const STEP_MS = 100;
const CLOCK_COLUMNS = ["one", "now", "wall"];
/** What `load` selects of a job, as in `Row`. */
// deno-fmt-ignore
const JOB_COLUMNS = [
  "id", "queue", "key", "priority", "attempts", "lease", "backoff", "keep", "name", "put", "expires", "size", "state",
  "attempt", "spared", "ready", "until", "held", "reason",
];

/** An import that was made. */
export interface Import {
  /** When, in ms since the Unix epoch. */
  readonly at: number;
  /** How many jobs it added. */
  readonly jobs: number;
}

/** What a file takes on the disk, in bytes. */
export interface Space {
  readonly used: number;
  readonly free: number;
  readonly wal: number;
  /** What `used` may become. */
  readonly most: number;
  /** What the file grows by where its `-wal` is written into it. */
  readonly unwritten: number;
}

/** An open database file. */
export interface SqliteFile {
  /**
   * Makes changes at a moment, all or none, and counts numbers up to `lastId` as given; they are on disk when it returns.
   * Throws where it cannot.
   */
  commit(changes: Iterable<Change>, moment?: Moment, lastId?: number): void;
  /** At most `limit` jobs with numbers above `after`. */
  load(after: number, limit: number): StoredJob[];
  /** The rules of all queues and keys. */
  rules(): QueueLimits[];
  /** All schedules. */
  schedules(): StoredSchedule[];
  /** The body of each schedule. */
  scheduleBodies(names: readonly string[]): (Uint8Array | undefined)[];
  /** The highest number that was ever put. */
  lastId(): number;
  /** The moment of the last commit that had one. */
  moment(): Moment | undefined;
  /** The body of each job, or its result. */
  bodies(ids: readonly number[]): (Uint8Array | undefined)[];
  /** The import of lines of this digest; `undefined` where there was none. */
  imported(digest: Uint8Array): Import | undefined;
  /** Remembers an import; to be called by the changes of a commit, with which it is made. */
  noteImport(digest: Uint8Array, made: Import): void;
  /** What it takes on the disk: for what it keeps, for pages that are free, in its `-wal`. */
  space(): Space;
  /** How many bytes its `-wal` had after the last commit. */
  readonly walSize: number;
  /** Writes the pages of its `-wal` into it, so that this begins anew. Throws where it cannot. */
  checkpoint(): void;
  /** Bounds what it takes, and about how much its `-wal` does, in bytes; what is there already may stay. */
  bound(size: number, wal: number): void;
  /** Closes it. Throws where it was removed or replaced meanwhile. */
  close(): void;
}

/**
 * Opens a file or makes it, for its owner alone. Throws an `Error` that says what is wrong with it.
 *
 * @param path as somebody said it
 * @param there whether it must be there already
 */
export function openSqliteFile(path: string, there = false): SqliteFile {
  const file = locateFile(path, there);
  let db: DatabaseSync | undefined;
  try {
    makePrivate(file);
    db = new DatabaseSync(file);
    distrust(db);
    prepareFile(db, path);
    return operations(db, path, new Watched(file));
  } catch (error) {
    db?.close();
    const unwritable = existsSync(path) && !isWritable(path, error);
    throw new Error(unwritable ? `${path} cannot be written` : explain(error, path), {
      cause: error,
    });
  }
}

// SQLite opens what it cannot write all the same, and fails later with less to say. Not asked where the file is locked:
// to close any handle of a file ends the locks that this process has on it (POSIX, fcntl).
function isWritable(path: string, error: unknown): boolean {
  if (!(error instanceof Error) || error.message !== "disk I/O error") return true;
  try {
    closeSync(openSync(path, "r+"));
    return true;
  } catch {
    return false;
  }
}

function operations(db: DatabaseSync, path: string, watched: Watched): SqliteFile {
  const begin = db.prepare("BEGIN");
  const end = db.prepare("COMMIT");
  const raise = db.prepare("UPDATE last SET id = ?1 WHERE id < ?1");
  const last = db.prepare("SELECT id FROM last LIMIT 2");
  const setMoment = db.prepare("INSERT OR REPLACE INTO clock VALUES (1, ?, ?)");
  const clock = db.prepare(`SELECT ${CLOCK_COLUMNS.join(", ")} FROM clock LIMIT 1`);
  const imported = db.prepare("SELECT at, jobs FROM imported WHERE digest = ?");
  const noteImport = db.prepare("INSERT OR REPLACE INTO imported VALUES (?, ?, ?)");
  const forgetImports = db.prepare(`DELETE FROM imported WHERE digest NOT IN
    (SELECT digest FROM imported ORDER BY at DESC LIMIT ${MOST_IMPORTS})`);
  const bodies = db.prepare("SELECT id, body FROM job WHERE id BETWEEN ? AND ?");
  const rules = db.prepare(`SELECT ${RULE_COLUMNS.join(", ")} FROM rules ${SLICE}`);
  const schedules = db.prepare(`
    SELECT ${SCHEDULE_COLUMNS.join(", ")}, length(body) AS size FROM schedule ${SLICE}
  `);
  const scheduleBody = db.prepare("SELECT body FROM schedule WHERE name = ?");
  const page = db.prepare(`
    SELECT job.id, queue, key, priority, attempts, lease, backoff, keep, name, put, expires,
      length(body), coalesce(progress.state, job.state), coalesce(attempt, 0), coalesce(spared, 0),
      coalesce(progress.ready, job.ready), coalesce(until, 0), coalesce(held, 0),
      coalesce(reason, '')
    FROM job LEFT JOIN progress USING (id) WHERE job.id > ? ORDER BY job.id LIMIT ?
  `);
  const pages = db.prepare("PRAGMA page_count");
  const freePages = db.prepare("PRAGMA freelist_count");
  const pageSize = Number(pragma(db, "page_size"));
  const rows = rowsWriter(db);
  let most = MOST_PAGES;
  let kept: Moment | undefined;
  const checkJob = rowCheck(["job", "progress"], JOB_COLUMNS);
  const lastId = (): number => {
    const found = last.all();
    if (found.length !== 1) throw new Error(DAMAGED);
    checkLast([found[0].id]);
    return Number(found[0].id);
  };

  returnArrays(page);
  returnArrays(bodies);

  /** Reading, whose errors say which file it is. */
  const reading =
    <A extends unknown[], R>(read: (...args: A) => R): (...args: A) => R => (...args) => {
      try {
        return read(...args);
      } catch (error) {
        throw new Error(explain(error, path), { cause: error });
      }
    };
  // Whoever removes a file, or puts another one in its place, leaves SQLite with one that has no name: what is written there
  // is gone when it is closed.
  const mustBeThere = (): void => {
    if (watched.isThere()) return;
    throw new Error(`${path}, or its -wal, was removed or replaced while it was in use`);
  };
  const mustBeWhole = (): void => {
    if (!watched.wasCut()) return;
    throw new Error(`${path}, or its -wal, was cut by another program while it was in use`);
  };
  return {
    commit(changes: Iterable<Change>, moment?: Moment, lastId = 0): void {
      // Before anything is written behind what is gone.
      mustBeWhole();
      begin.run();
      try {
        let highest = lastId;
        for (const change of changes) {
          rows.apply(change);
          if (change.kind === "put") highest = Math.max(highest, change.job.id);
        }
        rows.flush();
        if (highest > 0) raise.run(highest);
        const isNews = moment !== undefined && saysMore(moment, kept);
        if (isNews) setMoment.run(moment.now, moment.wall);
        end.run();
        if (isNews) kept = moment;
      } catch (error) {
        rows.forget();
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
      mustBeThere();
    },
    load: reading((after: number, limit: number): StoredJob[] => {
      const highest = lastId();
      // From the very first: a number below 1 is not passed over, but refused.
      const from = after === 0 ? LEAST_ROW : after;
      return (page.all(from, limit) as unknown as Row[]).map((row) => {
        checkJob(row);
        const [id] = row;
        if (id <= after) throw new Error(DAMAGED);
        if (id > highest) {
          throw new Error(`job ${id} has a number above ${highest}, the last one given`);
        }
        after = id;
        return storedJob(row);
      });
    }),
    rules: reading(() =>
      each(rules, RULE_COLUMNS, "rules").map(({ paid, ...row }) => {
        const kept = { ...row, paused: row.paused === 1 } as unknown as QueueLimits;
        return paid === 0 ? kept : { ...kept, paid: Number(paid) };
      })
    ),
    schedules: reading(() =>
      each(schedules, SCHEDULE_COLUMNS, "schedule").map((row) =>
        ({ ...row, keep: row.keep === 1 }) as unknown as StoredSchedule
      )
    ),
    scheduleBodies: reading((names: readonly string[]) =>
      names.map((name) => scheduleBody.get(name)?.body as Uint8Array | undefined)
    ),
    lastId: reading(lastId),
    moment: reading((): Moment | undefined => {
      const row = clock.get();
      if (row === undefined) return undefined;
      checkClock([row.one, row.now, row.wall]);
      return { now: Number(row.now), wall: Number(row.wall) };
    }),
    imported(digest: Uint8Array): Import | undefined {
      const { at, jobs } = imported.get(digest) ?? {};
      return at === undefined ? undefined : { at: Number(at), jobs: Number(jobs) };
    },
    noteImport(digest: Uint8Array, { at, jobs }: Import): void {
      noteImport.run(digest, at, jobs);
      forgetImports.run();
    },
    // Jobs are taken in the order in which they were put, most often: a row of a range costs half of one by itself.
    bodies: reading((ids: readonly number[]): (Uint8Array | undefined)[] => {
      const found = new Map<number, Uint8Array>();
      for (const [first, last] of runs(ids)) {
        for (const [id, body] of bodies.all(first, last) as unknown as [number, Uint8Array][]) {
          found.set(id, body);
        }
      }
      return ids.map((id) => found.get(id));
    }),
    space(): Space {
      const free = pageSize * Number(freePages.get()!.freelist_count);
      const used = pageSize * Number(pages.get()!.page_count) - free;
      const { size, walSize: wal } = watched;
      const unwritten = Math.max(0, used + free - size);
      return { used, free, wal, most: pageSize * most, unwritten };
    },
    get walSize(): number {
      return watched.walSize;
    },
    checkpoint(): void {
      db.exec("PRAGMA wal_checkpoint");
      mustBeThere();
    },
    bound(size: number, wal: number): void {
      const there = Number(pages.get()!.page_count);
      most = Math.floor(Math.min(size / pageSize, MOST_PAGES));
      if (there >= most) most = there + SPARE_PAGES;
      db.exec(`
        PRAGMA max_page_count = ${most};
        PRAGMA wal_autocheckpoint = ${Math.floor(wal / pageSize)};
        PRAGMA journal_size_limit = ${Math.floor(2 * wal)};
      `);
    },
    close(): void {
      try {
        mustBeThere();
        mustBeWhole();
      } finally {
        db.close();
      }
    },
  };
}

/** Whether a moment says more than another: to write each costs a page of every commit. */
function saysMore(moment: Moment, kept: Moment | undefined): boolean {
  if (kept === undefined) return true;
  const passed = moment.now - kept.now;
  return passed >= MOMENT_MS || Math.abs(moment.wall - kept.wall - passed) >= STEP_MS;
}

const checkLast = rowCheck(["last"], ["id"]);
const checkClock = rowCheck(["clock"], CLOCK_COLUMNS);

/**
 * The rows of a small table. A damaged one may have the same rows for ever. Not by `iterate`, which ends without a word
 * where a row cannot be read (Deno 2.9).
 */
function each(
  statement: StatementSync,
  columns: readonly string[],
  table: string,
): Record<string, unknown>[] {
  const check = rowCheck([table], columns);
  const keys = new Set<string>();
  const found: Record<string, unknown>[] = [];
  for (;;) {
    const rows = statement.all(found.length);
    if (rows.length === 0) return found;
    for (const row of rows) {
      const values = columns.map((column) => row[column]);
      check(values);
      const key = JSON.stringify(table === "rules" ? values.slice(0, 2) : values[0]);
      if (keys.has(key)) throw new Error(DAMAGED);
      keys.add(key);
      found.push(row);
    }
  }
}

// A row as an object is a slow one, and there may be millions; Deno's types do not know this method yet.
function returnArrays(statement: StatementSync): void {
  (statement as StatementSync & { setReturnArrays(on: boolean): void }).setReturnArrays(true);
}
