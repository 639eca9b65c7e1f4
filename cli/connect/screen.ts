// What stands at the bottom of a terminal: the prompt, the line, what is said below it; output goes above.

import type { Device } from "../raw_terminal.ts";
import type { Paint } from "../style.ts";
import { cut, type StyledText, styledWidth } from "../styled_text.ts";
import { fit, graphemes, width } from "../text_width.ts";

/** What is drawn. */
export interface View {
  /** What stands before the cursor, the prompt included. */
  readonly before: readonly StyledText[];
  /** What stands behind it. */
  readonly after: readonly StyledText[];
  /** Shown behind `after` as far as its row goes. */
  readonly rest: string;
  /** Rows below, each cut to the width of the terminal. */
  readonly below: readonly (readonly StyledText[])[];
}

/** A place on the screen, from where the prompt begins. */
interface CursorPosition {
  row: number;
  column: number;
}

/** Keeps track of where the cursor is, so that the block can be drawn again. */
export class Screen {
  readonly #device: Device;
  readonly #paint: Paint;
  #view: View | undefined;
  #pending = "";

  /** A screen on which nothing stands yet; the cursor is in the first column. */
  constructor(device: Device, paint: Paint) {
    this.#device = device;
    this.#paint = paint;
  }

  /** Shows this view, with all that was printed since the last one above it. */
  draw(view: View): void {
    const { columns, rows } = this.#device.size();
    const shown = clip(view, Math.max(columns, 8), Math.max(rows, 2));
    this.#device.write(
      "\x1b[?25l" + this.#erase() + this.#pending + this.#block(shown) + "\x1b[?25h",
    );
    this.#pending = "";
    this.#view = shown;
  }

  /** Adds text to be shown above the view at the next `draw`; it ends in a line feed. */
  print(text: string): void {
    this.#pending += text.replaceAll("\n", "\r\n");
  }

  /** How many characters wait for `draw`. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Takes the view away and shows what waits; the cursor is left in the first column. */
  leave(): void {
    this.#device.write(this.#erase() + this.#pending);
    this.#pending = "";
    this.#view = undefined;
  }

  /** Empties the terminal; the view is drawn at its top. */
  clear(): void {
    this.#device.write("\x1b[H\x1b[2J");
    this.#view = undefined;
  }

  /** Back to where the view begins, and nothing from there on. After a resize its rows are others. */
  #erase(): string {
    if (this.#view === undefined) return "";
    const columns = Math.max(this.#device.size().columns, 8);
    const { row } = settle(advance({ row: 0, column: 0 }, this.#view.before, columns), columns);
    return `\r${up(row)}\x1b[J`;
  }

  #block({ before, after, rest, below }: View): string {
    const columns = Math.max(this.#device.size().columns, 8);
    const start = { row: 0, column: 0 };
    const cursor = settle(advance(start, before, columns), columns);
    const end = advance(advance(start, before, columns), after, columns);
    let text = this.#spans(before) + this.#spans(after);
    // The row is full, and the terminal would stay on it until another character comes.
    if (end.column === columns) text += " \r\x1b[K";
    settle(end, columns);
    const hint = fit(rest, columns - end.column - 1);
    text += this.#paint("dim", hint);
    let row = end.row;
    for (const spans of below) {
      text += "\r\n" + this.#spans(cut(spans, columns - 1));
      row++;
    }
    return text + up(row - cursor.row) + "\r" + right(cursor.column);
  }

  #spans(spans: readonly StyledText[]): string {
    return spans.map(({ text, style }) => this.#paint(style, text)).join("");
  }
}

function up(rows: number): string {
  return rows > 0 ? `\x1b[${rows}A` : "";
}

function right(columns: number): string {
  return columns > 0 ? `\x1b[${columns}C` : "";
}

/** Where the cursor is behind these spans; `column` may be the width, when the row is full. */
function advance(
  from: CursorPosition,
  spans: readonly StyledText[],
  columns: number,
): CursorPosition {
  let { row, column } = from;
  for (const { text } of spans) {
    for (const each of graphemes(text)) {
      const wide = width(each);
      // A wide character does not fit into the last column.
      if (column + wide > columns) {
        row++;
        column = 0;
      }
      column += wide;
    }
  }
  return { row, column };
}

/** A full row means the first column of the next. */
function settle(place: CursorPosition, columns: number): CursorPosition {
  if (place.column === columns) {
    place.row++;
    place.column = 0;
  }
  return place;
}

/** A view that fits on the terminal: of a line that is longer, what is around the cursor. */
function clip(view: View, columns: number, rows: number): View {
  const below = view.below.slice(0, Math.max(0, rows - 2));
  const cells = columns * Math.max(1, rows - 1 - below.length) - 1;
  const before = cut([...view.before].reverse(), cells, true).reverse();
  const used = styledWidth(before);
  const after = cut(view.after, Math.max(0, cells - used));
  return { before, after, rest: view.rest, below };
}
