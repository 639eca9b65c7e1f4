// The rows of a page: labelled items that flow over several rows, and tables.

import { printable } from "../protocol/printable.ts";
import { align } from "./columns.ts";
import type { Style } from "./style.ts";
import type { StyledText } from "./styled_text.ts";
import { width } from "./text_width.ts";

/** A row of a page. */
export type PageRow = readonly StyledText[];

const LABEL_WIDTH = 13;

/** Text without emphasis. */
export function plain(text: string): StyledText {
  return { text, style: "plain" };
}

/**
 * A label and its items, each made `printable`, in as many rows of `columns` as they need. Items that are `undefined` are
 * left out.
 */
export function labelled(
  label: string,
  items: readonly (StyledText | undefined)[],
  columns: number,
): PageRow[] {
  const rows: StyledText[][] = [];
  let used = Infinity;
  for (const raw of items) {
    if (raw === undefined) continue;
    const item = { ...raw, text: printable(raw.text) };
    const gap = used === Infinity ? "" : "   ";
    if (used + gap.length + width(item.text) > columns) {
      const head = rows.length === 0 ? printable(label) : "";
      rows.push([{ text: `${head.padEnd(LABEL_WIDTH - 1)} `, style: "dim" }, item]);
      used = LABEL_WIDTH + width(item.text);
      continue;
    }
    rows.at(-1)!.push(plain(gap), item);
    used += gap.length + width(item.text);
  }
  return rows;
}

/** How the columns of a table look; they are given by their numbers. */
export interface TableColumns {
  readonly head: readonly string[];
  /** The first columns that hold words. They are aligned to the left, the others to the right. */
  readonly words: number;
  /** Whether the last column holds words too. */
  readonly endsInWords?: boolean;
  /** Columns whose rates should be 0. Another rate stands out. */
  readonly alarms?: readonly number[];
}

/** A table below an empty row; no rows at all if the table is empty. */
export function table(
  { head, words, endsInWords = false, alarms = [] }: TableColumns,
  cells: readonly (readonly string[])[],
): PageRow[] {
  if (cells.length === 0) return [];
  const numbers = head.map((_, at) => at).slice(words, endsInWords ? -1 : undefined);
  const style = (row: number, at: number): Style => {
    if (row === 0) return "dim";
    const cell = cells[row - 1][at];
    return alarms.includes(at) && cell !== "-" && !cell.startsWith("0/") ? "bad" : "plain";
  };
  const aligned = align([head, ...cells], numbers);
  return [
    [],
    ...aligned.map((texts, row) =>
      texts.map((text, at): StyledText => ({
        text: text + (at < head.length - 1 ? "  " : ""),
        style: style(row, at),
      }))
    ),
  ];
}
