/** Something that a table may forget. */
export interface Forgettable {
  /** Whether the table has it. */
  listed: boolean;
  /** Whether it was used since it was last looked at. */
  used: boolean;
}

/** How many entries are looked at for each new one. */
const LOOKS = 4;

/**
 * Keeps a table small, called before every insertion: looks at its oldest entries and forgets those
 * that are idle and were not used since the last look; the others move to the back (the "clock" of
 * page replacement, which gives a second chance). So a table has at most about twice as many entries
 * as are in use, or `roomy`, below which nothing is forgotten: to find entries anew costs more.
 */
export function sweep<K, V extends Forgettable>(
  table: Map<K, V>,
  roomy: number,
  isIdle: (value: V) => boolean,
): void {
  if (table.size < roomy) return;
  let left = Math.min(LOOKS, table.size);
  for (const [key, value] of table) {
    if (left-- === 0) break;
    table.delete(key);
    value.listed = value.used || !isIdle(value);
    value.used = false;
    if (value.listed) table.set(key, value);
  }
}
