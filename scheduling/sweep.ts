/** A value that a table may forget. */
export interface Forgettable {
  /** Whether the table holds it. */
  listed: boolean;
  /** Whether it was used since the last sweep came by. */
  used: boolean;
}

/** How many entries a sweep visits. */
const VISITS = 4;

/**
 * Keeps a table small. Call it before each insertion. It visits the oldest entries and forgets those that are idle and
 * were not used since their last visit. The others move to the back: the CLOCK algorithm of page replacement, which gives
 * a second chance. So a table has at most about twice as many entries as are in use, or `retain`. A smaller table
 * forgets nothing, as making an entry anew costs more.
 */
export function sweep<K, V extends Forgettable>(
  table: Map<K, V>,
  retain: number,
  isIdle: (value: V) => boolean,
): void {
  if (table.size < retain) return;
  let left = Math.min(VISITS, table.size);
  for (const [key, value] of table) {
    if (left-- === 0) break;
    table.delete(key);
    value.listed = value.used || !isIdle(value);
    value.used = false;
    if (value.listed) table.set(key, value);
  }
}
