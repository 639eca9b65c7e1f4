// Where `lineup queue` keeps its jobs: in memory, in a file, or in a database.

import type { PostgresOptions } from "../../queue/mod.ts";
import { type Flags, UsageError } from "../flags.ts";

/** The file of the jobs, if nothing is said. */
export const DEFAULT_FILE = "lineup-queue.db";

const DATABASE = /^postgres(ql)?:/;

/** The place of the jobs. */
export interface DataPlace {
  /** The path of a file, `:memory:`, or the URL of a database. */
  readonly name: string;
  /** Whether it is a database. */
  readonly database: boolean;
  /** The schema of its tables. Default: that of the store. */
  readonly schema?: string;
}

/**
 * The place of the jobs: that of --check, else --data. Throws `UsageError` for a password that all users of this machine can read.
 *
 * @param isTyped whether a flag stands on the command line
 */
export function dataOf(flags: Flags, isTyped: (name: string) => boolean): DataPlace {
  const { data, check, "data-schema": schema } = flags;
  const name: string = check ?? data;
  const database = DATABASE.test(name);
  if (database) checkUrl(name, check !== undefined || isTyped("data"));
  else if (isTyped("data-schema")) {
    throw new UsageError(
      "--data-schema has an effect only with --data postgres://USER@HOST/DATABASE.",
    );
  }
  return { name, database, schema };
}

/** Whether a place is a database. */
export function isDatabase(name: string): boolean {
  return DATABASE.test(name);
}

/** Whether a place is a file. */
export function isFile(name: string): boolean {
  return name !== ":memory:" && !DATABASE.test(name);
}

function checkUrl(url: string, isTyped: boolean): void {
  let parts: URL;
  try {
    if (!/^\w+:\/\//.test(url)) throw new Error("no host");
    parts = new URL(url);
  } catch {
    throw new UsageError("--data must be such as postgres://USER@HOST:PORT/DATABASE.");
  }
  if (!isTyped || (parts.password === "" && !parts.searchParams.has("password"))) return;
  throw new UsageError(
    "--data has a password, and every user of this machine can read a command line; say it by " +
      "PGPASSWORD, ~/.pgpass, LINEUP_DATA or a file that only you can read (--config).",
  );
}

/** The place of the jobs as messages name it: without a password. */
export function placeName(name: string): string {
  if (!DATABASE.test(name)) return name;
  const url = new URL(name);
  url.password = "";
  url.searchParams.delete("password");
  return url.href;
}

/** A sentence about where the jobs are. */
export function whereJobsAre(name: string): string {
  return name === ":memory:"
    ? "Jobs are kept in memory only."
    : `Jobs are kept in ${placeName(name)}.`;
}

/** The options of a database. */
export function databaseOptions({ schema }: DataPlace): PostgresOptions {
  return { schema, address: ownName() };
}

/** How another server names this one: by machine and process. */
function ownName(): string {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "hostname" });
  return state === "granted" ? `process ${Deno.pid} of ${Deno.hostname()}` : `process ${Deno.pid}`;
}
