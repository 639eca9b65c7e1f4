// Statements that write many rows at a time. Cost model: a statement costs as much as one or two rows.

import type { DatabaseSync } from "node:sqlite";

/** The value of a column. */
export type Value = number | string | Uint8Array;

/** A statement that rows gather for: it runs for many at a time, and for each of the last ones. */
export interface BulkStatement {
  /** Adds a row; writes all rows once they are enough. */
  add(row: readonly Value[]): void;
  /** Writes the rows that are left. */
  flush(): void;
  /** Forgets the rows that are left. */
  forget(): void;
}

/** How many rows a statement writes at a time. */
const ROWS = 16;

/**
 * Prepares a statement.
 *
 * @param varies for each column whether most rows differ in it; a value that all rows share in another column is bound once
 * @param sql the statement around the rows, which are columns named `column1`, `column2` ...
 */
export function bulkStatement(
  db: DatabaseSync,
  varies: readonly boolean[],
  sql: (rows: string) => string,
): BulkStatement {
  const width = varies.length;
  const [shared, own] = [false, true].map((each) =>
    varies.flatMap((is, column) => is === each ? [column] : [])
  );
  const one = db.prepare(sql(valuesOf(width, 1)));
  const many = db.prepare(sql(valuesOf(width, ROWS)));
  const manyAlike = shared.length === 0 ? many : db.prepare(sql(alikeRows(varies)));
  const values: Value[] = [];
  let alike = true;

  const writeMany = (): void => {
    if (!alike || shared.length === 0) many.run(...values);
    else {
      const bound = shared.map((column) => values[column]);
      for (let at = 0; at < values.length; at += width) {
        for (const column of own) bound.push(values[at + column]);
      }
      manyAlike.run(...bound);
    }
    forget();
  };
  const forget = (): void => {
    values.length = 0;
    alike = true;
  };
  return {
    add(row: readonly Value[]): void {
      if (alike && values.length > 0) {
        for (const column of shared) alike &&= row[column] === values[column];
      }
      for (const value of row) values.push(value);
      if (values.length === ROWS * width) writeMany();
    },
    flush(): void {
      for (let at = 0; at < values.length; at += width) {
        one.run(...values.slice(at, at + width));
      }
      forget();
    },
    forget,
  };
}

function valuesOf(width: number, rows: number): string {
  const row = `(${Array(width).fill("?").join(", ")})`;
  return `VALUES ${Array(rows).fill(row).join(", ")}`;
}

// Numbered parameters (`?1` in each row) are shorter, and cost more than they save.
function alikeRows(varies: readonly boolean[]): string {
  const shared: string[] = [];
  let own = 0;
  const columns = varies.map((is, column) => {
    if (is) return `own.column${++own} AS column${column + 1}`;
    shared.push(`? AS shared${column}`);
    return `shared${column} AS column${column + 1}`;
  });
  return `SELECT ${columns.join(", ")}
    FROM (SELECT ${shared.join(", ")}) CROSS JOIN (${valuesOf(own, ROWS)}) AS own`;
}
