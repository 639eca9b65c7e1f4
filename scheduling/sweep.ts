/** Something that a table may forget. */
export interface Forgettable {
  /** Whether the table has it. */
  listed: boolean;
  /** Whether it was used since it was last looked at. */
  used: boolean;
}

/**
 * Keeps a table small: looks at its oldest entries and forgets those that are idle and were not used
 * since the last look; the others move to the back (the "clock" of page replacement, which gives a
 * second chance). With 4 looks at every insertion a table has at most about twice as many entries as
 * are in use. Time: O(looks).
 */
export function sweep<K, V extends Forgettable>(
  table: Map<K, V>,
  looks: number,
  isIdle: (value: V) => boolean,
): void {
  let left = Math.min(looks, table.size);
  for (const [key, value] of table) {
    if (left-- === 0) break;
    table.delete(key);
    value.listed = value.used || !isIdle(value);
    value.used = false;
    if (value.listed) table.set(key, value);
  }
}
