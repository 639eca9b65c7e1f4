// deno-lint-ignore-file no-control-regex
// What the numbers and texts of a queue's file may be. A queue keeps within them by itself, with headroom: who imports or
// writes others leaves a file that nothing can go on with.

import type { DatabaseSync } from "node:sqlite";
import { bounds, DAY } from "../bounds.ts";

/** The highest number of a job or attempt that a file may have: a million years of jobs below what JavaScript can count. */
const HIGHEST = 2 ** 52;
/** The highest number that an import may bring, so that there are as many again above it. */
export const HIGHEST_IMPORTED = 2 ** 50;
/** The furthest time that JavaScript's dates know, in ms since the Unix epoch. */
export const LAST_TIME = 8.64e15;
/** How far ahead a time of an import may be: PUT's delay and expiry are at most a year each. */
export const FURTHEST_IMPORTED = 2 * 366 * DAY;
/** How far ahead the next time of a schedule may be: as from a 29 February to one that is a Monday. */
export const FURTHEST_SCHEDULED = 50 * 366 * DAY;
/** The longest reason of an import, in characters. */
export const LONGEST_REASON = 4096;
/** The longest body that an import may bring, in bytes. */
export const LONGEST_BODY = 16 << 20;

type Range = readonly [least: number, most: number];
type Ranges = Readonly<Record<string, Readonly<Record<string, Range>>>>;
const time: Range = [0, LAST_TIME];
const flag: Range = [0, 1];
const terms = {
  priority: [bounds.priority.min, bounds.priority.max],
  attempts: [bounds.attempts.min, bounds.attempts.max],
  lease: [bounds.lease.min, bounds.lease.max],
  backoff: [bounds.backoff.min, bounds.backoff.max],
  keep: flag,
} as const;

/** The least and most of each column of numbers. */
const NUMBERS: Ranges = {
  last: { id: [0, HIGHEST] },
  // What follows from them is within `time`.
  clock: { one: [1, 1], now: [0, LAST_TIME / 2], wall: [0, LAST_TIME / 2] },
  job: { id: [1, HIGHEST], ...terms, put: time, expires: time, state: [0, 4], ready: time },
  progress: {
    id: [1, HIGHEST],
    state: [0, 4],
    attempt: [0, HIGHEST],
    spared: [0, HIGHEST],
    ready: time,
    until: time,
    held: flag,
  },
  rules: {
    paused: flag,
    running: [0, bounds.running.max],
    depth: [0, bounds.depth.max],
    paid: time,
  },
  schedule: {
    ...terms,
    interval: [0, bounds.interval.max],
    next: time,
    expires: [0, bounds.expires.max],
  },
};

/** The shortest and longest of each column of words, in characters. */
const WORDS: Ranges = {
  job: { queue: [1, bounds.queue.max], key: [0, bounds.key.max], name: [0, bounds.unique.max] },
  rules: { queue: [1, bounds.queue.max], key: [0, bounds.key.max] },
  schedule: {
    name: [1, bounds.schedule.max],
    queue: [1, bounds.queue.max],
    key: [0, bounds.key.max],
  },
};

/** Queries that count, for each table of a file, what is out of bounds in each column. */
export function boundQueries(db: DatabaseSync): [table: string, sql: string][] {
  const columnsOf = db.prepare("SELECT name FROM pragma_table_info(?)");
  return Object.keys(NUMBERS).flatMap((table): [string, string][] => {
    const counts = columnsOf.all(table).flatMap(({ name }) => {
      const column = String(name);
      const range = NUMBERS[table][column];
      const lengths = WORDS[table]?.[column];
      if (range !== undefined) return [counting(column, between(column, range))];
      if (lengths === undefined) return [];
      const long = between(`length(${column})`, lengths);
      return [
        counting(column, `(${long} OR ${column} GLOB ${CONTROLS} OR instr(${column}, char(0)))`),
      ];
    });
    return counts.length === 0 ? [] : [[table, `SELECT ${counts.join(", ")} FROM ${table}`]];
  });
}

const CONTROLS = "('*[' || char(1) || '-' || char(32) || char(127) || ']*')";

function between(value: string, [least, most]: Range): string {
  return `${value} NOT BETWEEN ${least} AND ${most}`;
}

function counting(column: string, wrong: string): string {
  return `coalesce(sum(${wrong}), 0) AS ${column}`;
}

/** Looks at rows of these columns of one or more tables. Throws an `Error` that names a value which is out of bounds. */
export function rowCheck(
  tables: readonly string[],
  columns: readonly string[],
): (row: readonly unknown[]) => void {
  const find = (all: Ranges): { at: number; least: number; most: number }[] =>
    columns.flatMap((column, at) => {
      const range = tables.map((table) => all[table]?.[column]).find(Boolean);
      return range === undefined ? [] : [{ at, least: range[0], most: range[1] }];
    });
  const numbers = find(NUMBERS);
  const words = find(WORDS);
  const refuse = (row: readonly unknown[], at: number, why: string): never => {
    throw new Error(`${tables[0]} ${row[0]} has a wrong ${columns[at]}: ${why}`);
  };
  return (row) => {
    for (const { at, least, most } of numbers) {
      const value = row[at] as number;
      if (!(value >= least && value <= most)) {
        refuse(row, at, `${value} is not ${least} to ${most}`);
      }
    }
    for (const { at, least, most } of words) {
      const word = row[at] as string;
      if (word.length < least || (word.length > most && [...word].length > most)) {
        refuse(row, at, `it must have ${least} to ${most} characters`);
      }
      if (/[\x00-\x20\x7f]/.test(word)) refuse(row, at, "it has a space or control character");
    }
  };
}
