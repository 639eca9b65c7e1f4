// Text in columns.
//
// Ours, because cells are styled after they are aligned and may hold wide characters: the small libraries (text-table,
// columnify) count UTF-16 units, and cli-table3 and cliui draw the whole table, escape codes included, themselves.

import { printable } from "../protocol/printable.ts";
import { width } from "./text_width.ts";

/**
 * Makes each cell `printable`, and pads it to the widest of its column. The columns in `numbers` are aligned to the right. Rows may have different
 * lengths; the last cell of a left-aligned column is padded too.
 */
export function align(
  cells: readonly (readonly string[])[],
  numbers: readonly number[] = [],
): string[][] {
  const rows = cells.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => widths[at] = Math.max(widths[at] ?? 0, width(cell)));
  }
  return rows.map((row) =>
    row.map((cell, at) => {
      const padding = " ".repeat(widths[at] - width(cell));
      return numbers.includes(at) ? padding + cell : cell + padding;
    })
  );
}

/** Aligned rows as lines of text. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  return align(rows).map((cells) => cells.join("  ").trimEnd());
}
