// Lines of JSON into a queue in PostgreSQL.

import { shardNumbers } from "../../job_numbers.ts";
import {
  type BegunImport,
  importChanges,
  type Imported,
  type ImportOptions,
  readImport,
} from "../import_lines.ts";
import type { Change } from "../store.ts";
import { aheadOfWall, laterJob, laterSchedule } from "../stored_times.ts";
import { foldBatch } from "./batch.ts";
import type { DatabaseConnection } from "./connection.ts";
import { openSole, type PostgresOptions } from "./postgres_store.ts";
import { commitStatement, noChanges, type ShardBatch } from "./statement.ts";

/** How many imports are remembered. */
const MOST = 1000;
/** How many changes a statement has, and about how many bytes of bodies. */
const PORTION = { changes: 1000, bytes: 4 << 20 };

/**
 * Adds the lines of an export to a queue in PostgreSQL, whose tables are made if they are not there: all in one transaction,
 * or none. Names, limits, schedules and repeated imports are those of `importSqliteFile`. Jobs keep their numbers where the
 * database knows no queue yet and has one shard, or as many as that of the lines.
 *
 * Rejects with an `Error` that names the line if one is wrong, or says why the database cannot be used.
 *
 * @param url of the database, see `postgresStore`; no server uses it
 * @param lines without their ends; empty ones are passed over
 *
 * @example
 * ```ts ignore
 * import { exportSqliteFile, importPostgres } from "@lineup/lineup/queue";
 *
 * await importPostgres("postgres://app@db.example/app", exportSqliteFile("jobs.db"));
 * ```
 */
export async function importPostgres(
  url: string,
  lines: Iterable<string>,
  { again = false, ...options }: ImportOptions & PostgresOptions = {},
): Promise<Imported> {
  const begun = readImport(lines);
  const { owner: { node }, statements, shards, close } = await openSole(url, options);
  const { schema } = node.options;
  try {
    const connection = await node.connection();
    const lasts = await Promise.all(shards.map((shard) => shard.lastId()));
    const [[queues]] = await connection.query(`select count(*) from ${schema}.queue`);
    // A queue that is there has a shard, which the numbers of its jobs in the lines may contradict.
    const isNew = lasts.every((last) => last === 0) && queues === "0";
    const keeps = isNew && (shards.length === 1 || begun.shards === shards.length);
    const result = { jobs: 0, duplicates: 0, renumbered: !keeps };
    const moments = await Promise.all(shards.map((shard) => shard.moment()));
    const numbers = new ShardNumbers(lasts, moments.map(aheadOfWall), keeps);
    const names = await connection.query(`select queue, name from ${schema}.job where name <> ''`);
    const known = new Set(names.map((row) => JSON.stringify(row)));
    const all = importChanges(begun.entries, known, 0, result);
    const changes = keeps ? jobsFirst(all) : all;
    const commit = async (batches: readonly ShardBatch[]): Promise<void> => {
      const { text, values } = commitStatement(schema, node.sender, batches);
      const [[count]] = await connection.query(text, values);
      if (count !== "1") throw node.lose("another server has taken over");
    };
    const assigned = new Map<string, number>();
    await connection.transaction(async () => {
      for (const some of portions(changes)) {
        await assign(connection, schema, some, assigned, keeps ? shards.length : undefined);
        const byShard = Map.groupBy(some, (change) => assigned.get(queueOf(change))!);
        await commit(Array.from(byShard, ([shard, all]) => numbers.batch(shard, all)));
        await replaceSchedules(connection, schema, some, assigned);
      }
      if (keeps) await commit(shards.map(({ shard }) => numbers.given(shard, begun.given)));
      await remember(connection, schema, begun, result.jobs, again);
    }).catch((error) => {
      throw statements.inWords(error);
    });
    return result;
  } catch (error) {
    if (!(error instanceof ImportedBefore)) throw error;
    return { jobs: 0, duplicates: 0, renumbered: false, before: error.at };
  } finally {
    await close();
  }
}

/** The numbers and times of an import in each shard. */
class ShardNumbers {
  /** The highest number in each shard. */
  readonly #lasts: number[];
  /** How far the time of each shard is ahead of the time of day, in ms. */
  readonly #ahead: readonly number[];
  /** Whether jobs keep their numbers. */
  readonly #keeps: boolean;

  constructor(lasts: number[], ahead: readonly number[], keeps: boolean) {
    this.#lasts = lasts;
    this.#ahead = ahead;
    this.#keeps = keeps;
  }

  /** The changes of a shard. Throws an `Error` for a job whose number is that of another one. */
  batch(shard: number, changes: readonly Change[]): ShardBatch {
    const own = foldBatch(changes.map((change) => this.#here(shard, change)));
    return { ...noChanges(shard), changes: own, last: this.#lasts[shard] };
  }

  /** Numbers up to this one count as given. */
  given(shard: number, number: number): ShardBatch {
    return { ...noChanges(shard), last: Math.max(this.#lasts[shard], number) };
  }

  #here(shard: number, change: Change): Change {
    if (change.kind === "schedule") {
      return { ...change, schedule: laterSchedule(change.schedule, this.#ahead[shard]) };
    }
    if (change.kind !== "put") return change;
    const { job } = change;
    const count = this.#lasts.length;
    if (this.#keeps && job.id % count !== shard) {
      throw new Error(
        `the number of job ${job.id} tells the shard ${
          job.id % count
        } of ${count}, but other jobs ` +
          `of ${job.queue} tell ${shard}`,
      );
    }
    const id = this.#keeps ? job.id : shardNumbers(shard, count).after(this.#lasts[shard]);
    this.#lasts[shard] = id;
    return { ...change, job: laterJob({ ...job, id }, this.#ahead[shard]) };
  }
}

/** Jobs before limits and schedules, because the number of a job tells the shard of its queue. */
function* jobsFirst(changes: Iterable<Change>): Generator<Change, void, void> {
  const others: Change[] = [];
  for (const change of changes) {
    if (change.kind === "put") yield change;
    else others.push(change);
  }
  yield* others;
}

/** Finds or chooses the shards of the queues of changes. Where jobs keep their numbers, these tell which of so many. */
async function assign(
  connection: DatabaseConnection,
  schema: string,
  changes: readonly Change[],
  assigned: Map<string, number>,
  shards: number | undefined,
): Promise<void> {
  for (const change of changes) {
    const queue = queueOf(change);
    if (assigned.has(queue)) continue;
    if (shards !== undefined && change.kind === "put") {
      const shard = change.job.id % shards;
      await connection.query(
        `insert into ${schema}.queue (queue, shard)
          select $1, $2::smallint where ${schema}.shard_of($1) is distinct from $2::smallint`,
        [queue, shard],
      );
      assigned.set(queue, shard);
      continue;
    }
    const [[shard]] = await connection.query(`select ${schema}.assign($1)`, [queue]);
    assigned.set(queue, Number(shard));
  }
}

/** Removes schedules of the same names that another queue has in another shard. */
async function replaceSchedules(
  connection: DatabaseConnection,
  schema: string,
  changes: readonly Change[],
  assigned: ReadonlyMap<string, number>,
): Promise<void> {
  for (const change of changes) {
    if (change.kind !== "schedule") continue;
    const { name, queue } = change.schedule;
    await connection.query(`delete from ${schema}.schedule where name = $1 and shard <> $2`, [
      name,
      assigned.get(queue)!,
    ]);
  }
}

/** The queue of a change of an import. */
function queueOf(change: Change): string {
  if (change.kind === "put") return change.job.queue;
  if (change.kind === "limits") return change.limits.queue;
  if (change.kind === "schedule") return change.schedule.queue;
  throw new Error(`an import makes no change of the kind ${change.kind}`);
}

/** Remembers an import. Throws `ImportedBefore` where it was made before, unless it is made again. */
async function remember(
  connection: DatabaseConnection,
  schema: string,
  begun: BegunImport,
  jobs: number,
  again: boolean,
): Promise<void> {
  const digest = begun.digest();
  const [made] = await connection.query(
    `select at from ${schema}.imported where digest = $1`,
    [digest],
  );
  if (made !== undefined && !again) throw new ImportedBefore(Number(made[0]));
  await connection.query(
    `insert into ${schema}.imported values ($1, $2, $3)
      on conflict (digest) do update set at = excluded.at, jobs = excluded.jobs`,
    [digest, begun.now, jobs],
  );
  await connection.query(
    `delete from ${schema}.imported where digest not in
      (select digest from ${schema}.imported order by at desc limit ${MOST})`,
  );
}

/** Changes a statement's worth at a time. */
function* portions(changes: Iterable<Change>): Generator<Change[], void, void> {
  let some: Change[] = [];
  let bytes = 0;
  for (const change of changes) {
    some.push(change);
    if (change.kind === "put") bytes += change.body.length;
    if (some.length < PORTION.changes && bytes < PORTION.bytes) continue;
    yield some;
    some = [];
    bytes = 0;
  }
  if (some.length > 0) yield some;
}

/** Ends the transaction of an import that was made before, without changes. */
class ImportedBefore extends Error {
  constructor(readonly at: number) {
    super("these lines were imported before");
  }
}
